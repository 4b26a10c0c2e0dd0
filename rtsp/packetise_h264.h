// SPDX-License-Identifier: Apache-2.0
//
// An access unit as RTP payloads, through the publish door (RFC 6184: single NAL unit, STAP-A,
// FU-A). Ingest thread. What goes into which payload, and why their sizes are equal, stands in
// plan_h264.h. Payloads are written once, into the engine's memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/video_codec.h"

// See struct rtsp_video_codec.
void rtsp_packetise_h264(struct eng_stream *stream, const struct rtsp_unit *unit,
                         size_t payload_max, int64_t media_time, int64_t capture_ns);
