// SPDX-License-Identifier: Apache-2.0
//
// The records in a DTLS datagram (RFC 6347 4.1). Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WRTC_DTLS_RECORD_HEADER_LEN = 13
};

enum wrtc_dtls_content {
    WRTC_DTLS_CHANGE_CIPHER_SPEC = 20,
    WRTC_DTLS_ALERT = 21,
    WRTC_DTLS_HANDSHAKE_MESSAGE = 22,
};

struct wrtc_dtls_record {
    const uint8_t *header; // WRTC_DTLS_RECORD_HEADER_LEN bytes; the body follows
    uint8_t content;
    uint16_t epoch;
    size_t body_len;
};

// What is left of a datagram.
struct wrtc_dtls_cursor {
    const uint8_t *at;
    size_t left;
};

// Takes the next record. False: none, or what is left is not one.
static inline bool wrtc_dtls_record_next(struct wrtc_dtls_cursor *cursor,
                                         struct wrtc_dtls_record *out)
{
    const uint8_t *p = cursor->at;
    if (cursor->left < WRTC_DTLS_RECORD_HEADER_LEN || p[1] != 0xfe)
        return false;
    size_t body_len = (size_t)(p[11] << 8 | p[12]);
    if (body_len > cursor->left - WRTC_DTLS_RECORD_HEADER_LEN)
        return false;
    *out = (struct wrtc_dtls_record){
        .header = p,
        .content = p[0],
        .epoch = (uint16_t)(p[3] << 8 | p[4]),
        .body_len = body_len,
    };
    cursor->at += WRTC_DTLS_RECORD_HEADER_LEN + body_len;
    cursor->left -= WRTC_DTLS_RECORD_HEADER_LEN + body_len;
    return true;
}

// Writes the 48-bit sequence number into a record's header.
static inline void wrtc_dtls_record_write_number(uint8_t *header, uint32_t number)
{
    header[5] = 0;
    header[6] = 0;
    for (int i = 0; i < 4; i++)
        header[7 + i] = (uint8_t)(number >> (24 - 8 * i));
}

// The 48-bit sequence number in a record's header.
static inline uint64_t wrtc_dtls_record_read_number(const uint8_t *header)
{
    uint64_t number = 0;
    for (int i = 5; i < 11; i++)
        number = number << 8 | header[i];
    return number;
}
