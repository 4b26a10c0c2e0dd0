// SPDX-License-Identifier: Apache-2.0
//
// How fast a counter runs. Plain struct; time is an argument, CLOCK_MONOTONIC nanoseconds. No
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    CTL_METER_SPAN_MS = 500, // at least, from one figure to the next
};

struct ctl_meter {
    double per_second; // 0: not known yet
    uint64_t count;    // at the last look
    int64_t looked_ns; // 0: not yet
};

// Zeroed is fresh. May be looked at more often than the span. True: there is a new figure.
bool ctl_meter_look(struct ctl_meter *meter, uint64_t count, int64_t now_ns);
