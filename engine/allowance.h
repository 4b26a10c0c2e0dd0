// SPDX-License-Identifier: Apache-2.0
//
// An allowance: so much at once, and so much again per time (a token bucket). It is kept as the one
// moment at which all of it is there again; what something costs, and how much may be taken at
// once, are times too. Plain functions, for one thread; the time is an argument. All zero: whole.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct eng_allowance {
    int64_t whole_ns; // when nothing of it is used any more
};

// Is any of it left, however little? most_ns: all of it.
static inline bool eng_allowance_left(const struct eng_allowance *a, int64_t now_ns,
                                      int64_t most_ns)
{
    return a->whole_ns - now_ns < most_ns;
}

// Takes cost_ns, be it more than is left: then it is missing afterwards.
static inline void eng_allowance_take(struct eng_allowance *a, int64_t now_ns, int64_t cost_ns)
{
    a->whole_ns = (a->whole_ns > now_ns ? a->whole_ns : now_ns) + cost_ns;
}
