// SPDX-License-Identifier: Apache-2.0
//
// SDP offer and answer for a viewer (RFC 8866, 3264, 8829, 8843; WHEP: the server only sends).
// Plain functions on the caller's memory; any thread. No heap.
//
//     wrtc_offer_parse -> wrtc_offer_select -> wrtc_answer_write
//
// The offer's candidates are not read: an ICE-lite agent learns peer-reflexive addresses.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    WRTC_SDP_MAX = 65536,      // bytes of an offer or answer; a browser's offer has 7,000
    WRTC_MEDIA_MAX = 16,       // m-lines; a viewer needs two
    WRTC_CODECS_MAX = 64,      // payload types per m-line; browsers offer up to 40
    WRTC_EXTMAPS_MAX = 32,     // header extensions per m-line; browsers offer up to 14
    WRTC_CANDIDATES_MAX = 32,  // of ours, in an answer
    WRTC_MID_MAX = 32,         // bytes with NUL; browsers count from "0"
    WRTC_TOKEN_MAX = 32,       // bytes with NUL of the other words that an answer repeats
    WRTC_FMTP_MAX = 256,       // bytes with NUL of a=fmtp parameters
    WRTC_UFRAG_MAX = 257,      // RFC 8839 5.4: up to 256 characters, and NUL
    WRTC_PWD_MAX = 257,        //
    WRTC_FINGERPRINT_MAX = 64, // SHA-512
};

enum wrtc_codec {
    WRTC_CODEC_NONE,
    WRTC_CODEC_H264,
    WRTC_CODEC_H265,
    WRTC_CODEC_VP8,
    WRTC_CODEC_VP9,
    WRTC_CODEC_AV1,
    WRTC_CODEC_OPUS,
    WRTC_CODEC_PCMU,
    WRTC_CODEC_PCMA,
    WRTC_CODEC_G722,
    WRTC_CODEC_L16,
};

// What the stream can send on one track.
struct wrtc_track {
    enum wrtc_codec codec; // NONE: the stream has no such track
    uint32_t clock_rate;
    unsigned channels;
    // Of the live stream; all zero: not known yet.
    //     H.264:  profile_idc, profile_iop, level_idc        (RFC 6184 8.1)
    //     H.265:  profile_id, tier_flag, level_id            (RFC 7798 7.1)
    //     VP9:    profile                                    (RFC 9628 6)
    //     AV1:    profile, level_idx, tier                   (AV1 RTP specification 7.2)
    uint8_t profile[3];
};

// Certificate fingerprint (RFC 8122).
struct wrtc_fingerprint {
    char algorithm[16]; // "sha-256"; from an offer also "sha-384" or "sha-512"
    uint8_t bytes[WRTC_FINGERPRINT_MAX];
    size_t len;
};

enum wrtc_setup { // RFC 4145 4
    WRTC_SETUP_NONE,
    WRTC_SETUP_ACTPASS,
    WRTC_SETUP_ACTIVE,
    WRTC_SETUP_PASSIVE,
    WRTC_SETUP_HOLDCONN,
};

// ICE and DTLS parameters of the viewer.
struct wrtc_transport {
    char ufrag[WRTC_UFRAG_MAX];
    char pwd[WRTC_PWD_MAX];
    struct wrtc_fingerprint fingerprint;
    enum wrtc_setup setup;
};

struct wrtc_offer_codec {
    uint8_t payload_type;
    char name[16]; // encoding name as offered; empty: a static payload type that is not known here
    uint32_t clock_rate;
    unsigned channels;        // 1 where the offer names none
    char fmtp[WRTC_FMTP_MAX]; // a=fmtp parameters, empty: none
    bool nack, nack_pli, ccm_fir, transport_cc, goog_remb;
};

// A header extension that the viewer receives; those that it would only send are not read.
struct wrtc_offer_extmap {
    uint8_t id;    // of this m-line only: aiortc gives one id to different URIs in two m-lines
    bool recvonly; // offered with that direction, so that the answer has to name its own
    char uri[96];
};

enum wrtc_kind {
    WRTC_KIND_OTHER,
    WRTC_KIND_VIDEO,
    WRTC_KIND_AUDIO,
};

struct wrtc_offer_media {
    enum wrtc_kind kind;
    char kind_name[WRTC_TOKEN_MAX]; // as offered, for the answer
    char protocol[WRTC_TOKEN_MAX];  // as offered
    bool savpf;                     // its profile is RTP/SAVPF, over UDP/TLS or what JSEP allows
    char format[WRTC_TOKEN_MAX];    // the first one as offered: a payload type, or a name
    char mid[WRTC_MID_MAX];         // empty: none
    bool bundle_only;
    bool bundled;  // in the (first) BUNDLE group
    bool refused;  // offered with port 0 and not bundle-only
    bool receives; // the viewer will receive: recvonly or sendrecv
    bool rtcp_mux;
    bool rtcp_rsize;
    struct wrtc_transport transport;
    size_t codec_count; // 0 where the protocol is not RTP
    struct wrtc_offer_codec codec[WRTC_CODECS_MAX];
    size_t extmap_count;
    struct wrtc_offer_extmap extmap[WRTC_EXTMAPS_MAX];
};

// About 350 KiB: keep it off small stacks.
struct wrtc_offer {
    size_t media_count; // at least 1
    struct wrtc_offer_media media[WRTC_MEDIA_MAX];
    // The first BUNDLE group, without refused m-lines: indices into media, in the group's order.
    size_t bundle_count;
    size_t bundle[WRTC_MEDIA_MAX];
};

// For a viewer that offers no H.264: all browsers have it, and one has to fetch it.
#define WRTC_H264_ADVICE "Firefox needs its OpenH264 plugin (about:addons)"

// Says what is wrong, for an HTTP error body. Holds words of ours only, none of the offer's.
struct wrtc_error {
    char text[200];
};

// 0, or -EINVAL (not SDP, or SDP that WebRTC does not allow), or -E2BIG (a bound above); *out is
// of no use then. Any bytes may come in; lines end in CRLF or LF, other control characters are
// refused. Wipe *out after use: it holds the viewer's ICE password.
//
// Each m-line's transport is complete afterwards: what it lacks is taken from the session's
// attributes, then, within BUNDLE, from the first m-line of the group (RFC 8843 7.1.3 lets a
// bundle-only m-line omit it all; rtcp-mux and rtcp-rsize likewise). It is -EINVAL where a SAVPF
// m-line that is not refused has no ufrag, pwd or SHA-2 fingerprint, or leaves us no passive
// DTLS role: a=setup is to be actpass, active or absent (active, RFC 4145 4.1).
int wrtc_offer_parse(const char *text, size_t len, struct wrtc_offer *out, struct wrtc_error *err);

// What is chosen from an offer for one track.
struct wrtc_choice {
    bool on;
    size_t media; // index of the m-line
    uint8_t payload_type;
    uint8_t profile[3];           // for the answer, as in struct wrtc_track
    bool level_asymmetry_allowed; // H.264: for the answer
    bool nack, nack_pli, goog_remb;
    uint8_t rtx_payload_type; // RFC 4588, for what is resent after a NACK; 0: none
    // As wrtc_extmap_choose() has it. The answer names those whose id is not 0.
    struct eng_extension_config extension;
};

struct wrtc_selection {
    struct wrtc_choice video;
    struct wrtc_choice audio;
    bool inactive[WRTC_MEDIA_MAX]; // accepted, but nothing is sent on it
    // The viewer's end of the one transport: that of the first accepted m-line of the BUNDLE group
    // (RFC 8843 7.3.1). Points into the offer.
    const struct wrtc_transport *transport;
};

// Picks m-lines and payload types for the stream's tracks. 0, or -ENOENT when neither track
// could be matched (WHEP: 406), with the reason in *err.
//
// An m-line fits when its profile is SAVPF, it receives, has rtcp-mux and a payload type of the
// track's codec. At most one is taken for each track, all from the BUNDLE group; where there is no
// group, or nothing in it fits, the first that fits, alone, for there is one transport.
//
// What does not fit is rejected, but within the group it stays as inactive if it could be used but
// for its direction or codecs: a camera without sound is common, and aiortc takes no answer with a
// rejected audio or video m-line.
//
// H.264 (RFC 6184 8.2.2): packetization-mode 1 only. The offered profile nearest to the live one
// is taken, see h264_profile.h: the same profile, else one that contains it, else, up to High, one
// that does not: browsers decode a High picture under a Main or Constrained Baseline answer, and
// the alternative is no picture. The answer always repeats the offered profile, for clients look
// the payload type up by it, with the live level; without level-asymmetry-allowed with the lower
// of both levels.
//
// H.265 (RFC 7798 7.2.2, draft-ietf-avtcore-hevc-webrtc): the offered profile nearest to the live
// one that contains it, see h265_profile.h, in one RTP stream (tx-mode SRST). There is no level
// asymmetry: the answer has the lower of both levels.
//
// VP9 (RFC 9628 6): the stream's profile only. AV1 (RTP Payload Format For AV1, 7.2): the offered
// profile nearest to the stream's that contains it, at whatever level. The answer repeats the
// offered values.
int wrtc_offer_select(const struct wrtc_offer *offer, const struct wrtc_track *video,
                      const struct wrtc_track *audio, struct wrtc_selection *out,
                      struct wrtc_error *err);

// Our side of the answer.
struct wrtc_answer_config {
    uint64_t session_id;
    const char *ufrag;
    const char *pwd;
    const struct wrtc_fingerprint *fingerprint;
    const struct eng_addr *candidates; // host candidates, best first
    size_t candidate_count;            // 1 to WRTC_CANDIDATES_MAX
    bool tcp;                          // each is one of TCP, too, passive (RFC 6544)
    const char *cname;                 // RTCP CNAME; also names the msid stream
    uint32_t video_ssrc;
    uint32_t audio_ssrc;
    uint32_t video_rtx_ssrc;        // used where the selection has an RTX payload type for video
    const struct wrtc_track *video; // for fmtp
    const struct wrtc_track *audio;
};

// Writes the answer, NUL-terminated. 0 with *len set, or -ENOSPC.
//
// Every m-line repeats ufrag, pwd and fingerprint, also a rejected one: webrtcbin looks for them in
// each. An accepted one repeats the candidates. RTX is answered for video, by SSRC-multiplexing
// (RFC 4588 8.3, RFC 5576 4.2). Header extensions are answered with the ids of the offer's m-line,
// transport-cc's together with its feedback.
int wrtc_answer_write(const struct wrtc_offer *offer, const struct wrtc_selection *selection,
                      const struct wrtc_answer_config *config, char *out, size_t size, size_t *len);

// A trickle-ice-sdpfrag body (RFC 8840 9) of the viewer's.
struct wrtc_sdpfrag {
    char ufrag[WRTC_UFRAG_MAX];
    char mid[WRTC_MID_MAX]; // empty: there is none that can be repeated
};

// Reads ice-ufrag, ice-pwd and mid, whether they stand before the first m-line or in it; of each
// the first counts. 0 or -EINVAL; -E2BIG beyond WRTC_SDP_MAX.
int wrtc_sdpfrag_parse(const char *text, size_t len, struct wrtc_sdpfrag *out,
                       struct wrtc_error *err);

// Our end after an ICE restart.
struct wrtc_sdpfrag_config {
    const char *ufrag;
    const char *pwd;
    const char *mid; // of the viewer's fragment
    const struct eng_addr *candidates;
    size_t candidate_count;
    bool tcp; // as in the answer
};

// Writes the body that answers an ICE restart (RFC 9725 4.3.3), NUL-terminated. The candidates
// stand under an m-line of the viewer's mid, the rest of which means nothing (RFC 8840 9.2);
// without a mid there are none, for they have not changed. 0 with *len set, or -ENOSPC.
int wrtc_sdpfrag_write(const struct wrtc_sdpfrag_config *config, char *out, size_t size,
                       size_t *len);
