// SPDX-License-Identifier: Apache-2.0
//
// A clock that stands still until the test moves it, for tests of one thread around an event loop:
// this definition takes the place of clock_gettime() for all of the program, libevent too. So it
// matters to nothing how fast the machine is, or whether it stops for a while. Include it in one
// source per program.
#pragma once

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

enum {
    STEPPED_REST_US = 100, // for what is on its way through the kernel
};

static int64_t stepped_ns = INT64_C(1000000000000); // CLOCK_MONOTONIC

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec = (time_t)(stepped_ns / 1000000000);
    ts->tv_nsec = stepped_ns % 1000000000;
    return 0;
}

// So many milliseconds later the loop has one look at what is due, and at what has arrived.
static inline void stepped_turn(struct event_base *base, unsigned ms)
{
    usleep(STEPPED_REST_US);
    stepped_ns += ms * INT64_C(1000000);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}
