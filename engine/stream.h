// SPDX-License-Identifier: Apache-2.0
//
// A stream: a ring per track, and who must be woken when they grow. Created by the control thread,
// written by one ingest thread through publish.h, read by the workers. Freed with the engine.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/bell.h"
#include "engine/ring.h"

struct eng_stream {
    unsigned slot;          // bit in each worker's news
    struct eng_bell *bells; // one per worker
    struct eng_ring ring[ENG_TRACKS];
    _Alignas(64) _Atomic uint64_t listeners; // bit per worker that has viewers of this stream
    _Atomic bool keyframe_wanted;
};

// video_bytes, video_seconds: see struct eng_config.
int eng_stream_init(struct eng_stream *stream, unsigned slot, struct eng_bell *bells,
                    size_t video_bytes, unsigned video_seconds);
void eng_stream_fini(struct eng_stream *stream);

// A worker got its first, or lost its last, viewer of this stream. After listening it must look at
// the rings once: what was flushed before may not have woken it.
void eng_stream_listen(struct eng_stream *stream, unsigned worker, bool on);
