// SPDX-License-Identifier: Apache-2.0
#include "bench/loop.h"

#include <string.h>

#include "engine/bytes.h"

enum {
    NS_PER_S = 1000000000
};

static uint64_t round_of(const struct bench_clip_track *track, int64_t k)
{
    return (uint64_t)k / track->unit_count;
}

// Ticks since the stream's beginning: 64 bits never wrap.
static uint64_t ticks_of(const struct bench_clip_track *track, int64_t k)
{
    return round_of(track, k) * track->loop_ticks +
           (uint64_t)k % track->unit_count * track->unit_ticks;
}

int64_t bench_loop_due_ns(const struct bench_clip_track *track, int64_t k)
{
    uint64_t ticks = ticks_of(track, k);
    uint64_t rate = track->clock_rate;

    // Rounded up, so that bench_loop_at() of it gives k again.
    return (int64_t)(ticks / rate * NS_PER_S + (ticks % rate * NS_PER_S + rate - 1) / rate);
}

int64_t bench_loop_at(const struct bench_clip_track *track, int64_t ns)
{
    if (ns <= 0)
        return 0;
    uint64_t s = (uint64_t)ns / NS_PER_S, rest = (uint64_t)ns % NS_PER_S;
    uint64_t ticks = s * track->clock_rate + rest * track->clock_rate / NS_PER_S;
    uint64_t round = ticks / track->loop_ticks;
    uint64_t in_round = ticks % track->loop_ticks / track->unit_ticks;
    if (in_round >= track->unit_count) {
        round++;
        in_round = 0;
    }
    int64_t k = (int64_t)(round * track->unit_count + in_round);
    return bench_loop_due_ns(track, k) < ns ? k + 1 : k;
}

int64_t bench_loop_key(const struct bench_clip_track *track, int64_t k)
{
    while (!bench_loop_unit(track, k)->key)
        k++;
    return k;
}

uint32_t bench_loop_packets(const struct bench_clip_track *track, int64_t k)
{
    return (uint32_t)(round_of(track, k) * track->packet_count +
                      bench_loop_unit(track, k)->first_packet);
}

uint32_t bench_loop_octets(const struct bench_clip_track *track, int64_t k)
{
    return (uint32_t)(round_of(track, k) * track->octet_count +
                      bench_loop_unit(track, k)->first_octet);
}

uint32_t bench_loop_timestamp(const struct bench_clip_track *track, int64_t k)
{
    return (uint32_t)ticks_of(track, k);
}

void bench_loop_write(const struct bench_clip_track *track, int64_t k,
                      const struct bench_rewrite *rewrite, uint8_t *to)
{
    const struct bench_unit *unit = bench_loop_unit(track, k);
    uint32_t sequence = rewrite->first_sequence + bench_loop_packets(track, k);
    uint32_t timestamp = rewrite->first_timestamp + bench_loop_timestamp(track, k);
    const uint8_t *end = to + unit->len;

    memcpy(to, track->bytes + unit->offset, unit->len);
    while (to < end) {
        to[1] = rewrite->channel;
        eng_put16(to + 6, (uint16_t)sequence++);
        eng_put32(to + 8, timestamp);
        eng_put32(to + 12, rewrite->ssrc);
        to += BENCH_INTERLEAVE_LEN + (to[2] << 8 | to[3]);
    }
}
