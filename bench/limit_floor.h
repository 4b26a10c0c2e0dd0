// SPDX-License-Identifier: Apache-2.0
//
// The floor: sealing and sending in the barest loop there can be, with nothing of an engine around
// it. As the engine does, it walks viewer by viewer, each with a key and an address of its own, and
// seals the same packets of one size into trains for each; nothing is left out of what the cipher
// and the kernel must do. One thread, which owns the floor.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum {
    LIMIT_PAYLOAD = 1040,  // of every packet, here and in what the engine is given
    LIMIT_TRAIN_MAX = 48,  // the longest train that fits into one UDP message
    LIMIT_FLOOR_BATCH = 32 // trains per system call: both fewer and more are dearer
};

enum limit_floor_work {
    LIMIT_SEAL = 1,
    LIMIT_SEND = 2,
    LIMIT_SEAL_SEND = LIMIT_SEAL | LIMIT_SEND
};

struct limit_floor;

// viewers: how many keys and destinations. 0 or -errno.
int limit_floor_create(unsigned viewers, struct limit_floor **out);
void limit_floor_destroy(struct limit_floor *floor);

// Works for time_ns and returns nanoseconds of CPU per packet, or -errno. train: packets per train,
// 1 to LIMIT_TRAIN_MAX; a fraction is met by mixing trains of the two lengths around it.
double limit_floor_run(struct limit_floor *floor, enum limit_floor_work work, enum eng_tx tx,
                       double train, int64_t time_ns);

// The median of count values; sorts them.
double limit_median(double *values, size_t count);
