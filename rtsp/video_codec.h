// SPDX-License-Identifier: Apache-2.0
//
// What differs between video codecs, as a table: how parts of a picture lie in RTP payloads, what
// each part is, and how a picture is laid into payloads again. Ingest thread. The functions keep
// nothing: their state is the track's. What all codecs share, where a picture ends and what becomes
// of it after loss, is in access_unit.h.
//
// A part is what the codec's own syntax takes a picture apart into: a NAL unit of H.264 and H.265,
// an OBU of AV1, a whole frame of VP8 and VP9.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/parameter_sets.h"
#include "rtsp/rtp.h"
#include "rtsp/source.h"

struct rtsp_access_unit;
struct rtsp_nal_payload;

enum rtsp_part_fate {
    RTSP_PART_KEPT,
    RTSP_PART_LEFT_OUT,  // viewers have no use for it
    RTSP_PART_MALFORMED, // left out and counted; the picture is whole without it
    RTSP_PART_BROKEN,    // left out and counted; the picture is damaged
};

// What one part is.
struct rtsp_verdict {
    enum rtsp_part_fate fate;
    bool picture;   // of the picture itself: a slice, a frame
    bool follows;   // picture: not the first part of its picture
    bool keyframe;  // picture: viewers can begin here; told of broken ones too
    bool b_picture; // picture: shown before one that was sent before it
    // b_picture: no other picture depends on it, but such that are expendable as well.
    bool expendable;
    // picture: it depends on pictures before the keyframe that it follows, so that a decoder which
    // has begun at that keyframe cannot show it.
    bool skipped_at_start;
    // A parameter set: its kind, RTSP_SET_NONE: it is none, and its id among those of that kind.
    uint8_t set;
    unsigned set_id;
    struct rtsp_picture_info info; // width 0: it does not tell
};

// A track's depacketiser. All zero: nothing seen.
struct rtsp_depacketiser {
    bool in_fragment;      // of a part, whose rest comes with the next payloads
    uint8_t fragment_type; // H.264, H.265: NAL unit type being reassembled
    uint64_t malformed;    // payloads thrown away, at least in part
    uint64_t refused;      // of a payload structure that was not asked for, or an undefined one
};

// A finished picture, valid until rtsp_access_unit_release().
struct rtsp_unit {
    const struct rtsp_video_codec *codec;
    const struct rtsp_part *part;
    size_t part_count; // > 0
    bool keyframe;     // with the parameter sets that it needs in front
};

struct rtsp_video_codec {
    const struct rtsp_nal_payload *nal; // how NAL units lie in payloads; NULL: it has none
    bool start_codes; // parts are NAL units: Annex B start codes inside one split it
    bool brittle;     // decoders conceal nothing: a loss spoils all up to the next keyframe

    // How many parameter sets of each kind are remembered; 0: the codec has no such kind. A
    // keyframe leaves with those of all kinds in front, in the order of the kinds. In all at most
    // RTSP_PARAMETER_SETS_MAX.
    uint8_t sets[RTSP_SET_KINDS];

    // Takes one payload into the open access unit.
    void (*depacketise)(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                        const struct rtsp_rtp *rtp);

    // Packets are missing before the next one: a part in fragments is lost.
    void (*lose)(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);

    // The access unit is about to be finished: a part in fragments is ended or lost.
    void (*end)(struct rtsp_depacketiser *d, struct rtsp_access_unit *au);

    // Tells what a part is, len > 0, by itself and by the parameter sets before it.
    void (*judge)(const struct rtsp_parameter_sets *sets, const uint8_t *data, size_t len,
                  struct rtsp_verdict *verdict);

    // Publishes the unit in payloads of at most payload_max bytes, RTSP_PAYLOAD_MIN to
    // ENG_PAYLOAD_MAX; the caller flushes. Its first packet is FRAME_START, its last MARKER, those
    // of a keyframe are all KEYFRAME.
    void (*packetise)(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                      int64_t media_time, int64_t capture_ns);
};

// NULL: not a video codec, or none that is carried.
const struct rtsp_video_codec *rtsp_video_codec_of(enum rtsp_codec codec);

extern const struct rtsp_video_codec rtsp_video_h264;
extern const struct rtsp_video_codec rtsp_video_h265;
extern const struct rtsp_video_codec rtsp_video_vp8;
extern const struct rtsp_video_codec rtsp_video_vp9;
extern const struct rtsp_video_codec rtsp_video_av1;
