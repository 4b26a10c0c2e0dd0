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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/access_unit.h"

// All zero: nothing seen.
struct rtsp_depacketise_h264 {
    bool in_fragment;
    uint8_t fragment_type; // NAL unit type being reassembled
    uint64_t malformed;    // payloads thrown away, at least in part
    uint64_t refused;      // of interleaved mode or an undefined type
};

// Packets are missing before the next one, or a session begins, or the access unit changes: a NAL
// unit in fragments is lost. Call it before the access unit is finished.
void rtsp_depacketise_h264_break(struct rtsp_depacketise_h264 *d, struct rtsp_access_unit *au);

// Takes one payload into the open access unit.
void rtsp_depacketise_h264(struct rtsp_depacketise_h264 *d, struct rtsp_access_unit *au,
                           const uint8_t *payload, size_t len);
