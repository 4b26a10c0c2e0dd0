// SPDX-License-Identifier: Apache-2.0
//
// A timing wheel of 1 ms slots for a worker's timers: paced sends and RTCP. Worker thread. Timers
// are embedded in what they are for; arming, disarming and expiring cost a few pointer writes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    ENG_WHEEL_SLOTS = 1024,
    ENG_WHEEL_DELAY_MAX_MS = ENG_WHEEL_SLOTS - 1,
};

struct eng_viewer;

struct eng_timer {
    struct eng_viewer *viewer; // whose timer it is; the wheel does not look at it
    struct eng_timer *next;
    struct eng_timer **link; // what points at this timer; NULL: not armed
    unsigned slot;
};

struct eng_wheel {
    int64_t now_ms;
    uint64_t used[ENG_WHEEL_SLOTS / 64]; // bit per slot that may hold timers
    struct eng_timer *slots[ENG_WHEEL_SLOTS];
};

void eng_wheel_init(struct eng_wheel *wheel, int64_t now_ms);

// Arms for delay_ms (1 to ENG_WHEEL_DELAY_MAX_MS) after the wheel's now; re-arms an armed timer.
void eng_wheel_arm(struct eng_wheel *wheel, struct eng_timer *timer, unsigned delay_ms);
void eng_wheel_disarm(struct eng_wheel *wheel, struct eng_timer *timer);

static inline bool eng_timer_armed(const struct eng_timer *timer)
{
    return timer->link != 0;
}

// Turns the wheel towards now_ms and returns one expired timer, disarmed; NULL: none are left and
// the wheel stands at now_ms.
struct eng_timer *eng_wheel_expire(struct eng_wheel *wheel, int64_t now_ms);

// Milliseconds from the wheel's now to its next timer, -1: no timer.
int eng_wheel_next_ms(const struct eng_wheel *wheel);
