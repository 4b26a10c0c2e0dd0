// SPDX-License-Identifier: Apache-2.0
//
// What a viewer has to say to its server: a receiver report each second, NACK for packets that are
// missing, PLI where no keyframe comes (RFC 3550 6.4.2, RFC 4585 6). No I/O; the thread of the
// viewer's media.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_media.h"
#include "bench/viewers_rtcp.h"

enum {
    VIEWERS_FEEDBACK_MAX = VIEWERS_RTCP_MAX + VIEWERS_SRTCP_OVERHEAD_MAX
};

// Writes the SRTCP that is due now; returns its length, 0: none is. rtt_ns: the last one measured.
size_t viewers_feedback_write(struct viewers_media *media, int64_t now_ns, int64_t rtt_ns,
                              uint8_t out[VIEWERS_FEEDBACK_MAX]);

int64_t viewers_feedback_next_ns(const struct viewers_media *media);
