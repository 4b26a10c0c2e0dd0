// SPDX-License-Identifier: Apache-2.0
//
// H.264 parameters of an a=fmtp line and how near an offered profile is to a stream's (RFC 6184
// 8.1, 8.2.2). Plain functions; any thread; no heap.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Ordered by what a decoder of the profile is able to do; each comment says what is below it that
// it cannot decode.
enum wrtc_h264_profile {
    WRTC_H264_CONSTRAINED_BASELINE,
    WRTC_H264_BASELINE,
    WRTC_H264_EXTENDED,
    WRTC_H264_MAIN,             // not Baseline, Extended
    WRTC_H264_CONSTRAINED_HIGH, // nor Main: no interlace, no B slices
    WRTC_H264_HIGH,             // not Baseline, Extended; all profiles below likewise
    WRTC_H264_HIGH_10,
    WRTC_H264_HIGH_422,
    WRTC_H264_HIGH_444,
    WRTC_H264_OTHER, // intra-only and unknown ones; each fits only itself
};

struct wrtc_h264_params {
    uint8_t profile_level_id[3]; // profile_idc, constraint flags, level_idc; absent: 42000A
    unsigned packetization_mode; // absent: 0
    bool level_asymmetry_allowed;
};

// 0, or -EINVAL: a parameter named above has a value that it cannot have.
int wrtc_h264_params_parse(const char *fmtp, struct wrtc_h264_params *out);

// By RFC 6184 table 5, so that 42E0, 4240, 4D80 and 58C0 are all Constrained Baseline; and
// Constrained High (H.264 A.2.4.2), which the table does not have.
enum wrtc_h264_profile wrtc_h264_profile_of(const uint8_t profile_level_id[3]);

enum {
    WRTC_H264_BEYOND = 100, // from here on: distances of profiles that do not contain the stream's
};

// How far an offered profile is from the stream's: 0 is the same, then those that contain it, then
// from WRTC_H264_BEYOND on the others, the nearest first. -1: a decoder for the offered profile
// shows no picture: above High, other sample formats begin. A stream of unknown profile (all zero)
// counts as Constrained Baseline.
int wrtc_h264_distance(const uint8_t live[3], const uint8_t offered[3]);

// The profile-level-id of the answer: the offered profile at the level of the stream, which without
// level-asymmetry-allowed is not above the offered one. Levels are compared by level_idc; 1b, whose
// pictures are thumbnails, counts as 1.1.
void wrtc_h264_answer(const struct wrtc_h264_params *offered, const uint8_t live[3],
                      uint8_t out[3]);
