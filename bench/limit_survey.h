// SPDX-License-Identifier: Apache-2.0
//
// The survey of the floor: each work, at each length of train, with each way to the kernel, in
// interleaved rounds of which the median counts, so that a noisy moment meets them all.
#pragma once

#include <stdbool.h>

#include "bench/limit_floor.h"

enum {
    LIMIT_SURVEY_VIEWERS = 5000,
    LIMIT_SURVEY_TRAINS = 5,
    LIMIT_SURVEY_TXS = 2,
};

extern const unsigned limit_survey_trains[LIMIT_SURVEY_TRAINS];
extern const enum eng_tx limit_survey_tx[LIMIT_SURVEY_TXS];

// Nanoseconds per packet, [tx][train].
struct limit_survey_costs {
    double send[LIMIT_SURVEY_TXS][LIMIT_SURVEY_TRAINS];
    double seal_send[LIMIT_SURVEY_TXS][LIMIT_SURVEY_TRAINS];
};

struct limit_survey {
    int err;     // 0, or why there is nothing
    double wake; // of one wake-up (limit_wake.h)
    double seal;
    struct limit_survey_costs device;   // the device takes trains whole
    struct limit_survey_costs software; // the kernel cuts them up
    bool switched;                      // the device could be switched: else software is device's
};

// On this core, with another one beside it, rounds times. err is set if the floor could not be made
// or a send failed.
void limit_survey_run(struct limit_survey *survey, int core, int other_core, unsigned rounds);
