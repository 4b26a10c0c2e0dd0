// SPDX-License-Identifier: Apache-2.0
//
// What a viewer wants to know of an H.264 payload (RFC 6184): does a keyframe begin here, is there
// a slice, and when was the frame stamped at its source (bench/stamp.h). Any bytes may come in.
// Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct viewers_h264 {
    bool keyframe; // an SPS or an IDR slice begins here
    bool slice;    // holds a slice or a part of one: no stamp comes after it in this frame
    bool stamped;
    int64_t stamp_ns;
};

// A single NAL unit, STAP-A or FU-A; others are passed over. A stamp is looked for in whole NAL
// units.
void viewers_h264_look(const uint8_t *payload, size_t len, struct viewers_h264 *out);
