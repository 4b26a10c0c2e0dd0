// SPDX-License-Identifier: Apache-2.0
#include "bench/spread.h"

#include <assert.h>

#include "bench/loop.h"

// Multiples of an irrational number, less their whole part, fill the interval from 0 to 1 evenly,
// however many there are. Of two such numbers one spreads the keyframes, the other the frames: with
// one alone, what spreads the frames of 64 streams evenly may heap up the keyframes of four.
static const double GOLDEN = 0.6180339887498949;
static const double ROOT_OF_TWO = 1.4142135623730951;

static double fraction(double x)
{
    return x - (double)(int64_t)x;
}

int64_t bench_spread_ns(const struct bench_clip_track *video, unsigned i)
{
    int64_t keys = 0, frames = (int64_t)video->unit_count;

    for (int64_t k = 0; k < frames; k++)
        keys += video->units[k].key;
    assert(keys > 0);
    int64_t gop = frames / keys;
    int64_t frame = i % keys * gop + (int64_t)(fraction(GOLDEN * i) * (double)gop);
    int64_t frame_ns = bench_loop_due_ns(video, 1);

    return bench_loop_due_ns(video, frame) +
           (int64_t)(fraction(ROOT_OF_TWO * i) * (double)frame_ns);
}
