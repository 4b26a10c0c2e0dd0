// SPDX-License-Identifier: Apache-2.0
//
// The parameter sets of an H.264 stream, remembered by their ids so that they can be repeated
// before each IDR picture (RFC 6184 8.2.2). Ingest thread; a plain struct in the caller's memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rtsp/h264.h"

enum {
    // Bytes of one. An SPS with all scaling lists and a full VUI has about 200.
    RTSP_PARAMETER_SET_MAX = 256,
    // How many: encoders use one SPS and one or two PPS. A further one replaces the oldest.
    RTSP_SPS_COUNT = 2,
    RTSP_PPS_COUNT = 8,
};

struct rtsp_parameter_set {
    unsigned id;
    size_t len; // 0: free
    uint8_t data[RTSP_PARAMETER_SET_MAX];
};

// All zero: none known.
struct rtsp_parameter_sets {
    struct rtsp_parameter_set sps[RTSP_SPS_COUNT];
    struct rtsp_parameter_set pps[RTSP_PPS_COUNT];
    size_t sps_turn, pps_turn;     // which to replace when all are taken
    struct rtsp_h264_sps live_sps; // the last one; width 0: none yet
};

// Remembers an SPS or PPS. 0; -EBADMSG: it is neither or malformed; -E2BIG: larger than
// RTSP_PARAMETER_SET_MAX, so known (live_sps) but not to be repeated.
int rtsp_parameter_sets_take(struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len);

// Lists those remembered; view has room for RTSP_SPS_COUNT or RTSP_PPS_COUNT. Returns how many.
size_t rtsp_parameter_sets_sps(const struct rtsp_parameter_sets *sets, struct rtsp_nal *view);
size_t rtsp_parameter_sets_pps(const struct rtsp_parameter_sets *sets, struct rtsp_nal *view);
