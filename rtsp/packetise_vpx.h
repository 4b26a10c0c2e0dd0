// SPDX-License-Identifier: Apache-2.0
//
// A frame of VP8 (RFC 7741) or VP9 (RFC 9628) as RTP payloads, through the publish door. Ingest
// thread. Payloads are of equal size, so that they leave in one train (plan.h says why), and
// are written once, into the engine's memory.
//
// The payload descriptor is one byte long: where the frame begins and, for VP9, where it ends and
// whether it is predicted from others. Picture and layer numbers are left out, as the RFCs allow:
// each viewer's RTP sequence numbers have no gaps but those of loss and say all that a receiver
// needs to tell whether a frame follows the one before, also where a viewer is sent a keyframe
// again, which would set numbers of the stream's back. libwebrtc goes by sequence numbers where it
// finds no others.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/video_codec.h"

// See struct rtsp_video_codec. The unit is one part.
void rtsp_packetise_vp8(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns);
void rtsp_packetise_vp9(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns);
