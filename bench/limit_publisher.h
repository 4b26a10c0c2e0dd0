// SPDX-License-Identifier: Apache-2.0
//
// The streams that bench/limit gives the engine: 30 frames per second of 8 packets, a keyframe of
// 24 packets (25 KB) each 2 s: 2 Mbit/s. The streams' frames are spread evenly over the time of a
// frame and their keyframes over the time between two of them, as those of cameras are. Main
// thread; publish times may be read by any.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "engine/engine.h"

enum {
    LIMIT_FPS = 30,
    LIMIT_GOP_FRAMES = 60,
    LIMIT_FRAME_PACKETS = 8,
    LIMIT_KEYFRAME_PACKETS = 24,
    LIMIT_CLOCK_RATE = 90000,
    LIMIT_STREAMS_MAX = 64,
    LIMIT_FRAMES_KEPT = 256, // publish times are kept this long
};

struct limit_publisher {
    unsigned stream_count;
    struct eng_stream *streams[LIMIT_STREAMS_MAX];
    int64_t frame; // the next frame's number, of every stream
    _Atomic int64_t published_ns[LIMIT_STREAMS_MAX][LIMIT_FRAMES_KEPT];
};

// Publishes so many frames of each stream, in time, or all at once. The first frame of all is a
// keyframe.
void limit_publisher_fill(struct limit_publisher *publisher, unsigned frames);
void limit_publisher_run(struct limit_publisher *publisher, unsigned frames);

// When (CLOCK_MONOTONIC) the frame with this media time was published, by its stream's number.
static inline int64_t limit_publisher_time(const struct limit_publisher *publisher, unsigned stream,
                                           uint32_t media_time)
{
    uint32_t frame = media_time / (LIMIT_CLOCK_RATE / LIMIT_FPS) % LIMIT_FRAMES_KEPT;

    return atomic_load_explicit(&publisher->published_ns[stream][frame], memory_order_relaxed);
}
