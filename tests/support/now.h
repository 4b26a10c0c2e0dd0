// SPDX-License-Identifier: Apache-2.0
//
// The time, for tests of the real engine with its real threads.
#pragma once

#include <stdint.h>
#include <time.h>

// CLOCK_MONOTONIC.
static inline int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
