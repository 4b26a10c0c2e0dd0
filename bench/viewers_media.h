// SPDX-License-Identifier: Apache-2.0
//
// A viewer's media: SRTP in; what goes out is viewers_feedback.h's. Headers of all packets are
// read, for their sequence numbers; few payloads are opened: all until the first keyframe, then
// each n-th, every RTX packet, and the beginning of each n-th frame, where the source's stamp is.
// Datagrams and the time go in; no I/O. One thread; the caller's memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_answer.h"
#include "bench/viewers_counters.h"
#include "bench/viewers_histogram.h"
#include "bench/viewers_nack.h"
#include "bench/viewers_sequence.h"
#include "bench/viewers_srtp.h"

enum {
    VIEWERS_PACKET_MAX = 2048 // bytes; nobody sends more than an Ethernet MTU
};

#define VIEWERS_REPORT_NS INT64_C(1000000000)
#define VIEWERS_PLI_NS    INT64_C(1000000000) // without a keyframe, until a PLI; then between two

// What all viewers of a thread share.
struct viewers_media_env {
    struct viewers_counters *counters;
    struct viewers_histogram *latency; // from the source's stamp to the arrival
    struct viewers_cipher *cipher;
    unsigned open_every;  // packets; 0: none but those that must be
    unsigned stamp_every; // frames; 0: none
    bool measuring;       // latency counts
    uint8_t text[VIEWERS_PACKET_MAX];
};

struct viewers_track {
    uint32_t ssrc;
    struct viewers_sequence sequence;
    uint64_t expected, received; // packets; also at the last report:
    uint64_t expected_reported, received_reported;
    uint64_t lost_before; // when the measured time began
    uint32_t clock_rate;
    uint32_t transit, jitter16; // RFC 3550 A.8; jitter in 1/16 of a tick
    uint32_t lsr;               // RFC 3550 6.4.1
    int64_t lsr_ns;             // when that report came
};

struct viewers_media {
    struct viewers_media_env *env;
    struct viewers_srtp srtp;
    uint32_t ssrc; // ours, in RTCP
    uint8_t kind[VIEWERS_PAYLOAD_TYPES];
    bool expects_video, nack, pli;
    bool bye; // RTCP BYE came
    struct viewers_track video, audio;
    uint32_t rtx_ssrc;
    struct viewers_sequence rtx;
    struct viewers_nack missing; // of video
    unsigned until_open;         // packets
    unsigned until_stamp;        // frames
    unsigned looks;              // packets of this frame in which the stamp may be yet
    uint32_t timestamp;          // of this frame
    int64_t frame_ns;            // when it began
    uint64_t frames;             // begun in the measured time
    int64_t longest_gap_ns;      // between the beginnings of two of them
    int64_t first_packet_ns, first_keyframe_ns, last_packet_ns; // 0: not yet
    int64_t report_ns, pli_ns;                                  // when they are due
};

// index: the viewer's number: not all open the same packets and frames.
void viewers_media_init(struct viewers_media *media, struct viewers_media_env *env,
                        const struct viewers_answer *answer, unsigned index);

// From now on packets may come. 0 or -EIO.
int viewers_media_start(struct viewers_media *media, const struct eng_srtp_keying *keying,
                        int64_t now_ns);

// One RTP or RTCP datagram. arrived_ns: when the kernel had it, for latency. packet may be written
// to.
void viewers_media_receive(struct viewers_media *media, uint8_t *packet, size_t len, int64_t now_ns,
                           int64_t arrived_ns);

// All that an audience sees: the first keyframe where there is video, else the first packet.
bool viewers_media_seen(const struct viewers_media *media);

// The measured time: losses, frames and gaps between them count from its beginning. The last gap
// reaches to its end.
void viewers_media_begin_measuring(struct viewers_media *media, int64_t now_ns);
void viewers_media_end_measuring(struct viewers_media *media, int64_t now_ns);
int64_t viewers_media_lost(const struct viewers_media *media);
