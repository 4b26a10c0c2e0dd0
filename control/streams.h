// SPDX-License-Identifier: Apache-2.0
//
// The configured streams: each a source on an ingest thread, a stream in the engine, and a copy of
// the source's status that the control thread can read. Control thread, except what runs inside
// on the ingest threads (ingest.h). Their status copies come over bounded SPSC queues.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/config.h"
#include "control/meter.h"
#include "engine/engine.h"
#include "rtsp/source.h"

struct event_base;

struct ctl_stream {
    const char *name;
    const struct ctl_stream_config *config;
    struct eng_stream *engine_stream;
    struct rtsp_source_status status; // as last heard from the ingest thread
    struct ctl_meter packets;         // that each viewer gets
    unsigned viewers;                 // sessions connected now; kept by session.c
    unsigned holds;                   // see ctl_stream_hold
    bool lost;                        // nothing was shown for hold_viewers seconds
    bool changed;                     // with these news: what its tracks are
};

struct ctl_streams;

// Creates an engine stream and a source for each configured stream, and the ingest threads.
int ctl_streams_create(struct event_base *base, struct eng_engine *engine,
                       const struct ctl_config *config, struct ctl_streams **out);

// Something goes out to the viewers of a stream: its own source's media, or its fallback's.
static inline bool ctl_stream_shows(const struct rtsp_source_status *status)
{
    return status->state == RTSP_LIVE || status->fallback == RTSP_FALLBACK_SHOWN;
}

// on_news is called whenever a stream's status was heard of, and when it is lost.
void ctl_streams_watch(struct ctl_streams *streams,
                       void (*on_news)(void *ctx, struct ctl_stream *stream), void *ctx);

// Starts the ingest threads and all sources that are not on demand.
int ctl_streams_start(struct ctl_streams *streams);

// Somebody needs the stream, or does no longer: a session, a request that waits. The source of one
// that is on demand runs while there are holds, and on_demand_close_after seconds longer.
void ctl_stream_hold(struct ctl_stream *stream);
void ctl_stream_release(struct ctl_stream *stream);

// Asks all sources to stop (TEARDOWN); done is called on the control thread once all are idle, or
// after 1 s.
void ctl_streams_stop(struct ctl_streams *streams, void (*done)(void *ctx), void *ctx);
void ctl_streams_destroy(struct ctl_streams *streams);

size_t ctl_streams_count(const struct ctl_streams *streams);
struct ctl_stream *ctl_streams_at(struct ctl_streams *streams, size_t i);

// By exact name (len bytes), NULL: none. Names may contain '/'.
struct ctl_stream *ctl_streams_find(struct ctl_streams *streams, const char *name, size_t len);
