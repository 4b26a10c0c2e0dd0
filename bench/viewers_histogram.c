// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_histogram.h"

#include <assert.h>
#include <math.h>

enum {
    STEP_BITS = VIEWERS_HISTOGRAM_STEP_BITS
};

// Values of [2^k, 2^(k+1)) lie in steps of 2^(k - STEP_BITS): drop the low bits, and what remains
// counts up without a break from one power of two to the next.
static unsigned step_of(uint64_t ns)
{
    unsigned shift = 0;

    if (ns >> VIEWERS_HISTOGRAM_TOP_BITS)
        return VIEWERS_HISTOGRAM_STEPS - 1;
    while (ns >> shift >> (STEP_BITS + 1))
        shift++;
    return (shift << STEP_BITS) + (unsigned)(ns >> shift);
}

static int64_t end_of(unsigned step)
{
    unsigned shift = step >> STEP_BITS ? (step >> STEP_BITS) - 1 : 0;
    uint64_t mantissa = step - (shift << STEP_BITS);

    return (int64_t)(((mantissa + 1) << shift) - 1);
}

void viewers_histogram_add(struct viewers_histogram *h, int64_t ns)
{
    assert(ns >= 0);
    h->step[step_of((uint64_t)ns)]++;
    h->count++;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

void viewers_histogram_merge(struct viewers_histogram *into, const struct viewers_histogram *from)
{
    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS; i++)
        into->step[i] += from->step[i];
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

int64_t viewers_histogram_percentile(const struct viewers_histogram *h, double share)
{
    uint64_t wanted = (uint64_t)ceil((double)h->count * share), below = 0;

    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS - 1; i++) {
        below += h->step[i];
        if (below > 0 && below >= wanted)
            return end_of(i) < h->max_ns ? end_of(i) : h->max_ns;
    }
    return h->max_ns;
}
