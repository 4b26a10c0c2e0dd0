// SPDX-License-Identifier: Apache-2.0
//
// The Binding request of a controlling ICE agent (RFC 8445 7.1, RFC 8489). The rest of STUN is
// webrtc/stun.h's. Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/stun.h"

enum {
    VIEWERS_STUN_MAX = 640, // USERNAME has at most 513 bytes here
};

struct viewers_stun {
    const uint8_t *transaction; // WRTC_STUN_TRANSACTION_LEN bytes
    const char *username;       // "theirs:ours"
    const char *password;       // theirs
    uint64_t tie_breaker;
    bool nominate;
};

// Returns its length.
size_t viewers_stun_request(const struct viewers_stun *request, uint8_t out[VIEWERS_STUN_MAX]);

// The code of an error response: 400 to 699; 0: none.
unsigned viewers_stun_error(const uint8_t *data, size_t len);
