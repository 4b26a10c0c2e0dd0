// SPDX-License-Identifier: Apache-2.0
//
// What a camera is told about one track by RTCP: a receiver report each 5 s (RFC 3550 6.4.2), as
// cameras may end a session of which they hear nothing; and that a keyframe is wanted, where its
// SDP says that it listens to that: PLI (RFC 4585 6.3.1) or FIR (RFC 5104 4.3.1), at most once a
// second, and again each second until one has come. Wanted is one for viewers (publish.h), and
// after pictures that could not be shown. Does no I/O and reads no clock; a plain struct in the
// source's memory. Ingest thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/track.h"

enum {
    RTSP_FEEDBACK_REPORT_MS = 5000,  // RFC 3550 6.2: the least that is recommended
    RTSP_FEEDBACK_REFRESH_MS = 1000, // encoders need some time to obey
    RTSP_FEEDBACK_MAX = 80,          // bytes: report with one block, SDES, FIR
};

struct rtsp_feedback {
    enum rtsp_refresh refresh;
    uint32_t ssrc;                 // ours
    int64_t report_ms, refresh_ms; // not before
    // As the track had counted them ...
    uint64_t lost_before;    // when the session began
    uint64_t lost, received; // at the last report
    uint64_t dropped;        // when a keyframe was last wanted for want of pictures
    uint64_t keyframes;      // when one was first wanted
    bool wanted;
    uint8_t command; // number of the FIR
};

// A session begins. ssrc: any 32 random bits.
void rtsp_feedback_begin(struct rtsp_feedback *feedback, enum rtsp_refresh refresh, uint32_t ssrc,
                         const struct rtsp_track_stats *stats, int64_t now_ms);

// A keyframe is wanted.
void rtsp_feedback_want(struct rtsp_feedback *feedback, const struct rtsp_track_stats *stats);

// What there is to say now: a compound packet. Returns its length, 0: nothing.
size_t rtsp_feedback_write(struct rtsp_feedback *feedback, const struct rtsp_track_stats *stats,
                           const struct rtsp_reception *reception, int64_t now_ms,
                           uint8_t out[RTSP_FEEDBACK_MAX]);
