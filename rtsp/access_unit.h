// SPDX-License-Identifier: Apache-2.0
//
// Access units of an H.264 stream: gathers the NAL units of one picture, decides where the picture
// ends and whether it may be shown (ITU-T H.264 7.4.1.2.3, RFC 6184 5.1). Ingest thread. The struct
// belongs to the caller; the room for the NAL units is borrowed from the thread's pool from a
// unit's first packet until it is published (unit_pool.h).
//
// Where a unit ends. A new RTP timestamp always ends it. A marker bit ends it at once, without a
// wait for the next packet, but only when it can be believed, because some cameras set it on each
// slice or on parameter sets and some never do:
//   - before the first slice of a unit it means nothing;
//   - it is believed once RTSP_MARKER_PROOF units in a row had exactly one marker, on their last
//   packet;
//   - when a packet of the same timestamp follows a unit that a marker has ended, it takes
//     RTSP_MARKER_PROOF_AFTER_LIE such units until it is believed again.
//
// What is left out: access unit delimiters, filler, NAL units that are malformed, and SEI of
// nothing but buffering_period, pic_timing and filler_payload (ITU-T H.264 Annex D). These serve
// the timing of a hypothetical decoder, where browsers go by RTP timestamps, and in front of a
// slice each would be a short packet that splits a train. Annex B start codes inside a NAL unit are
// not H.264, yet cameras send them: they split it.
//
// Parameter sets are remembered, and each IDR unit leaves with them in front: SPS, then PPS, then
// the rest; those of the unit itself where it has some.
//
// Loss. A unit that lost a NAL unit is damaged. A damaged one is published without what it lost,
// since decoders conceal; a damaged IDR unit is dropped. Nothing is published before the first
// IDR unit of a session nor from a dropped IDR unit to the next whole one, since all that refers to
// a picture which no viewer has. A unit for which there is no memory is dropped like one that is
// too large, and may have been an IDR unit.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/h264.h"
#include "rtsp/parameter_sets.h"
#include "rtsp/unit_pool.h"

enum {
    RTSP_MARKER_PROOF = 2,
    RTSP_MARKER_PROOF_AFTER_LIE = 1000,
};

// A finished unit, valid until rtsp_access_unit_release().
struct rtsp_unit {
    const struct rtsp_nal *nal;
    size_t nal_count; // > 0
    bool keyframe;    // IDR, with SPS and PPS in front
};

struct rtsp_access_unit {
    struct rtsp_unit_pool *pool;

    // The unit being gathered.
    struct rtsp_unit_room *room; // until the unit is released; NULL: there was no memory
    size_t len;                  // bytes in the room
    size_t nal_count;
    bool open;
    uint32_t timestamp;
    bool has_slice;
    bool has_idr;
    bool idr_lost; // a NAL unit of type 5 was lost
    bool damaged;
    bool oversize;
    bool after_gap; // packets were lost just before this unit
    unsigned markers;
    bool last_marker; // the last packet had it
    bool nal_open;    // a NAL unit is being appended
    size_t nal_start;

    // Whether markers are to be believed.
    unsigned marker_streak;
    unsigned marker_proof;
    bool marker_ended; // a marker has ended the last unit

    bool gap;                        // packets were lost since the last packet
    bool waiting;                    // for an IDR unit
    struct rtsp_parameter_sets sets; // of this session
    bool b_frames;                   // seen in this session

    // Counters of the stream's life.
    uint64_t malformed;      // NAL units left out: reserved type, forbidden bit, cut short
    uint64_t damaged_units;  // published although something of them was lost
    uint64_t dropped_units;  // waiting for an IDR unit, broken IDR unit, no parameter sets known
    uint64_t oversize_units; // dropped: beyond RTSP_UNIT_BYTES_MAX, RTSP_UNIT_NALS_MAX or memory
};

// The pool must outlive it.
void rtsp_access_unit_init(struct rtsp_access_unit *au, struct rtsp_unit_pool *pool);
void rtsp_access_unit_fini(struct rtsp_access_unit *au);

// A new session: forgets the unfinished unit and the parameter sets. Those that come by another way
// (SDP) may then be put into au->sets.
void rtsp_access_unit_begin(struct rtsp_access_unit *au);

// Per RTP packet, in this order:
//
//     if packets are missing before it:  _lost(au, timestamp)
//     if (_ends_before(au, timestamp)):  _finish(au, &unit), publish, _release(au)
//     if (!au->open):                    _open(au, timestamp)
//     its NAL units:                     _nal_begin, _nal_append ..., _nal_end or _nal_lost
//     if (_ends_after(au, marker)):      _finish(au, &unit), publish, _release(au)
void rtsp_access_unit_lost(struct rtsp_access_unit *au, uint32_t next_timestamp);
bool rtsp_access_unit_ends_before(struct rtsp_access_unit *au, uint32_t timestamp);
void rtsp_access_unit_open(struct rtsp_access_unit *au, uint32_t timestamp);
bool rtsp_access_unit_ends_after(struct rtsp_access_unit *au, bool marker);

// Starts a NAL unit; one that was not ended before is lost.
void rtsp_access_unit_nal_begin(struct rtsp_access_unit *au);
void rtsp_access_unit_nal_append(struct rtsp_access_unit *au, const uint8_t *data, size_t len);
void rtsp_access_unit_nal_end(struct rtsp_access_unit *au);

// A NAL unit of this type is missing or incomplete; what was appended of it is taken back.
void rtsp_access_unit_nal_lost(struct rtsp_access_unit *au, unsigned type);

// Closes the unit. True: *out is to be published. False: it was empty, or dropped and counted.
bool rtsp_access_unit_finish(struct rtsp_access_unit *au, struct rtsp_unit *out);

// The unit is done with, or given up if it was not finished: its room goes back to the pool.
void rtsp_access_unit_release(struct rtsp_access_unit *au);
