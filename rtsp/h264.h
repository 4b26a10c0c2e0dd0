// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of H.264 to carry it: NAL unit types, the sequence parameter set, the start
// of a slice header (ITU-T H.264 7.3). Plain functions on the caller's
// memory, any thread; bytes may be anything. A NAL unit here is header byte and payload, without
// start code, emulation prevention still in it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"

enum {
    RTSP_NAL_SLICE = 1,
    RTSP_NAL_PARTITION_A = 2, // 3 and 4 carry no slice header
    RTSP_NAL_IDR = 5,
    RTSP_NAL_SEI = 6,
    RTSP_NAL_SPS = 7,
    RTSP_NAL_PPS = 8,
    RTSP_NAL_AUD = 9, // access unit delimiter
    RTSP_NAL_FILLER = 12,
    RTSP_NAL_MAX = 23, // the last type that is a NAL unit by itself in RTP (RFC 6184 5.2)
    RTSP_NAL_STAP_A = 24,
    RTSP_NAL_FU_A = 28,
};

// nal_ref_idc in the header byte: 0 if no other picture depends on this one.
enum {
    RTSP_NAL_REF_IDC_MASK = 0x60
};

static inline unsigned rtsp_nal_type(uint8_t header)
{
    return header & 0x1f;
}

// Slice data, the part of an access unit that is the picture (ITU-T H.264 table 7-1).
static inline bool rtsp_nal_is_vcl(unsigned type)
{
    return type >= RTSP_NAL_SLICE && type <= RTSP_NAL_IDR;
}

struct rtsp_h264_sps {
    unsigned id; // 0 to 31
    struct rtsp_picture_info info;
};

// 0, or -EBADMSG: not an SPS, cut short, or a value that the standard does not allow.
int rtsp_h264_parse_sps(const uint8_t *nal, size_t len, struct rtsp_h264_sps *out);

// pic_parameter_set_id, 0 to 255. 0 or -EBADMSG.
int rtsp_h264_parse_pps_id(const uint8_t *nal, size_t len, unsigned *id);

struct rtsp_h264_slice {
    unsigned first_mb; // 0: the slice begins a picture
    bool b_slice;      // slice_type 1 or 6: predicted from later pictures as well
};

// The start of the slice header of a NAL unit of type 1, 2 or 5. 0 or -EBADMSG.
int rtsp_h264_parse_slice(const uint8_t *nal, size_t len, struct rtsp_h264_slice *out);
