// SPDX-License-Identifier: Apache-2.0
//
// Access units of a video stream of any codec: gathers the parts of one picture (video_codec.h),
// decides where the picture ends and whether it may be shown. Ingest thread. The struct belongs to
// the caller; the room for the parts is borrowed from the thread's pool from a unit's first packet
// until it is published (unit_pool.h).
//
// Where a unit ends. A new RTP timestamp always ends it. A marker bit ends it at once, without a
// wait for the next packet, but only when it can be believed, because some cameras set it on each
// slice or on parameter sets and some never do:
//   - before the first part of the picture itself it means nothing;
//   - it is believed once RTSP_MARKER_PROOF units in a row had exactly one marker, on their last
//   packet;
//   - when more of its picture follows a unit that a marker has ended, it takes
//     RTSP_MARKER_PROOF_AFTER_LIE such units until it is believed again;
//   - when a third picture begins in one unit, each behind a marker (two may be fields of one), the
//     camera's timestamps stand still and markers are all there is: they are believed from there
//     on, and the unit is damaged.
//
// Annex B start codes inside a NAL unit are neither H.264 nor H.265, yet cameras send them: they
// split it.
//
// Parameter sets are remembered, and each keyframe leaves with them in front: those of each kind,
// in the order of the kinds, then the rest; those of the unit itself where it has some.
//
// Loss. A unit that lost a part is damaged. A damaged one is published without what it lost, since
// decoders conceal; a damaged keyframe is dropped. Nothing is published before the first keyframe
// of a session nor from a dropped keyframe to the next whole one, since all that refers to a
// picture which no viewer has; likewise what follows such a keyframe and still depends on pictures
// before it, up to the next keyframe. A unit for which there is no memory is dropped like one that
// is too large, and may have been a keyframe. Of a brittle codec (video_codec.h) all pictures are
// dropped from a loss to the next whole keyframe, damaged or not.
//
// B-frames. Browsers show pictures in the order in which they come, and B-frames come late. Those
// on which no other picture depends are dropped if the caller wants it; a stream without them is
// as good as before. Others remain.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"
#include "rtsp/unit_pool.h"
#include "rtsp/video_codec.h"

enum {
    RTSP_MARKER_PROOF = 2,
    RTSP_MARKER_PROOF_AFTER_LIE = 1000,
};

struct rtsp_access_unit {
    struct rtsp_unit_pool *pool;
    bool drop_b_frames;                   // the caller's wish, at any time; false until then
    const struct rtsp_video_codec *codec; // of this session

    // The unit being gathered.
    struct rtsp_unit_room *room; // until the unit is released; NULL: there was no memory
    size_t len;                  // bytes in the room
    size_t part_count;
    bool open;
    uint32_t timestamp;
    bool has_picture; // a part of the picture itself
    bool keyframe;
    bool keyframe_lost;    // a part of a keyframe was lost
    bool skipped_at_start; // see struct rtsp_verdict
    bool b_picture;
    bool expendable;
    bool damaged;
    bool oversize;
    bool after_gap; // packets were lost just before this unit
    bool resumed;   // it has the timestamp of one that a marker has ended
    unsigned more;  // pictures that began behind a marker of this unit
    unsigned markers;
    bool last_marker; // the last packet had it
    bool part_open;   // a part is being appended
    size_t part_start;

    // Whether markers are to be believed.
    unsigned marker_streak;
    unsigned marker_proof;
    bool marker_ended; // a marker has ended the last unit

    bool gap;                        // packets were lost since the last packet
    bool waiting;                    // for a keyframe
    bool started;                    // the last keyframe has ended that wait
    struct rtsp_parameter_sets sets; // of this session
    bool b_frames;                   // published in this session
    bool b_frames_missing;           // dropped in this session

    // Counters of the stream's life.
    uint64_t malformed;     // parts left out: unknown type, cut short, not what the codec allows
    uint64_t damaged_units; // published although something of them was lost
    uint64_t dropped_units; // waiting for a keyframe, broken keyframe, no parameter sets known
    uint64_t dropped_b_frames;
    uint64_t oversize_units; // dropped: beyond RTSP_UNIT_BYTES_MAX, RTSP_UNIT_PARTS_MAX or memory
};

// The pool must outlive it.
void rtsp_access_unit_init(struct rtsp_access_unit *au, struct rtsp_unit_pool *pool);
void rtsp_access_unit_fini(struct rtsp_access_unit *au);

// A new session, with a codec: forgets the unfinished unit and the parameter sets. Comes before
// everything else.
void rtsp_access_unit_begin(struct rtsp_access_unit *au, const struct rtsp_video_codec *codec);

// Nothing is published before the next keyframe.
void rtsp_access_unit_wait(struct rtsp_access_unit *au);

// Takes a parameter set that comes by another way (SDP), len > 0. 0; -EBADMSG: it is none or
// malformed; -E2BIG: see rtsp_parameter_sets_take().
int rtsp_access_unit_take_set(struct rtsp_access_unit *au, const uint8_t *data, size_t len);

// Per RTP packet, in this order:
//
//     if packets are missing before it:  _lost(au, timestamp)
//     if (_ends_before(au, timestamp)):  _finish(au, &unit), publish, _release(au)
//     if (!au->open):                    _open(au, timestamp)
//     its parts:                         _part_begin, _part_append ..., _part_end or _part_lost
//     if (_ends_after(au, marker)):      _finish(au, &unit), publish, _release(au)
void rtsp_access_unit_lost(struct rtsp_access_unit *au, uint32_t next_timestamp);
bool rtsp_access_unit_ends_before(struct rtsp_access_unit *au, uint32_t timestamp);
void rtsp_access_unit_open(struct rtsp_access_unit *au, uint32_t timestamp);
bool rtsp_access_unit_ends_after(struct rtsp_access_unit *au, bool marker);

// Starts a part; one that was not ended before is lost.
void rtsp_access_unit_part_begin(struct rtsp_access_unit *au);
void rtsp_access_unit_part_append(struct rtsp_access_unit *au, const uint8_t *data, size_t len);
void rtsp_access_unit_part_end(struct rtsp_access_unit *au);

// The open part is of the picture itself, and what belongs to it will not be known before the unit
// ends: from here on markers mean something.
void rtsp_access_unit_picture_begins(struct rtsp_access_unit *au);

// A part is missing or incomplete, of a keyframe if that is known; what was appended of it is taken
// back.
void rtsp_access_unit_part_lost(struct rtsp_access_unit *au, bool keyframe);

// Closes the unit. True: *out is to be published. False: it was empty, or dropped and counted.
bool rtsp_access_unit_finish(struct rtsp_access_unit *au, struct rtsp_unit *out);

// The unit is done with, or given up if it was not finished: its room goes back to the pool.
void rtsp_access_unit_release(struct rtsp_access_unit *au);
