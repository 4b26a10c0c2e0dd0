// SPDX-License-Identifier: Apache-2.0
//
// One kind of misbehaviour, measured: the real engine with one worker and well-behaved viewers, and
// one that misbehaves in every other window of a third of a second. How long the others' packets
// take to the kernel is compared between windows that follow each other. Main thread of a process
// of its own.
#pragma once

#include "bench/isolation_hostile.h"
#include "bench/limit_latency.h"

enum {
    // With more streams a worker naps between pictures, and whatever arrives wakes it: the others
    // would have theirs sooner by up to 2 ms, and harm of less would not show.
    ISOLATION_STREAMS = 6,
    ISOLATION_VIEWERS = 53, // of each, who behave
    ISOLATION_ROUNDS = 6,   // of two windows
};

struct isolation_work {
    enum isolation_kind kind;
    enum eng_tx tx;
    int worker_core;
    int other_core; // of everything else
};

struct isolation_result {
    int err; // 0, or why there is nothing
    // Of the others; the median of the rounds, max: of all.
    struct limit_latency without, with;
    double p99_difference_us; // the median of the rounds' differences
    // While it misbehaved:
    double seconds;
    uint64_t done; // by it: datagrams, commands, viewers
    uint64_t counters[ENG_COUNTERS];
};

// For limit_process_apart: arg is a struct isolation_work, result a struct isolation_result.
void isolation_run(const void *arg, void *result);
