// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of H.265 to carry it: NAL unit types, of the parameter sets what tells how
// pictures are, the start of a slice segment header (ITU-T H.265 7.3). Plain functions on the
// caller's memory, any thread; bytes may be anything. A NAL unit here is its header of two bytes
// and payload, without start code, emulation prevention still in it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"

enum {
    RTSP_H265_HEADER_LEN = 2,

    // Types of slice segments (table 7-1). Up to 14 the even ones are of pictures that no other of
    // their temporal sub-layer depends on.
    RTSP_H265_TRAIL_N = 0,
    RTSP_H265_RADL_N = 6, // 6 to 9: leading pictures, shown before the keyframe that they follow
    RTSP_H265_RASL_N = 8, // 8 and 9: which depend on pictures before that keyframe
    RTSP_H265_RASL_R = 9, // the last that is no keyframe
    RTSP_H265_BLA_W_LP = 16,
    RTSP_H265_IDR_N_LP = 20,
    RTSP_H265_CRA = 21, // the last of the types at which a decoder can begin
    RTSP_H265_VCL_MAX = 31,

    RTSP_H265_VPS = 32,
    RTSP_H265_SPS = 33,
    RTSP_H265_PPS = 34,
    RTSP_H265_AUD = 35, // access unit delimiter
    RTSP_H265_EOS = 36, // end of sequence
    RTSP_H265_EOB = 37, // end of bitstream
    RTSP_H265_FILLER = 38,
    RTSP_H265_PREFIX_SEI = 39,
    RTSP_H265_SUFFIX_SEI = 40,

    // In RTP (RFC 7798 4.4).
    RTSP_H265_SINGLE_MAX = 47,
    RTSP_H265_AP = 48,
    RTSP_H265_FU = 49,
    RTSP_H265_PACI = 50,
};

static inline unsigned rtsp_h265_type(const uint8_t *nal)
{
    return nal[0] >> 1 & 0x3f;
}

static inline unsigned rtsp_h265_layer_id(const uint8_t *nal)
{
    return (unsigned)(nal[0] & 1) << 5 | nal[1] >> 3;
}

// One more than the temporal sub-layer; 0 is not allowed.
static inline unsigned rtsp_h265_temporal_id_plus1(const uint8_t *nal)
{
    return nal[1] & 7;
}

// vps_video_parameter_set_id, 0 to 15. 0 or -EBADMSG.
int rtsp_h265_parse_vps_id(const uint8_t *nal, size_t len, unsigned *id);

struct rtsp_h265_sps {
    unsigned id;                   // 0 to 15
    struct rtsp_picture_info info; // profile: general_profile_idc, -tier_flag, -level_idc
    unsigned sub_layers;           // temporal, 1 to 7
    bool reorders;                 // pictures may be shown in another order than they are sent in
};

// 0, or -EBADMSG: not an SPS, cut short, or a value that the standard does not allow.
int rtsp_h265_parse_sps(const uint8_t *nal, size_t len, struct rtsp_h265_sps *out);

struct rtsp_h265_pps {
    unsigned id; // 0 to 63
    unsigned sps_id;
    unsigned extra_bits; // num_extra_slice_header_bits, in front of each slice type
};

// 0 or -EBADMSG.
int rtsp_h265_parse_pps(const uint8_t *nal, size_t len, struct rtsp_h265_pps *out);

struct rtsp_h265_slice {
    bool first; // slice segment of its picture
    unsigned pps_id;
};

// The start of the header of a slice segment. 0 or -EBADMSG.
int rtsp_h265_parse_slice(const uint8_t *nal, size_t len, struct rtsp_h265_slice *out);

// Whether the first slice segment of a picture is predicted in both directions: slice_type 0. False
// too where it is cut short.
bool rtsp_h265_is_b_slice(const uint8_t *nal, size_t len, const struct rtsp_h265_pps *pps);
