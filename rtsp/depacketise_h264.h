// SPDX-License-Identifier: Apache-2.0
//
// H.264 NAL units out of RTP payloads (RFC 6184 5): single NAL unit, STAP-A, FU-A, which is all
// that packetization-mode 1 has. Ingest thread. The NAL units go straight into the access unit;
// nothing else is buffered here.
//
// STAP-B, MTAP and FU-B (interleaved mode, which we never ask for) are refused and counted. A
// fragment that is missing takes its whole NAL unit with it and leaves the access unit damaged. A
// payload that begins with an Annex B start code is taken as NAL units, as some cameras mean it.
#pragma once

#include "rtsp/video_codec.h"

// Packets are missing before the next one, or the access unit is about to be finished: a NAL unit
// in fragments is lost.
void rtsp_depacketise_h264_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);

// See struct rtsp_video_codec.
void rtsp_depacketise_h264(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                           const struct rtsp_rtp *rtp);
