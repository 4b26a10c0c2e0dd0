// SPDX-License-Identifier: Apache-2.0
//
// One track of one source: the camera's RTP and RTCP in, packets through the publish door out.
// Ingest thread. Does no I/O and reads no clock. A track lives as long as its source, so that its
// media time runs on over reconnects; each RTSP session begins it anew with the format from its
// SDP.
//
// Video: RTP -> depacketise (NAL units, frames) -> access unit (parameter sets before each
// keyframe) -> packetise into n = ceil(size / payload_max) payloads of equal size -> eng_publish_*,
// by what video_codec.h says of the codec. Audio: one RTP payload is one packet, or some where it
// is long; AAC becomes Opus (aac.h). The caller flushes the stream once it has handed in all that
// it has read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/aac_config.h"
#include "rtsp/clock.h"
#include "rtsp/parameter_sets.h"
#include "rtsp/source.h"
#include "rtsp/unit_pool.h"

// How a camera can be asked for a keyframe: what its SDP says that it listens to (a=rtcp-fb).
enum rtsp_refresh {
    RTSP_REFRESH_NONE,
    RTSP_REFRESH_PLI, // "nack pli", RFC 4585 4.2
    RTSP_REFRESH_FIR, // "ccm fir", RFC 5104 7.1, where there is no PLI
};

// What the camera's SDP says of a track (RFC 8866, RFC 6184 8.2.1).
struct rtsp_format {
    enum rtsp_codec codec;
    uint8_t payload_type;
    uint32_t clock_rate;
    unsigned channels;
    enum rtsp_refresh refresh;
    // Parameter sets that the SDP has, decoded: one NAL unit of each kind, in any order. Bounded;
    // what is too large is left out.
    struct rtsp_parameter_set set[RTSP_SET_KINDS - 1];
    struct rtsp_aac_config aac; // AAC
};

// Counters run over the life of the track.
struct rtsp_track_stats {
    uint64_t rtp_packets;     // received, whatever became of them
    uint64_t rtp_lost;        // missing in gaps of the sequence numbers
    uint64_t rtp_late;        // thrown away: duplicates, or behind newer ones
    uint64_t rtp_jumps;       // times the sequence numbers or the timestamps started anew
    uint64_t rtp_malformed;   // thrown away, at least in part: not RTP, other payload type, broken
    uint64_t frames;          // video: access units published; audio: RTP payloads
    uint64_t keyframes;       // of those
    uint64_t frames_damaged;  // of those: published without a part that was lost
    uint64_t frames_dropped;  // broken keyframes, and what could not be shown before the next one
    uint64_t frames_oversize; // dropped: beyond RTSP_UNIT_BYTES_MAX, RTSP_UNIT_PARTS_MAX or memory
    uint64_t b_frames_dropped;
    bool b_frames;         // published in this session
    bool b_frames_missing; // dropped in this session
};

// What a receiver report says of a track's RTP, beside its counters (RFC 3550 6.4.1).
struct rtsp_reception {
    uint32_t ssrc;
    uint32_t highest; // sequence number, extended by its wraps
};

struct rtsp_track;

// Smaller payloads would be more header than media.
enum {
    RTSP_PAYLOAD_MIN = 256
};

// payload_max: RTSP_PAYLOAD_MIN to ENG_PAYLOAD_MAX. units: of the thread, for video; outlives the
// track. 0, -EINVAL or -ENOMEM.
int rtsp_track_create(struct eng_stream *stream, enum eng_track kind, size_t payload_max,
                      struct rtsp_unit_pool *units, struct rtsp_track **out);
void rtsp_track_destroy(struct rtsp_track *track);

// Of video, before the first session: drop B-frames on which no other picture depends.
void rtsp_track_drop_b_frames(struct rtsp_track *track);

// A new session with the camera: forgets sequence numbers, SSRC, partial frames and the clock's
// anchor. Media time goes on from where wall time puts it. A codec that does not belong on the
// track, or not at that clock rate, and AAC that the decoder refuses are taken as RTSP_CODEC_NONE:
// packets are ignored until the next session.
void rtsp_track_begin(struct rtsp_track *track, const struct rtsp_format *format);

// The session is over, and the next may be long in coming: gives up the picture that is being
// gathered, and what decodes sound, and their memory.
void rtsp_track_end(struct rtsp_track *track);

// One RTP packet (RFC 3550 5.1). What is wrong is counted and dropped.
void rtsp_track_rtp(struct rtsp_track *track, const uint8_t *data, size_t len, struct rtsp_now now);

// One compound RTCP packet of the camera; its SR ties RTP time to the camera's clock. Reads and
// writes *camera_offset_ns, one variable for all tracks of a source: from the camera's clock to
// ours (clock.h). The source sets it to RTSP_CAMERA_OFFSET_UNKNOWN, 0, when a session begins.
void rtsp_track_rtcp(struct rtsp_track *track, const uint8_t *data, size_t len,
                     int64_t *camera_offset_ns);

// An RTCP packet of the camera says BYE for the SSRC that the track came with (RFC 3550 6.6).
bool rtsp_track_says_bye(const struct rtsp_track *track, const uint8_t *data, size_t len);

// False: no RTP in this session yet.
bool rtsp_track_reception(const struct rtsp_track *track, struct rtsp_reception *out);

// Another's media is going out in the track's stream (fallback.h): gives up the picture or the
// sound that is being gathered, and goes on with a keyframe. The session may go on. Returns the
// clock that goes on meanwhile.
const struct rtsp_clock *rtsp_track_yield(struct rtsp_track *track);

// So far has that clock come.
void rtsp_track_pass(struct rtsp_track *track, const struct rtsp_clock *clock);

// Rates and the like of this session, each second; see figures.h.
void rtsp_track_measure(struct rtsp_track *track, struct rtsp_now now,
                        struct rtsp_track_figures *out);

const struct rtsp_track_stats *rtsp_track_stats(const struct rtsp_track *track);

// Codec, clock and, for video, what the stream last said of its pictures.
const struct rtsp_track_info *rtsp_track_info(const struct rtsp_track *track);
