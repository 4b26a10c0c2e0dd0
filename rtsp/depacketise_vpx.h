// SPDX-License-Identifier: Apache-2.0
//
// Frames of VP8 (RFC 7741 4.2) and VP9 (RFC 9628 4.2) out of RTP payloads. Ingest thread. A frame
// goes straight into the access unit, as one part; nothing else is buffered here. It begins where
// the payload descriptor says so and ends with the unit, so that a marker bit which is not to be
// believed cuts nothing off. VP9's frames of several spatial layers are one part, in their order,
// which is what a decoder of all layers takes.
//
// Of the descriptor only the start counts, the rest is skipped: each viewer's packets get one of
// our own (packetise_vpx.h).
#pragma once

#include "rtsp/video_codec.h"

// See struct rtsp_video_codec.
void rtsp_depacketise_vp8(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp);
void rtsp_depacketise_vp9(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp);

// Packets are missing before the next one. Whether they were of this frame or between two, the
// access unit knows.
void rtsp_depacketise_vpx_lose(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);

// The access unit ends, and the frame with it.
void rtsp_depacketise_vpx_end(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);
