// SPDX-License-Identifier: Apache-2.0
#include "bench/source_pacer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>

#include "bench/pace.h"
#include "bench/source_clock.h"

// The bytes of the first *packets packets; *packets becomes how many there are, if fewer.
static size_t prefix(const uint8_t *data, size_t len, size_t *packets)
{
    size_t bytes = 0, n = 0;

    while (bytes < len && n < *packets) {
        bytes += BENCH_INTERLEAVE_LEN + (size_t)(data[bytes + 2] << 8 | data[bytes + 3]);
        n++;
    }
    *packets = n;
    return bytes;
}

// At the next place of the grid, unless that is about to come: the last one was just now.
static void wake_again(struct source_pacer *pacer)
{
    source_clock_wake(pacer->timer, source_clock_ns() + SOURCE_GRID_NS / 2);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct source_pacer *pacer = ctx;
    size_t len = evbuffer_get_length(pacer->pending);
    const uint8_t *data = evbuffer_pullup(pacer->pending, -1);
    size_t packets = bench_pace_burst(pacer->waiting);
    (void)fd;
    (void)what;

    len = prefix(data, len, &packets);
    source_udp_send(pacer->udp, &pacer->peer, data, len);
    evbuffer_drain(pacer->pending, len);
    pacer->waiting -= packets;
    if (pacer->waiting > 0)
        wake_again(pacer);
}

int source_pacer_init(struct source_pacer *pacer, struct event_base *base, struct source_udp *udp)
{
    *pacer = (struct source_pacer){.udp = udp};
    pacer->pending = evbuffer_new();
    pacer->timer = evtimer_new(base, on_timer, pacer);
    if (pacer->pending != NULL && pacer->timer != NULL)
        return 0;
    source_pacer_fini(pacer);
    return -ENOMEM;
}

void source_pacer_fini(struct source_pacer *pacer)
{
    if (pacer->timer != NULL)
        event_free(pacer->timer);
    if (pacer->pending != NULL)
        evbuffer_free(pacer->pending);
}

void source_pacer_send(struct source_pacer *pacer, const uint8_t *data, size_t len)
{
    size_t packets = SIZE_MAX;

    prefix(data, len, &packets);
    if (pacer->waiting == 0) {
        size_t now = bench_pace_burst(packets);
        size_t now_len = prefix(data, len, &now);
        source_udp_send(pacer->udp, &pacer->peer, data, now_len);
        data += now_len;
        len -= now_len;
        packets -= now;
    }
    if (packets == 0)
        return;
    if (evbuffer_add(pacer->pending, data, len) != 0) {
        pacer->udp->refused += packets;
        return;
    }
    if (pacer->waiting == 0)
        wake_again(pacer);
    pacer->waiting += packets;
}
