// SPDX-License-Identifier: Apache-2.0
//
// What a viewer wants to know of an H.264 payload (RFC 6184): does a keyframe begin here, is there
// a slice, and when was the frame stamped at its source. The stamp is an SEI message (H.264 D.1.7,
// user_data_unregistered) that bench/source puts in front of a frame's first slice: the UUID below
// and CLOCK_MONOTONIC nanoseconds, 8 bytes, big endian. Any bytes may come in. Plain functions; any
// thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIEWERS_STAMP_UUID_LEN = 16
};

extern const uint8_t viewers_stamp_uuid[VIEWERS_STAMP_UUID_LEN];

struct viewers_h264 {
    bool keyframe; // an SPS or an IDR slice begins here
    bool slice;    // holds a slice or a part of one: no stamp comes after it in this frame
    bool stamped;
    int64_t stamp_ns;
};

// A single NAL unit, STAP-A or FU-A; others are passed over.
void viewers_h264_look(const uint8_t *payload, size_t len, struct viewers_h264 *out);
