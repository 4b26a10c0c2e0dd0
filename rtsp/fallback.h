// SPDX-License-Identifier: Apache-2.0
//
// Another source's media in place of that of a source that is down: what the other publishes is
// copied into the stream, from a keyframe on, until the source's own media is there again. Each
// source has one of these, in its own memory. Ingest thread.
//
// The copies carry the media time of the stream that they go into: its clock is carried on by their
// arrival, so that it neither stops nor goes back, neither when they begin nor when they end. A
// track's copies end with the first packet that the source itself publishes on it, which is a
// keyframe's; those of all tracks when the source is live and its video has taken over.
//
// Both sources need the same codecs, as viewers were promised one. Before the source has ever told
// its own, anything will do.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/clock.h"
#include "rtsp/source.h"
#include "rtsp/track.h"

struct rtsp_fallback_owner {
    struct eng_stream *stream;
    struct rtsp_track *const *track;         // ENG_TRACKS of them
    const struct rtsp_source_status *status; // its state, and what its tracks are
    void (*on_change)(void *ctx);            // the state below has changed
    void *ctx;
};

struct rtsp_fallback_lane {
    bool shown;
    uint64_t next;           // index of the other's packet to copy next
    uint64_t written;        // index that the stream's next packet gets, unless others write
    struct rtsp_clock clock; // the stream's, carried on
    int64_t media_time;      // of the frame that is being copied
    int64_t capture_ns;
};

struct rtsp_fallback {
    struct rtsp_fallback_owner owner;
    struct rtsp_fallback *followers; // those that show this source
    struct rtsp_fallback *next;      // of the same followers
    enum rtsp_fallback_state state;
    struct rtsp_track_info info[ENG_TRACKS]; // of what is shown
    struct rtsp_fallback_lane lane[ENG_TRACKS];
};

void rtsp_fallback_init(struct rtsp_fallback *fallback, const struct rtsp_fallback_owner *owner);

// While the one is down, the other is shown. Once, before both start.
void rtsp_fallback_follow(struct rtsp_fallback *fallback, struct rtsp_fallback *other);

// The owner has published something and flushed it.
void rtsp_fallback_published(struct rtsp_fallback *fallback, struct rtsp_now now);

// The owner's state has changed.
void rtsp_fallback_moved(struct rtsp_fallback *fallback);
