// SPDX-License-Identifier: Apache-2.0
//
// An access unit as RTP payloads, through the publish door (RFC 6184: single NAL unit, STAP-A,
// FU-A). Ingest thread. What goes into which payload, and why their sizes are equal, stands in
// plan_h264.h. Payloads are written once, into the engine's memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/access_unit.h"
#include "rtsp/plan_h264.h"

struct rtsp_packetise_h264 {
    size_t payload_max;
    struct rtsp_plan plan;
};

// payload_max: 256 to ENG_PAYLOAD_MAX.
void rtsp_packetise_h264_init(struct rtsp_packetise_h264 *p, size_t payload_max);

// Publishes the unit; the caller flushes. Its first packet is FRAME_START, its last MARKER, those
// of an IDR unit are all KEYFRAME.
void rtsp_packetise_h264(struct rtsp_packetise_h264 *p, struct eng_stream *stream,
                         const struct rtsp_unit *unit, int64_t media_time, int64_t capture_ns);
