// SPDX-License-Identifier: Apache-2.0
//
// RTP and RTCP as a camera sends them: header parse, sequence accounting, sender reports
// (RFC 3550). Plain functions on the caller's memory; ingest thread. Bytes may be anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One RTP packet (RFC 3550 5.1). The payload points into the packet that was parsed; contributing
// sources, header extension and padding are left out of it. It may be empty.
struct rtsp_rtp {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    const uint8_t *payload;
    size_t payload_len;
};

// 0, or -EBADMSG: not RTP version 2, or shorter than its own header, extension or padding says.
int rtsp_rtp_parse(const uint8_t *data, size_t len, struct rtsp_rtp *out);

enum {
    // A step forward of up to this many packets is loss, a longer one a jump (RFC 3550 A.1,
    // MAX_DROPOUT).
    RTSP_SEQUENCE_DROPOUT_MAX = 3000,

    // A packet up to this far behind the newest is late or a duplicate; one further behind is a
    // jump. As many as the history has bits.
    RTSP_SEQUENCE_LATE_MAX = 64,

    // This many late packets that follow one another without a gap are no stragglers: the camera
    // has set its counter back a little.
    RTSP_SEQUENCE_LATE_RUN = 8,
};

enum rtsp_sequence_step {
    RTSP_SEQUENCE_NEXT,  // the expected packet, or the first one
    RTSP_SEQUENCE_GAP,   // packets before this one are missing
    RTSP_SEQUENCE_JUMP,  // the camera started to count anew: how much is missing is unknown
    RTSP_SEQUENCE_STALE, // duplicate or late: throw it away
};

// Sequence accounting of one SSRC. All zero: nothing seen. Over TCP nothing is reordered on the
// way, so packets are used in the order of arrival and a late one is of no use any more.
struct rtsp_sequence {
    bool started;
    uint16_t newest;
    uint16_t wraps;     // of newest
    uint64_t history;   // bit n: packet newest - n has arrived
    uint16_t late_next; // what would follow the last late packet
    unsigned late_run;
    uint64_t lost;       // packets missing in gaps
    uint64_t duplicates; // thrown away: seen before
    uint64_t late;       // thrown away: a newer one was there first
    uint64_t jumps;
};

enum rtsp_sequence_step rtsp_sequence_take(struct rtsp_sequence *sequence, uint16_t number);

// The newest number, extended by its wraps (RFC 3550 A.1).
uint32_t rtsp_sequence_highest(const struct rtsp_sequence *sequence);

// Forgets the numbers, keeps the counters: a new session or SSRC.
void rtsp_sequence_restart(struct rtsp_sequence *sequence);

// What a sender report says (RFC 3550 6.4.1).
struct rtsp_sr {
    uint32_t ssrc;
    uint64_t ntp; // seconds since 1900 in 32.32 fixed point; 0: the camera has no wall clock
    uint32_t rtp_timestamp;
};

// Finds the first sender report of a compound packet, wherever it stands in it. 0, -ENOENT (none
// in it), or -EBADMSG: malformed before one was found.
int rtsp_rtcp_find_sr(const uint8_t *data, size_t len, struct rtsp_sr *out);

// A BYE of this source stands in a compound packet (RFC 3550 6.6), before anything malformed.
bool rtsp_rtcp_says_bye(const uint8_t *data, size_t len, uint32_t ssrc);
