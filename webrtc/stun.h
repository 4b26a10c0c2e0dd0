// SPDX-License-Identifier: Apache-2.0
//
// STUN messages (RFC 8489) as ICE uses them (RFC 8445 7): parse, verify, answer. Plain functions
// on the caller's memory; any thread. No heap.
//
// A parsed message borrows the bytes it was parsed from. Nothing is trusted before
// wrtc_stun_fingerprint_ok() and wrtc_stun_integrity_ok() have said yes.
//
// No response is longer than its request, so that a forged source address gains nothing: one that
// would be is not written, and 0 returned. Only a request that lacks what ICE demands is so short.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    WRTC_STUN_HEADER_LEN = 20,
    WRTC_STUN_TRANSACTION_LEN = 12,
    WRTC_STUN_MAX = 1500,      // bytes of a message: one datagram
    WRTC_STUN_UNKNOWN_MAX = 8, // unknown attributes that a 420 names; the others go unnamed
    WRTC_STUN_REPLY_MAX = 128, // the longest reply, a 420, is 104
};

enum wrtc_stun_type {
    WRTC_STUN_BINDING_REQUEST = 0x0001,
    WRTC_STUN_BINDING_INDICATION = 0x0011,
    WRTC_STUN_BINDING_SUCCESS = 0x0101,
    WRTC_STUN_BINDING_ERROR = 0x0111,
};

// Error codes (RFC 8489 14.8, RFC 8445 16.1).
enum wrtc_stun_error {
    WRTC_STUN_BAD_REQUEST = 400,
    WRTC_STUN_UNAUTHENTICATED = 401,
    WRTC_STUN_UNKNOWN_ATTRIBUTE = 420,
    WRTC_STUN_ROLE_CONFLICT = 487,
};

struct wrtc_stun {
    const uint8_t *data;
    size_t len;
    uint16_t type;
    uint8_t transaction[WRTC_STUN_TRANSACTION_LEN];
    const uint8_t *username; // NULL: none
    size_t username_len;
    size_t integrity_at;   // where MESSAGE-INTEGRITY begins; 0: none
    size_t fingerprint_at; // where FINGERPRINT begins; 0: none
    bool has_priority;
    bool use_candidate;
    bool controlled;      // the sender claims the controlled role
    size_t unknown_count; // comprehension-required ones only
    uint16_t unknown[WRTC_STUN_UNKNOWN_MAX];
};

// 0 or -EBADMSG: not a well-formed STUN message. Attributes behind MESSAGE-INTEGRITY, but for
// FINGERPRINT, are passed over (RFC 8489 14.5).
int wrtc_stun_parse(const uint8_t *data, size_t len, struct wrtc_stun *out);

// FINGERPRINT is there and right (RFC 8489 14.7).
bool wrtc_stun_fingerprint_ok(const struct wrtc_stun *message);

// MESSAGE-INTEGRITY is there and right under the short-term password (RFC 8489 9.1, 14.5).
bool wrtc_stun_integrity_ok(const struct wrtc_stun *message, const char *password);

// Writes a Binding success response to a request, for the address it came from. Returns its length,
// or 0.
size_t wrtc_stun_write_success(const struct wrtc_stun *request, const struct eng_addr *mapped,
                               const char *password, uint8_t out[WRTC_STUN_REPLY_MAX]);

// Writes a Binding error response. A 420 lists the request's unknown attributes. password NULL: no
// MESSAGE-INTEGRITY, as where the request itself could not be authenticated (RFC 8489 9.1.3).
// Returns its length, or 0.
size_t wrtc_stun_write_error(const struct wrtc_stun *request, enum wrtc_stun_error code,
                             const char *password, uint8_t out[WRTC_STUN_REPLY_MAX]);
