// SPDX-License-Identifier: Apache-2.0
#include "bench/source_clock.h"

#include <event2/event.h>
#include <time.h>

enum {
    NS_PER_S = 1000000000,
    NS_PER_US = 1000,
};

int64_t source_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void source_clock_wake(struct event *timer, int64_t due_ns)
{
    int64_t wait_ns =
        (due_ns + SOURCE_GRID_NS - 1) / SOURCE_GRID_NS * SOURCE_GRID_NS - source_clock_ns();

    if (wait_ns < 0)
        wait_ns = 0;
    struct timeval wait = {wait_ns / NS_PER_S, wait_ns % NS_PER_S / NS_PER_US + 1};
    evtimer_add(timer, &wait);
}
