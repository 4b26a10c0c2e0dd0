// SPDX-License-Identifier: Apache-2.0
//
// The clock of the control loop: CLOCK_MONOTONIC nanoseconds, as webrtc/ and engine/ take them.
#pragma once

#include <stdint.h>
#include <time.h>

#define CTL_NS_PER_SECOND INT64_C(1000000000)
#define CTL_NS_PER_MS     INT64_C(1000000)

static inline int64_t ctl_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * CTL_NS_PER_SECOND + t.tv_nsec;
}
