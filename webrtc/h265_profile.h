// SPDX-License-Identifier: Apache-2.0
//
// H.265 parameters of an a=fmtp line and how near an offered profile is to a stream's (RFC 7798
// 7.1, 7.2.2; draft-ietf-avtcore-hevc-webrtc). Plain functions; any thread; no heap.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wrtc_h265_params {
    uint8_t profile[3]; // profile-id, tier-flag, level-id; absent: 1 (Main), 0 (Main), 93 (3.1)
    bool srst;          // tx-mode: all in one RTP stream, which is what we send; absent: it is
};

// 0, or -EINVAL: a parameter named above has a value that it cannot have.
int wrtc_h265_params_parse(const char *fmtp, struct wrtc_h265_params *out);

// How far an offered profile is from the stream's: 0 is the same, then those whose decoders show
// the stream too, each of Main Still Picture, Main and Main 10 those before it; further where the
// stream is of the High tier and the offered tier is not, which only bounds bit rates. -1: a
// decoder for the offered profile shows no picture. The level does not count: cameras state higher
// ones than they use, and browsers decode what they can.
int wrtc_h265_distance(const uint8_t live[3], const uint8_t offered[3]);

// What the answer says: the offered profile and tier, for clients look the payload type up by them,
// at the level of the stream, which may be below the offered one but not above (RFC 7798 7.2.2).
void wrtc_h265_answer(const uint8_t offered[3], const uint8_t live[3], uint8_t out[3]);
