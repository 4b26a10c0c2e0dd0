// SPDX-License-Identifier: Apache-2.0
//
// The configured streams: each a source on the ingest thread, a stream in the engine, and a copy of
// the source's status that the control thread can read. Control thread, except what runs inside
// on the ingest thread (ingest.h). The ingest thread's status copies come over a bounded SPSC
// queue.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/config.h"
#include "engine/engine.h"
#include "rtsp/source.h"

struct event_base;

struct ctl_stream {
    const char *name;
    struct eng_stream *engine_stream;
    struct rtsp_source_status status; // as last heard from the ingest thread
    unsigned viewers;                 // sessions connected now; kept by sessions.c
};

struct ctl_streams;

// Creates an engine stream and a source for each configured stream, and the ingest thread.
int ctl_streams_create(struct event_base *base, struct eng_engine *engine,
                       const struct ctl_config *config, struct ctl_streams **out);

// Starts the ingest thread and all sources.
int ctl_streams_start(struct ctl_streams *streams);

// Asks all sources to stop (TEARDOWN); done is called on the control thread once all are idle, or
// after 1 s.
void ctl_streams_stop(struct ctl_streams *streams, void (*done)(void *ctx), void *ctx);
void ctl_streams_destroy(struct ctl_streams *streams);

size_t ctl_streams_count(const struct ctl_streams *streams);
struct ctl_stream *ctl_streams_at(struct ctl_streams *streams, size_t i);

// By exact name (len bytes), NULL: none. Names may contain '/'.
struct ctl_stream *ctl_streams_find(struct ctl_streams *streams, const char *name, size_t len);
