// SPDX-License-Identifier: Apache-2.0
//
// NAL units out of RTP payloads: single NAL unit, aggregate (STAP-A, AP) and fragments (FU-A, FU),
// which is all that packetization-mode 1 of H.264 and H.265 without sprop-max-don-diff have (RFC
// 6184 5, RFC 7798 4.4). Ingest thread. The NAL units go straight into the access unit; nothing
// else is buffered here.
//
// Other payloads (STAP-B, MTAP, FU-B, which are of the interleaved mode that we never ask for;
// PACI) are refused and counted. A fragment that is missing takes its whole NAL unit with it and
// leaves the access unit damaged. A payload that begins with an Annex B start code is taken as NAL
// units, as some cameras mean it.
//
// Which codec it is, the access unit knows; the codec has a rtsp_nal_payload.
#pragma once

#include "rtsp/video_codec.h"

// Packets are missing before the next one, or the access unit is about to be finished: a NAL unit
// in fragments is lost.
void rtsp_depacketise_nal_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);

// Takes one payload into the open access unit.
void rtsp_depacketise_nal(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp);
