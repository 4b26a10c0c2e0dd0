// SPDX-License-Identifier: Apache-2.0
#include "engine/path.h"

#include <string.h>

#include "engine/rtcp.h"

#define INTERVAL_NS INT64_C(500000000)
#define WINDOW_NS   INT64_C(10000000000)

enum {
    QUEUE_MAX_US = 30000,
    LOSS_FULL_PERCENT = 10,
    LOSS_GROWTH_PERCENT = 2,
    FULL_PERCENT = 90,  // of the rate
    GROWTH_PERCENT = 8, // of the estimate
    MOST_PERCENT = 150, // of the rate
};

// Modulo 2^16, and 2^32: a is before b.
static bool before16(uint16_t a, uint16_t b)
{
    return (int16_t)(a - b) < 0;
}

static bool before32(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

void eng_path_sent(struct eng_path *path, unsigned packets, size_t len, int64_t now_ns)
{
    path->newest = (uint8_t)((path->newest + 1) % ENG_PATH_TRAINS);
    path->trains[path->newest] = (struct eng_path_train){
        .first = path->next,
        .len = (uint16_t)len,
        .at_us = (uint32_t)(now_ns / 1000),
    };
    path->next = (uint16_t)(path->next + packets);
    path->any = true;
}

// The train that this number left with; NULL: it is not remembered, or was not sent.
static const struct eng_path_train *find(const struct eng_path *path, uint16_t number)
{
    if (!path->any || !before16(number, path->next))
        return NULL;
    for (unsigned back = 0; back < ENG_PATH_TRAINS; back++) {
        unsigned i = (path->newest + ENG_PATH_TRAINS - back) % ENG_PATH_TRAINS;

        if (path->trains[i].len == 0) // no more were sent yet
            return NULL;
        if (!before16(number, path->trains[i].first))
            return &path->trains[i];
    }
    return NULL;
}

void eng_path_arrival(struct eng_path *path, uint16_t number, int64_t at_us)
{
    const struct eng_path_train *train = find(path, number);
    struct eng_path_interval *i = &path->interval;
    uint32_t delay_us;

    if (!train)
        return;
    if (at_us == ENG_RTCP_LOST) {
        i->lost++;
        return;
    }
    delay_us = (uint32_t)at_us - train->at_us;
    if (i->received == 0 || before32(delay_us, i->delay_us))
        i->delay_us = delay_us;
    if (i->received == 0 || at_us > i->last_us)
        i->last_us = at_us;
    i->bytes += train->len;
    i->received++;
}

// Clocks drift apart by up to a second in some hours: what was least is forgotten after a while.
static void note_delay(struct eng_path *path, uint32_t delay_us, int64_t now_ns)
{
    if (path->window_ns == 0 || now_ns - path->window_ns >= WINDOW_NS) {
        path->least_us[1] = path->window_ns == 0 ? delay_us : path->least_us[0];
        path->least_us[0] = delay_us;
        path->window_ns = now_ns;
    }
    if (before32(delay_us, path->least_us[0]))
        path->least_us[0] = delay_us;
    path->queue_us =
        delay_us -
        (before32(path->least_us[0], path->least_us[1]) ? path->least_us[0] : path->least_us[1]);
}

static void estimate(struct eng_path *path, uint64_t rate_bps)
{
    const struct eng_path_interval *i = &path->interval;
    uint64_t loss_percent = (uint64_t)i->lost * 100 / (i->lost + i->received);
    uint64_t most_bps = rate_bps * MOST_PERCENT / 100;
    uint64_t grown_bps = path->estimate_bps * (100 + GROWTH_PERCENT) / 100;

    if (path->queue_us > QUEUE_MAX_US || loss_percent > LOSS_FULL_PERCENT) {
        path->estimate_bps = rate_bps * FULL_PERCENT / 100;
    } else if (loss_percent < LOSS_GROWTH_PERCENT && path->estimate_bps < most_bps) {
        grown_bps = grown_bps > rate_bps ? grown_bps : rate_bps;
        path->estimate_bps = grown_bps < most_bps ? grown_bps : most_bps;
    }
}

bool eng_path_judge(struct eng_path *path, int64_t now_ns)
{
    const struct eng_path_interval *i = &path->interval;
    int64_t span_us = i->last_us - path->last_us;
    bool measured = path->last_us != 0 && i->received > 0 && span_us > 0;

    if (now_ns - path->judged_ns < INTERVAL_NS || i->received + i->lost == 0)
        return false;
    if (i->received > 0)
        note_delay(path, i->delay_us, now_ns);
    if (measured)
        estimate(path, i->bytes * 8 * 1000000 / (uint64_t)span_us);
    path->last_us = i->received > 0 ? i->last_us : 0;
    path->judged_ns = now_ns;
    memset(&path->interval, 0, sizeof(path->interval));
    return true;
}
