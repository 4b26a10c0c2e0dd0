// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of VP9 to carry it: the start of a frame's uncompressed header (VP9
// Bitstream Specification 6.2). Plain functions on the caller's memory, any thread; bytes may be
// anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtsp_vp9_frame {
    bool keyframe;
    uint8_t profile;        // 0 to 3: bit depth and chroma format
    unsigned width, height; // pixels, of a keyframe; else 0
};

// 0, or -EBADMSG: cut short, or not what a frame begins with.
int rtsp_vp9_parse_frame(const uint8_t *data, size_t len, struct rtsp_vp9_frame *out);
