// SPDX-License-Identifier: Apache-2.0
//
// A temporal unit of AV1 as RTP payloads, through the publish door (RTP Payload Format For AV1,
// 4). Ingest thread. Payloads are of equal size, so that they leave in one train (plan.h says
// why), and are written once, into the engine's memory.
//
// Each payload is filled: OBUs follow one another, and what does not fit goes on in the next. No
// payload but the unit's last ends where an OBU ends: a receiver that is told of frames by no
// header extension takes that for the end of a frame, and what follows for one that is not of the
// same time. So an OBU that would end there leaves its last byte to the next payload. One that
// would be a payload's fourth does as well: a payload of up to three needs no size for the last.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/video_codec.h"

enum {
    RTSP_AV1_OBU_MIN = 2, // bytes of an OBU that can be left in two
};

// See struct rtsp_video_codec. The parts are OBUs of at least RTSP_AV1_OBU_MIN bytes.
void rtsp_packetise_av1(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns);
