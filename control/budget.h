// SPDX-License-Identifier: Apache-2.0
//
// How many packets a second the workers may send, and whether one more viewer fits in. What they
// send is measured from their counters; a viewer shows in them only when it plays, so what was
// promised since the last but one look is added. Plain struct; time is an argument,
// CLOCK_MONOTONIC nanoseconds. No thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/meter.h"

struct ctl_budget {
    double per_second_max;  // 0: no bound
    struct ctl_meter meter; // of what is sent
    double promised[2];     // since the last look, and between that and the one before
};

// packets_per_second: of all workers together, 0: no bound.
void ctl_budget_init(struct ctl_budget *budget, uint64_t packets_per_second);

// sent: packets since the start. To be called about once a second.
void ctl_budget_look(struct ctl_budget *budget, uint64_t sent, int64_t now_ns);

// A viewer of so many packets a second fits in.
bool ctl_budget_has_room(const struct ctl_budget *budget, double per_second);

// It has come: offers alone take nobody's room.
void ctl_budget_promise(struct ctl_budget *budget, double per_second);
