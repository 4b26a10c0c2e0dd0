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

// One writer: a load and a store, both relaxed, are enough and cost no locked instruction.
static uint64_t get(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void set(_Atomic uint64_t *value, uint64_t to)
{
    atomic_store_explicit(value, to, memory_order_relaxed);
}

static int64_t longest(const struct viewers_histogram *h)
{
    return atomic_load_explicit(&h->max_ns, memory_order_relaxed);
}

static void lengthen(struct viewers_histogram *h, int64_t ns)
{
    if (ns > longest(h))
        atomic_store_explicit(&h->max_ns, ns, memory_order_relaxed);
}

void viewers_histogram_add(struct viewers_histogram *h, int64_t ns)
{
    _Atomic uint64_t *step = &h->step[step_of((uint64_t)ns)];

    assert(ns >= 0);
    set(step, get(step) + 1);
    set(&h->count, get(&h->count) + 1);
    lengthen(h, ns);
}

void viewers_histogram_merge(struct viewers_histogram *into, const struct viewers_histogram *from)
{
    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS; i++)
        set(&into->step[i], get(&into->step[i]) + get(&from->step[i]));
    set(&into->count, get(&into->count) + get(&from->count));
    lengthen(into, longest(from));
}

void viewers_histogram_since(struct viewers_histogram *out, const struct viewers_histogram *now,
                             const struct viewers_histogram *before)
{
    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS; i++)
        set(&out->step[i], get(&now->step[i]) - get(&before->step[i]));
    set(&out->count, get(&now->count) - get(&before->count));
    atomic_store_explicit(&out->max_ns, longest(now), memory_order_relaxed);
}

uint64_t viewers_histogram_step(const struct viewers_histogram *h, unsigned step, int64_t *end_ns)
{
    *end_ns = end_of(step);
    return get(&h->step[step]);
}

int64_t viewers_histogram_percentile(const struct viewers_histogram *h, double share)
{
    uint64_t wanted = (uint64_t)ceil((double)get(&h->count) * share), below = 0;

    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS - 1; i++) {
        below += get(&h->step[i]);
        if (below > 0 && below >= wanted)
            return end_of(i) < longest(h) ? end_of(i) : longest(h);
    }
    return longest(h);
}
