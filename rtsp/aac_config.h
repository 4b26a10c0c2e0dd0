// SPDX-License-Identifier: Apache-2.0
//
// What a camera's SDP says of its AAC: how RTP carries it, and what the decoder must know. Two
// payload formats: MPEG4-GENERIC (RFC 3640) in its modes AAC-hbr and AAC-lbr, without what else an
// AU header may have, and MP4A-LATM (RFC 6416) with the configuration in the SDP (cpresent=0), one
// program of one layer. Pure functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/span.h"

enum {
    RTSP_AAC_SPECIFIC_MAX = 64, // bytes; most have 2 to 7
};

struct rtsp_aac_config {
    bool latm;
    // Bits of an AU header (RFC 3640 3.2.1): AU-size, 1 to 16; AU-Index and AU-Index-delta, up
    // to 8.
    unsigned size_bits, index_bits, delta_bits;
    uint8_t specific[RTSP_AAC_SPECIFIC_MAX]; // AudioSpecificConfig (ISO 14496-3 1.6.2.1)
    size_t specific_len;                     // at least 2
    unsigned channels;                       // 1, or 2 for two and more
};

// Reads the parameters of a=fmtp. 0; -EINVAL: none, or wrong; -ENOTSUP: none of the above.
int rtsp_aac_config_parse(bool latm, struct rtsp_span fmtp, struct rtsp_aac_config *out);
