// SPDX-License-Identifier: Apache-2.0
//
// A viewer's SRTP (RFC 3711, RFC 7714): opens what a server sends, seals our SRTCP. A viewer keeps
// its session keys only, 200 bytes. Expanded keys live in a cipher that all viewers of a thread
// share, and stay there as long as the next packet is of the same viewer: a train costs one
// expansion. There is no replay protection: what comes twice is counted, not feared.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    VIEWERS_SRTP_AUTH_LEN = 20,
    VIEWERS_SRTCP_OVERHEAD_MAX = 20, // tag and index word
};

struct viewers_srtp_key {
    uint8_t key[ENG_SRTP_KEY_LEN];
    uint8_t salt[ENG_SRTP_SALT_MAX];
    uint8_t auth[VIEWERS_SRTP_AUTH_LEN]; // AES-CM only
};

struct viewers_srtp {
    enum eng_srtp_profile profile; // NONE: no keys yet
    struct viewers_srtp_key rtp, rtcp_receive, rtcp_send;
    uint32_t rtcp_index; // of the next SRTCP packet we send
};

struct viewers_cipher; // one per thread

int viewers_cipher_create(struct viewers_cipher **out); // 0 or -ENOMEM
void viewers_cipher_destroy(struct viewers_cipher *cipher);

// Derives the session keys. 0 or -EIO.
int viewers_srtp_init(struct viewers_srtp *srtp, const struct eng_srtp_keying *keying);
void viewers_srtp_fini(struct viewers_srtp *srtp); // wipes them

// Opens an RTP packet whose header, with CSRCs and extension, takes header_len bytes: writes the
// payload to out, which has room for len bytes. index: ROC << 16 | SEQ. Returns the payload's
// length, padding included, or -EBADMSG. packet is as it was afterwards.
int viewers_srtp_open(struct viewers_cipher *cipher, const struct viewers_srtp *srtp,
                      uint8_t *packet, size_t len, size_t header_len, int64_t index, uint8_t *out);

// Opens an SRTCP packet in place. Returns the length of the RTCP compound, or -EBADMSG.
int viewers_srtp_open_rtcp(struct viewers_cipher *cipher, const struct viewers_srtp *srtp,
                           uint8_t *packet, size_t len);

// Seals an RTCP compound in place; room for VIEWERS_SRTCP_OVERHEAD_MAX must follow it. Returns its
// new length.
size_t viewers_srtp_seal_rtcp(struct viewers_cipher *cipher, struct viewers_srtp *srtp,
                              uint8_t *packet, size_t len);
