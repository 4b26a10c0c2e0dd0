// SPDX-License-Identifier: Apache-2.0
//
// The time, and timers on a common grid, so that a thousand streams share 500 wakes a second. Event
// loop's thread only.
#pragma once

#include <stdint.h>

struct event;

enum {
    SOURCE_GRID_NS = 2000000
};

// CLOCK_MONOTONIC in nanoseconds.
int64_t source_clock_ns(void);

// Starts a timer that ends on the grid, at or soon after due_ns.
void source_clock_wake(struct event *timer, int64_t due_ns);
