// SPDX-License-Identifier: Apache-2.0
//
// A thread with its share of the viewers: an event loop with a tick of 5 ms, for what is due by
// time. The main thread creates lanes, tells them the phase, reads their counters at any time and
// the rest once they have ended.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_viewer.h"

enum viewers_lane_phase { // in this order; LEAVING may come at any time
    VIEWERS_LANE_JOINING,
    VIEWERS_LANE_MEASURING,
    VIEWERS_LANE_LEAVING,
};

#define VIEWERS_LEAVING_NS INT64_C(10000000000) // for all DELETEs together

// A moment in a lane's life.
struct viewers_lane_mark {
    int64_t at_ns;
    int64_t cpu_ns; // of the thread
    uint64_t counter[VIEWERS_COUNTERS];
};

struct viewers_lane {
    struct viewers_common common;
    pthread_t thread;
    unsigned index;
    int64_t start_ns;   // of all lanes: when the first viewer joins
    _Atomic int wanted; // enum viewers_lane_phase, set by the main thread
    enum viewers_lane_phase phase;
    struct event *tick;
    unsigned count, begun, left; // viewers: all, that have begun, that were told to leave
    struct viewers_viewer *viewer;
    int64_t *due_ns; // of each viewer
    int64_t leave_by_ns;
    // Once ended: the measured time, nothing where there was none.
    struct viewers_lane_mark begin, end;
    unsigned silent, with_loss; // viewers, at its end
    int64_t worst_loss;         // packets, of one viewer
};

// Its own share of options->viewers. 0 or -errno.
int viewers_lane_create(const struct viewers_options *options, struct viewers_dtls_context *dtls,
                        unsigned index, struct viewers_lane **out);
int viewers_lane_start(struct viewers_lane *lane, int64_t start_ns);
void viewers_lane_enter(struct viewers_lane *lane, enum viewers_lane_phase phase);
void viewers_lane_join(struct viewers_lane *lane); // after LEAVING
void viewers_lane_destroy(struct viewers_lane *lane);
