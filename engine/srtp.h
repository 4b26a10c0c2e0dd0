// SPDX-License-Identifier: Apache-2.0
//
// One viewer's SRTP: seals what we send, opens the SRTCP that comes back (RFC 3711, RFC 7714).
// Two implementations behind one set of functions: our own for AEAD_AES_128_GCM, which seals
// straight from the packet ring, and libsrtp2 for AES128_CM_HMAC_SHA1_80 (srtp_compat.h), which
// RFC 8827 makes mandatory and some clients have alone.
//
// init and fini are the control thread's (they may allocate and they derive keys); everything else
// is the worker's. A (key, SSRC, index) must never be sealed with two contents: the caller's duty.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/gcm.h"
#include "engine/types.h"

enum {
    ENG_SRTP_OVERHEAD_MAX = 16,  // GCM tag; SHA1_80's is 10
    ENG_SRTCP_OVERHEAD_MAX = 20, // tag and index word
};

struct eng_srtp_compat;

// Which SRTCP indices of one sender were received (RFC 3711 3.3.2). Each SSRC counts its own: a
// browser sends as one per track.
struct eng_srtcp_replay {
    bool used;
    uint32_t ssrc;
    uint32_t newest; // highest index received
    uint64_t window; // bit i: newest - i was received
};

// Senders of SRTCP that one viewer may be at a time; a further one takes the oldest one's place.
enum {
    ENG_SRTCP_SENDERS_MAX = 4
};

// Session key and salt of one use (RFC 3711 4.3), as they were derived.
struct eng_srtp_session_key {
    uint8_t key[ENG_GCM_KEY_LEN];
    uint8_t salt[ENG_GCM_IV_LEN];
};

struct eng_srtp {
    // GCM's RTP key. Expanded it takes 1 KiB, and SRTCP is rare, about one packet a second each
    // way: so this alone stays expanded, and lends its place to SRTCP's keys for a packet.
    struct eng_gcm gcm;
    enum eng_srtp_profile profile;
    uint32_t rtcp_index; // of the next SRTCP packet we send, 31 bits
    // GCM:
    const struct eng_gcm_ops *ops;
    struct eng_srtp_session_key rtp, rtcp_send, rtcp_receive;
    struct eng_srtcp_replay replay[ENG_SRTCP_SENDERS_MAX]; // newest sender first
    // AES-CM:
    struct eng_srtp_compat *compat;
};

// ssrcs: all that we will send. 0, -EINVAL (profile) or -ENOMEM.
int eng_srtp_init(struct eng_srtp *srtp, const struct eng_srtp_keying *keying,
                  const uint32_t *ssrcs, size_t ssrc_count);
void eng_srtp_fini(struct eng_srtp *srtp);

// Bytes that sealing adds to an RTP packet of this profile.
size_t eng_srtp_overhead(const struct eng_srtp *srtp);

// Writes header, sealed payload and tag to out; returns bytes written. header: with its extensions,
// ENG_RTP_HEADER_LEN to ENG_RTP_HEADER_MAX bytes, no CSRC. index: ROC << 16 | SEQ (RFC 3711 3.3.1),
// SEQ as in the header. payload may be in its place already, at out + header_len.
size_t eng_srtp_seal(struct eng_srtp *srtp, const uint8_t *header, size_t header_len,
                     uint64_t index, const uint8_t *payload, size_t len, uint8_t *out);

// Seals a compound RTCP packet in place; room for ENG_SRTCP_OVERHEAD_MAX must follow it. Returns
// its new length, or 0 when the 2^31 packets of this key are used up.
size_t eng_srtp_seal_rtcp(struct eng_srtp *srtp, uint8_t *packet, size_t len);

// Opens an SRTCP datagram into out (len bytes or more). Returns the length of the RTCP compound,
// or -EBADMSG: malformed, not authentic or replayed.
int eng_srtp_open_rtcp(struct eng_srtp *srtp, const uint8_t *data, size_t len, uint8_t *out);
