// SPDX-License-Identifier: Apache-2.0
//
// The real engine, ready for a load: so many workers and streams, viewers with synthetic keys in
// place of DTLS, into the sink. How long packets take to the kernel is measured where there is one
// worker (limit_latency.h).
// Main thread, except where said otherwise.
#pragma once

#include "bench/limit_publisher.h"
#include "engine/engine.h"

struct limit_engine {
    struct eng_engine *engine;
    struct limit_publisher publisher;
};

// With rtcfan's defaults, a worker on each of the cores. tx: not AUTO. 0 or -errno; destroy it
// (eng_engine_destroy) unless engine is NULL.
int limit_engine_start(struct limit_engine *engine, enum eng_tx tx, const int *cores,
                       unsigned workers, unsigned streams);

// What the i-th viewer is added by: its stream, the sink's i-th address, keys of its own.
struct eng_viewer_config limit_engine_viewer(const struct limit_engine *engine, unsigned i);

// Waits while the worker's queue is full. The thread that gives the commands.
int limit_engine_add(struct limit_engine *engine, const struct eng_viewer_config *config,
                     struct eng_viewer **out);

// Waits until the worker has sent all that was published.
void limit_engine_settle(const struct limit_engine *engine);
