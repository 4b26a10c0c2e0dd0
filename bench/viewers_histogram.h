// SPDX-License-Identifier: Apache-2.0
//
// A histogram of durations with a relative precision of 1/64, whatever their size: 64 steps from
// each power of two to the next. Exact below 128 ns; beyond 68 s all is one. Plain functions; one
// thread writes, who reads waits until it has ended.
#pragma once

#include <stdint.h>

enum {
    VIEWERS_HISTOGRAM_STEP_BITS = 6,
    VIEWERS_HISTOGRAM_TOP_BITS = 36,
    VIEWERS_HISTOGRAM_STEPS = (VIEWERS_HISTOGRAM_TOP_BITS - VIEWERS_HISTOGRAM_STEP_BITS + 1)
                              << VIEWERS_HISTOGRAM_STEP_BITS,
};

// Zeroed: empty.
struct viewers_histogram {
    uint64_t count;
    int64_t max_ns;
    uint64_t step[VIEWERS_HISTOGRAM_STEPS];
};

void viewers_histogram_add(struct viewers_histogram *h, int64_t ns); // 0 or more
void viewers_histogram_merge(struct viewers_histogram *into, const struct viewers_histogram *from);

// The duration that this share (0 to 1) of all does not exceed, rounded up to the end of its step,
// but never beyond the longest. 0 where there is none.
int64_t viewers_histogram_percentile(const struct viewers_histogram *h, double share);
