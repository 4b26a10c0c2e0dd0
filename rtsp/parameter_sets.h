// SPDX-License-Identifier: Apache-2.0
//
// The parameter sets of a video stream, remembered by kind and id so that they can be repeated
// before each keyframe (RFC 6184 8.2.2, RFC 7798 7.1). Ingest thread; a plain struct in the
// caller's memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One part of a picture (video_codec.h) in somebody's memory.
struct rtsp_part {
    const uint8_t *data;
    size_t len; // > 0
};

// What a stream says of its pictures.
struct rtsp_picture_info {
    uint8_t profile[3];     // as in struct rtsp_track_info
    unsigned width, height; // pixels, after cropping; 0: not known
};

enum {
    RTSP_SET_NONE,      // not a parameter set
    RTSP_SET_KINDS = 4, // that one, and as many as H.265 has: VPS, SPS, PPS
    // Bytes of one. An H.264 SPS with all scaling lists and a full VUI has about 200.
    RTSP_PARAMETER_SET_MAX = 256,
    // Of all kinds together. A further one of a kind replaces the oldest of that kind.
    RTSP_PARAMETER_SETS_MAX = 12,
};

struct rtsp_parameter_set {
    unsigned id;
    size_t len; // 0: free
    uint8_t data[RTSP_PARAMETER_SET_MAX];
};

struct rtsp_parameter_sets {
    const uint8_t *count;        // of each kind, RTSP_SET_KINDS of them
    size_t turn[RTSP_SET_KINDS]; // which to replace when all of a kind are taken
    struct rtsp_parameter_set set[RTSP_PARAMETER_SETS_MAX]; // those of one kind are neighbours
    struct rtsp_picture_info live; // what the stream said last; width 0: nothing yet
};

// None known. count: of a codec, see struct rtsp_video_codec; not copied.
void rtsp_parameter_sets_init(struct rtsp_parameter_sets *sets, const uint8_t *count);

// Remembers one. 0; -E2BIG: larger than RTSP_PARAMETER_SET_MAX, so not to be repeated, nor is the
// one that it replaces.
int rtsp_parameter_sets_take(struct rtsp_parameter_sets *sets, unsigned kind, unsigned id,
                             const uint8_t *data, size_t len);

// The set of that kind and id. False: it is not known.
bool rtsp_parameter_sets_find(const struct rtsp_parameter_sets *sets, unsigned kind, unsigned id,
                              struct rtsp_part *out);

// Lists those of one kind; view has room for as many as the codec remembers. Returns how many.
size_t rtsp_parameter_sets_list(const struct rtsp_parameter_sets *sets, unsigned kind,
                                struct rtsp_part *view);
