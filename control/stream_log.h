// SPDX-License-Identifier: Apache-2.0
//
// What the log says of a stream: each news once, not once a second. Control thread.
#pragma once

#include <stdbool.h>

#include "control/streams.h"

enum {
    CTL_STREAM_FORMAT_MAX = 80, // "H264 1280x720, opus 48000 Hz stereo, over udp"
};

// What has been said. Embedded by its owner.
struct ctl_stream_log {
    char who[CTL_NAME_MAX + 8];              // "stream <name>"
    char told_format[CTL_STREAM_FORMAT_MAX]; // while live; empty: not live
    char told_error[RTSP_TLS_ERROR_MAX];
    bool told_notes;           // while live
    const char *told_b_frames; // what was said last, NULL: nothing
};

void ctl_stream_log_init(struct ctl_stream_log *log, const char *name);

// The stream's status is new. before: the state that it had.
void ctl_stream_log_state(struct ctl_stream_log *log, const struct ctl_stream *stream,
                          enum rtsp_state before);

// What becomes of its fallback has changed.
void ctl_stream_log_fallback(const struct ctl_stream_log *log, const struct ctl_stream *stream,
                             const struct ctl_stream *fallback);
