// SPDX-License-Identifier: Apache-2.0
//
// What can be measured of one track while it comes: how much, how regularly, by what clock. Ingest
// thread; a plain struct in the track's memory, the time is an argument.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/clock.h"
#include "rtsp/now.h"
#include "rtsp/source.h"

enum {
    RTSP_FIGURES_WINDOW = 5, // seconds over which rates are taken
    // The clock's envelope has found the least delayed frames by then ...
    RTSP_FIGURES_SETTLE_S = 10,
    // ... and a millisecond that it is off by makes no more than 20 ppm.
    RTSP_FIGURES_DRIFT_S = 50,
};

struct rtsp_figures {
    uint32_t rate; // Hz, of the camera's timestamps
    uint64_t frames, bytes;
    bool has_packet;
    uint32_t timestamp; // of the newest frame, and when it came
    int64_t came_ns;
    int64_t jitter_ns;
    bool has_keyframe;
    int64_t keyframe_media;
    int64_t keyframe_interval_ns;
    // One snapshot per second, in turns.
    struct {
        int64_t at_ns;
        uint64_t frames, bytes;
        int64_t due_ns; // the clock's
    } window[RTSP_FIGURES_WINDOW + 1];
    unsigned snapshots;
    int64_t begin_ns; // first packet
    // Where drift is measured from; 0: not settled yet.
    int64_t settled_ns, settled_due_ns;
};

// A session begins, or ends: forgets all.
void rtsp_figures_begin(struct rtsp_figures *figures, uint32_t rate);

// A packet came, len bytes with its header.
void rtsp_figures_packet(struct rtsp_figures *figures, uint32_t timestamp, size_t len,
                         struct rtsp_now now);

// A frame was published; media_time by a clock of the same rate.
void rtsp_figures_frame(struct rtsp_figures *figures, bool keyframe, int64_t media_time);

// Once a second; more often does no harm.
void rtsp_figures_read(struct rtsp_figures *figures, const struct rtsp_clock *clock,
                       struct rtsp_now now, struct rtsp_track_figures *out);
