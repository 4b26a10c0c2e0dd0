// SPDX-License-Identifier: Apache-2.0
//
// An access unit of NAL units as RTP payloads, through the publish door (RFC 6184: single NAL unit,
// STAP-A, FU-A; RFC 7798: single NAL unit, AP, FU). Ingest thread. What goes into which payload,
// and why their sizes are equal, stands in plan.h. Payloads are written once, into the engine's
// memory.
#pragma once

#include "rtsp/video_codec.h"

// As packetise() of struct rtsp_video_codec; the unit's codec has a rtsp_nal_payload.
void rtsp_packetise_nal(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns);
