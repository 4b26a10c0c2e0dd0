// SPDX-License-Identifier: Apache-2.0
#include "rtsp/reorder.h"

#include <stdlib.h>
#include <string.h>

#include "rtsp/bytes.h"
#include "rtsp/rtp.h"

struct rtsp_reorder_packet {
    int64_t came_ms;
    size_t len;
    uint8_t data[];
};

enum {
    SEQUENCE_END = 4, // bytes up to the end of the sequence number
};

void rtsp_reorder_init(struct rtsp_reorder *reorder)
{
    *reorder = (struct rtsp_reorder){.due_ms = INT64_MAX};
}

void rtsp_reorder_restart(struct rtsp_reorder *r)
{
    for (unsigned i = 0; i < RTSP_REORDER_PACKETS; i++) {
        free(r->kept[i]);
        r->kept[i] = NULL;
    }
    r->count = 0;
    r->due_ms = INT64_MAX;
    r->started = false;
}

static struct rtsp_reorder_packet **slot_of(struct rtsp_reorder *r, uint16_t sequence)
{
    return &r->kept[sequence % RTSP_REORDER_PACKETS];
}

// The next sequence number's turn is over; its packet goes on if it is there.
static void step(struct rtsp_reorder *r, const struct rtsp_reorder_sink *sink)
{
    struct rtsp_reorder_packet **slot = slot_of(r, r->next);
    struct rtsp_reorder_packet *packet = *slot;

    r->next++;
    if (!packet)
        return;
    *slot = NULL;
    r->count--;
    r->reordered++;
    sink->packet(sink->ctx, packet->data, packet->len);
    free(packet);
}

// What is there without a gap.
static void drain(struct rtsp_reorder *r, const struct rtsp_reorder_sink *sink)
{
    while (*slot_of(r, r->next))
        step(r, sink);
}

// Everything kept, across gaps.
static void drain_all(struct rtsp_reorder *r, const struct rtsp_reorder_sink *sink)
{
    while (r->count > 0)
        step(r, sink);
}

static void set_due(struct rtsp_reorder *r)
{
    r->due_ms = INT64_MAX;
    for (unsigned i = 0, left = r->count; left > 0; i++) {
        const struct rtsp_reorder_packet *packet = r->kept[i];

        if (!packet)
            continue;
        left--;
        if (packet->came_ms + RTSP_REORDER_MS < r->due_ms)
            r->due_ms = packet->came_ms + RTSP_REORDER_MS;
    }
}

static void go_on(struct rtsp_reorder *r, const uint8_t *data, size_t len, uint16_t sequence,
                  const struct rtsp_reorder_sink *sink)
{
    sink->packet(sink->ctx, data, len);
    r->next = (uint16_t)(sequence + 1);
    drain(r, sink);
}

// Keeps a packet that came too early.
static void keep(struct rtsp_reorder *r, const uint8_t *data, size_t len, uint16_t sequence,
                 int64_t now_ms, const struct rtsp_reorder_sink *sink)
{
    struct rtsp_reorder_packet **slot = slot_of(r, sequence);

    if (*slot)
        return; // a duplicate
    *slot = malloc(sizeof(**slot) + len);
    if (!*slot) {
        drain_all(r, sink);
        go_on(r, data, len, sequence, sink);
        return;
    }
    (*slot)->came_ms = now_ms;
    (*slot)->len = len;
    memcpy((*slot)->data, data, len);
    r->count++;
}

void rtsp_reorder_put(struct rtsp_reorder *r, const uint8_t *data, size_t len, int64_t now_ms,
                      const struct rtsp_reorder_sink *sink)
{
    uint16_t sequence;
    uint16_t ahead, behind;

    if (len < SEQUENCE_END) {
        sink->packet(sink->ctx, data, len);
        return;
    }
    sequence = rtsp_read_u16(data + 2);
    ahead = (uint16_t)(sequence - r->next);
    behind = (uint16_t)(r->next - sequence);
    if (r->started && behind > 0 && behind <= RTSP_SEQUENCE_LATE_MAX) {
        sink->packet(sink->ctx, data, len);
        return;
    }
    if (!r->started || ahead > RTSP_SEQUENCE_DROPOUT_MAX) {
        drain_all(r, sink);
        r->started = true;
        r->next = sequence;
        ahead = 0;
    }
    while (ahead >= RTSP_REORDER_PACKETS && r->count > 0) {
        step(r, sink);
        drain(r, sink);
        ahead = (uint16_t)(sequence - r->next);
    }
    if (ahead == 0 || ahead >= RTSP_REORDER_PACKETS)
        go_on(r, data, len, sequence, sink);
    else
        keep(r, data, len, sequence, now_ms, sink);
    set_due(r);
}

void rtsp_reorder_tick(struct rtsp_reorder *r, int64_t now_ms, const struct rtsp_reorder_sink *sink)
{
    while (now_ms >= r->due_ms) {
        // The oldest may stand behind others that came after it: these go too, they are earlier.
        do
            step(r, sink);
        while (r->count > 0 && !*slot_of(r, r->next));
        drain(r, sink);
        set_due(r);
    }
}
