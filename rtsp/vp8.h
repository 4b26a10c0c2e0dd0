// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of VP8 to carry it: the start of a frame (RFC 6386 9.1, 19.1). Plain
// functions on the caller's memory, any thread; bytes may be anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtsp_vp8_frame {
    bool keyframe;
    unsigned width, height; // pixels, of a keyframe; else 0
};

// 0, or -EBADMSG: cut short, or a keyframe without its start code.
int rtsp_vp8_parse_frame(const uint8_t *data, size_t len, struct rtsp_vp8_frame *out);
