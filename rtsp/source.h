// SPDX-License-Identifier: Apache-2.0
//
// One RTSP source: connects to a camera, keeps it playing, publishes its packets.
//
// A source lives on one ingest thread, the one that runs its event_base: every call here is made
// by that thread. I/O is done here, in dial.h and in link.h; the protocol below (client.h,
// depacketisers, packetiser) takes bytes and a clock and gives actions.
//
// RTSP_CHOOSE_AUTO begins with UDP. A camera that refuses it, and one of which nothing has arrived
// 3 s after PLAY, is asked for TCP from then on.
//
// Nothing that a camera does ends a source: it goes back to RTSP_WAITING and tries again, when,
// life.h says; rtsp_source_stop() ends it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/life.h"
#include "rtsp/tls.h"
#include "rtsp/transport.h"

struct event_base;
struct eng_stream;
struct rtsp_unit_pool;

enum rtsp_codec {
    RTSP_CODEC_NONE, // the camera has no such track, or none that can be carried
    RTSP_CODEC_H264,
    RTSP_CODEC_H265,
    RTSP_CODEC_VP8,
    RTSP_CODEC_VP9,
    RTSP_CODEC_AV1,
    RTSP_CODEC_OPUS,
    RTSP_CODEC_PCMU,
    RTSP_CODEC_PCMA,
    RTSP_CODEC_G722,
    RTSP_CODEC_L16,
    RTSP_CODEC_AAC, // of a camera; it is published as Opus
};

const char *rtsp_codec_name(enum rtsp_codec codec); // "H264", "opus", "PCMU", ... or "none"

// How media shall come.
enum rtsp_transport_choice {
    RTSP_CHOOSE_AUTO, // over UDP; where the camera refuses that or nothing arrives, over TCP
    RTSP_CHOOSE_TCP,
    RTSP_CHOOSE_UDP,
    RTSP_CHOOSE_MULTICAST,
};

enum {
    RTSP_NOTE_MAX = 160, // bytes with the NUL
};

struct rtsp_track_info {
    enum rtsp_codec codec;        // that is published
    enum rtsp_codec camera_codec; // the same, or what it was made from
    uint32_t clock_rate;          // of the RTP that is published: 90000, 48000, 8000; of L16 any
    unsigned channels;            // audio: 1 or 2
    // Of the live stream (before it has told: of the camera's SDP).
    //     H.264:  profile_idc, profile_iop, level_idc        (RFC 6184 8.1)
    //     H.265:  profile_id, tier_flag, level_id            (RFC 7798 7.1)
    //     VP9:    profile                                    (RFC 9628 6)
    //     AV1:    profile, level_idx, tier                   (AV1 RTP specification 7.2)
    uint8_t profile[3];
    unsigned width, height; // pixels, 0: not known yet
    // Codec NONE: why what the camera sends is not carried, in one line; empty: it has no such
    // track.
    char note[RTSP_NOTE_MAX];
};

// What can be measured of a track that is coming. All zero: nothing has come.
struct rtsp_track_figures {
    double frames_per_s;        // video frames, or RTP payloads of audio, that were published
    double bits_per_s;          // of RTP payloads as they came
    double keyframe_interval_s; // between the last two
    double jitter_s;            // RFC 3550 6.4.1, of the first packets of frames
    double drift_ppm;           // by which the camera's media clock is faster than ours
    bool drift_known;           // it takes a minute
};

// What becomes of a source's stream while it is down; see fallback.h.
enum rtsp_fallback_state {
    RTSP_FALLBACK_OFF,
    RTSP_FALLBACK_SHOWN,  // another source's media is shown
    RTSP_FALLBACK_MISFIT, // it is not, as its codec is another
};

// What is known of a source. Copied out to whoever wants to show it.
struct rtsp_source_status {
    enum rtsp_state state;
    // Of the session, or the last one. Before the first: of what is shown in its place.
    struct rtsp_track_info video;
    struct rtsp_track_info audio;
    int64_t live_since_ms; // CLOCK_REALTIME, 0: not live
    // Of the session, or the last one.
    enum rtsp_transport_kind transport;
    bool tls;             // rtsps
    bool tunnel;          // +http
    uint64_t connects;    // attempts so far
    uint64_t disconnects; // of a source that had been live
    uint64_t
        reconnects[RTSP_CAUSES]; // of sessions and attempts that rtsp_source_stop() did not end
    uint64_t bytes_received;     // RTSP and interleaved bytes
    uint64_t rtp_packets;        // received, all tracks
    uint64_t rtp_lost;           // gaps in the sequence numbers
    uint64_t rtp_late;           // packets thrown away: duplicates, or behind newer ones
    uint64_t rtp_reordered;      // packets that came in the wrong order, and were put right
    uint64_t rtp_malformed;      // packets thrown away: not RTP, unknown channel, broken payload
    uint64_t frames;             // video access units published
    uint64_t keyframes;          // of those
    uint64_t frames_damaged;     // of those: published without a part that was lost
    uint64_t frames_dropped;     // broken keyframes, what depended on them, and oversize ones
    uint64_t b_frames_dropped;   // as RTSP_B_FRAMES_DROP has it
    struct rtsp_track_figures figures[ENG_TRACKS]; // as of the last second
    enum rtsp_fallback_state fallback;
    bool b_frames;         // published in this session: most viewers show them out of order
    bool b_frames_missing; // dropped in this session
    char last_error[RTSP_TLS_ERROR_MAX]; // one line: what, where, what to do; empty: none so far
};

// What becomes of B-frames, which browsers show out of order.
enum rtsp_b_frames {
    RTSP_B_FRAMES_KEEP,
    RTSP_B_FRAMES_DROP, // but those on which other pictures depend
};

struct rtsp_source_config {
    const char *url;           // rtsp[s][+http]://[user:pass@]host[:port]/path
    struct rtsp_trust trust;   // for rtsps; its context is of the ingest thread
    struct eng_stream *stream; // where packets go
    enum rtsp_transport_choice transport;
    enum rtsp_b_frames b_frames;
    size_t payload_max;           // RTP payload bytes per packet, 256 to ENG_PAYLOAD_MAX
    struct rtsp_unit_pool *units; // of the ingest thread; outlives the source
    // Called whenever anything in the status but its counters has changed; also once a second
    // while live. The status is the source's own: copy what you need. It may start and stop the
    // source, but not destroy it.
    void (*on_status)(void *ctx, const struct rtsp_source_status *status);
    void *ctx;
};

struct rtsp_source;

// 0 or -errno. The configuration's strings are copied. -EINVAL: the URL is bad (check it before
// with rtsp_url_parse, which says why).
int rtsp_source_create(struct event_base *base, const struct rtsp_source_config *config,
                       struct rtsp_source **out);

// While the source is down, what the other publishes goes out in its place. Once, before either is
// started; the other has none itself, and is on the same event_base.
void rtsp_source_fall_back(struct rtsp_source *source, struct rtsp_source *other);

// Starts connecting. The state is no longer idle after this call.
void rtsp_source_start(struct rtsp_source *source);

// Sends TEARDOWN if there is a session, waits for its answer for at most 500 ms, then closes;
// on_status says idle when that is done. Calling it twice does no harm.
void rtsp_source_stop(struct rtsp_source *source);

// Closes at once and frees.
void rtsp_source_destroy(struct rtsp_source *source);
