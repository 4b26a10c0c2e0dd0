// SPDX-License-Identifier: Apache-2.0
//
// A histogram of durations with a relative precision of 1/64, whatever their size: 64 steps from
// each power of two to the next. Exact below 128 ns; beyond 68 s all is one. One thread writes.
// Others may read meanwhile: what they see of it may differ by what is just being added.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum {
    VIEWERS_HISTOGRAM_STEP_BITS = 6,
    VIEWERS_HISTOGRAM_TOP_BITS = 36,
    VIEWERS_HISTOGRAM_STEPS = (VIEWERS_HISTOGRAM_TOP_BITS - VIEWERS_HISTOGRAM_STEP_BITS + 1)
                              << VIEWERS_HISTOGRAM_STEP_BITS,
};

// Zeroed: empty.
struct viewers_histogram {
    _Atomic uint64_t count;
    _Atomic int64_t max_ns;
    _Atomic uint64_t step[VIEWERS_HISTOGRAM_STEPS];
};

void viewers_histogram_add(struct viewers_histogram *h, int64_t ns); // 0 or more
void viewers_histogram_merge(struct viewers_histogram *into, const struct viewers_histogram *from);

// What was added to `now` since it was as `before` is. The longest is that of all time.
void viewers_histogram_since(struct viewers_histogram *out, const struct viewers_histogram *now,
                             const struct viewers_histogram *before);

// How many durations lie in a step, and *end_ns, its end.
uint64_t viewers_histogram_step(const struct viewers_histogram *h, unsigned step, int64_t *end_ns);

// The duration that this share (0 to 1) of all does not exceed, rounded up to the end of its step,
// but never beyond the longest. 0 where there is none.
int64_t viewers_histogram_percentile(const struct viewers_histogram *h, double share);
