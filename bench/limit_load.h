// SPDX-License-Identifier: Apache-2.0
//
// A load on the real engine, with synthetic keys in place of DTLS: so many streams with so many
// viewers each, shared out among the workers, into the sink. It is measured in windows of a quarter
// of a GOP; after each, the floor is measured on the same cores, at the window's packets per train,
// with as many keys and destinations. Main thread of a process of its own.
#pragma once

#include "bench/limit_latency.h"
#include "engine/engine.h"

enum {
    LIMIT_GOPS_MAX = 30,
    LIMIT_WORKERS_MAX = 64
};

struct limit_load {
    unsigned streams;
    unsigned viewers; // of each stream
    enum eng_tx tx;
    unsigned gops; // how long, in units of 2 s
    unsigned workers;
    int worker_cores[LIMIT_WORKERS_MAX]; // one each
    int publisher_core;                  // of everything else
};

struct limit_result {
    int err; // 0, or why there is nothing
    const char *tx;
    // Of the workers' threads, everything included (RTCP, waiting, waking), by packets of video.
    // The median of the GOPs.
    double ns_per_packet;
    double ratio; // to the floor's seal + send
    double floor_ns;
    double packets_per_train;
    double syscalls_per_packet;
    double interrupt_ns_per_packet; // of the first worker's core, beside the thread's time
    double core;                    // shares of their cores that the workers took, together
    double dropped;                 // share of the packets
    double bytes_per_viewer;        // growth of resident memory by the second half of them
    struct limit_latency latency;   // from publication to the kernel; of a single worker only
};

// For limit_process_apart: arg is a struct limit_load, result a struct limit_result.
void limit_load_run(const void *arg, void *result);
