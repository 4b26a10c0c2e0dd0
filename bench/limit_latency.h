// SPDX-License-Identifier: Apache-2.0
//
// How long a packet takes from its publication to the kernel. A thin layer between a worker and its
// way to the kernel (engine/io.h) looks at trains of video once the kernel has taken them, and
// finds out from their RTP timestamps when their frames were published. The worker learns that the
// kernel has a train only when the system call returns that carried it and others, so this is the
// longer of the two ends of that moment. Viewers that have an owner (eng_viewer_config.owner) are
// left out. Written by the one worker, read once it rests.
#pragma once

#include <stdint.h>

#include "bench/limit_publisher.h"

struct limit_latency {
    double p50_us, p90_us, p99_us, max_us;
};

struct eng_io_ops;

// The layer above these operations, for eng_config.io; one per process.
const struct eng_io_ops *limit_latency_ops(const struct eng_io_ops *inner,
                                           const struct limit_publisher *publisher);

// Forgets what was measured so far, and looks at every so-manieth train from now on. While the
// worker rests.
void limit_latency_reset(unsigned every);

void limit_latency_read(struct limit_latency *out);
