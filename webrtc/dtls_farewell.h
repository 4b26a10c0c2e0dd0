// SPDX-License-Identifier: Apache-2.0
//
// What stays of a DTLS association when its SSL object (80 KiB) is freed: our close_notify, sealed
// in advance, and the client's write key, to recognise its own. Control thread; caller's memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "webrtc/dgram_bio.h"

enum {
    WRTC_FAREWELL_KEY_MAX = 32,    // AES-256, ChaCha20
    WRTC_FAREWELL_IV_MAX = 12,     // ChaCha20 (RFC 7905 2); GCM has 4 (RFC 5288 3)
    WRTC_FAREWELL_RECORD_MAX = 64, // header 13, explicit nonce 8, alert 2, tag 16
};

struct wrtc_dtls_farewell {
    int cipher; // NID of an AEAD; 0: not filled
    uint8_t key[WRTC_FAREWELL_KEY_MAX];
    uint8_t iv[WRTC_FAREWELL_IV_MAX];
    size_t record_len; // 0: no close_notify left to send
    uint8_t record[WRTC_FAREWELL_RECORD_MAX];
};

// Takes the keys of a finished handshake and writes the close_notify, for which the SSL object is
// used up: free it. link is its link, what waits there is thrown away. 0, or -ENOTSUP: the cipher
// suite is not an AEAD, and nothing was done; or -ENOMEM.
int wrtc_dtls_farewell_init(struct wrtc_dtls_farewell *farewell, SSL *ssl,
                            struct wrtc_dgram_link *link);

// Wipes it.
void wrtc_dtls_farewell_fini(struct wrtc_dtls_farewell *farewell);

// The datagram holds an authentic close_notify or fatal alert of the client.
bool wrtc_dtls_farewell_recognise(const struct wrtc_dtls_farewell *farewell, const uint8_t *data,
                                  size_t len);
