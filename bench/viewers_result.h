// SPDX-License-Identifier: Apache-2.0
//
// What a run has shown, ready to be printed. Main thread, once the lanes have ended.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_lane.h"

struct viewers_distribution { // over viewers
    size_t count;
    double min, p50, p95, p99, max;
};

struct viewers_second {
    double at_s; // since the start
    bool measured;
    double cpu_s;                       // of the process, in this second
    uint64_t counter[VIEWERS_COUNTERS]; // since the start
    struct viewers_histogram latency;   // of frames that came in this second
};

struct viewers_result {
    const struct viewers_options *options;
    bool interrupted;
    double joining_s, measured_s;
    uint64_t all[VIEWERS_COUNTERS];
    uint64_t measured[VIEWERS_COUNTERS];
    struct viewers_distribution join[VIEWERS_PHASES]; // milliseconds
    struct viewers_distribution fps;                  // frames per second of measured time
    struct viewers_distribution gap;                  // milliseconds, each viewer's longest
    struct viewers_histogram latency;
    struct viewers_causes causes;
    unsigned gcm, cm; // viewers by SRTP profile
    unsigned silent, with_loss;
    int64_t worst_loss;
    double cpu_s;          // of the process, in all
    double measured_cpu_s; // of the lanes
    double busiest;        // lane's share of a core while measured
    size_t second_count;
    struct viewers_second *second;
};

// Adds up the lanes; the other fields are the caller's to fill. 0 or -ENOMEM.
int viewers_result_collect(struct viewers_result *result, struct viewers_lane *const *lanes,
                           size_t count);

// Packets lost among those of a set of counters.
int64_t viewers_result_lost(const uint64_t counter[VIEWERS_COUNTERS]);
double viewers_result_lost_percent(const uint64_t counter[VIEWERS_COUNTERS]);

extern const char *const viewers_phase_name[VIEWERS_PHASES];
