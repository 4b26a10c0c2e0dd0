// SPDX-License-Identifier: Apache-2.0
//
// Open bitstream units out of RTP payloads (RTP Payload Format For AV1, 4.3 to 4.5). Ingest thread.
// Each OBU goes straight into the access unit, as one part; nothing else is buffered here. A
// fragment that is missing takes its whole OBU with it and leaves the access unit damaged.
#pragma once

#include "rtsp/video_codec.h"

// See struct rtsp_video_codec.
void rtsp_depacketise_av1(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp);

// Packets are missing before the next one, or the access unit ends: an OBU in fragments is lost.
void rtsp_depacketise_av1_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);
