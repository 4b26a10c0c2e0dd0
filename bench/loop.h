// SPDX-License-Identifier: Apache-2.0
//
// A clip played in an endless loop. Unit k of the endless row is unit k % unit_count of the clip,
// in its round k / unit_count. Due time, sequence number and timestamp of a unit follow from k
// alone and run on over the seam, so a stream has no state but where it began. Plain functions, any
// thread.
#pragma once

#include <stdint.h>

#include "bench/clip.h"

// Nanoseconds from the stream's beginning to unit k.
int64_t bench_loop_due_ns(const struct bench_clip_track *track, int64_t k);

// The first unit that is due at or after this time, in nanoseconds from the stream's beginning.
int64_t bench_loop_at(const struct bench_clip_track *track, int64_t ns);

// The first unit at or after k where decoding can begin.
int64_t bench_loop_key(const struct bench_clip_track *track, int64_t k);

static inline const struct bench_unit *bench_loop_unit(const struct bench_clip_track *track,
                                                       int64_t k)
{
    return &track->units[(uint64_t)k % track->unit_count];
}

// Since the stream's beginning, wrapping as RTP does: sequence number of the unit's first packet,
// its timestamp, and the payload bytes before it.
uint32_t bench_loop_packets(const struct bench_clip_track *track, int64_t k);
uint32_t bench_loop_octets(const struct bench_clip_track *track, int64_t k);
uint32_t bench_loop_timestamp(const struct bench_clip_track *track, int64_t k);

// What differs from stream to stream and from connection to connection.
struct bench_rewrite {
    uint8_t channel; // of the interleaved framing
    uint32_t ssrc;
    uint16_t first_sequence; // of unit 0
    uint32_t first_timestamp;
};

// Writes unit k, ready to be sent, to `to`, which has room for its len bytes.
void bench_loop_write(const struct bench_clip_track *track, int64_t k,
                      const struct bench_rewrite *rewrite, uint8_t *to);
