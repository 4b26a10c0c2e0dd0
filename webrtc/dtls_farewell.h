// SPDX-License-Identifier: Apache-2.0
//
// What stays of a DTLS association once its handshake has finished and its SSL object (49 KB) is
// freed: our last flight, for a client that missed it (RFC 6347 4.2.4); our close_notify, sealed in
// advance; and the client's write key, to know its repetitions and its own close_notify by. Control
// thread; caller's memory.
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
    WRTC_FAREWELL_FLIGHT_MAX = 96, // ChangeCipherSpec 14; Finished 13 + 8 + 24 + 16
};

struct wrtc_dtls_farewell {
    int cipher; // NID of an AEAD; 0: not filled
    uint8_t key[WRTC_FAREWELL_KEY_MAX];
    uint8_t iv[WRTC_FAREWELL_IV_MAX];
    uint64_t answered; // repetitions whose record has a lower number
    size_t flight_len;
    uint8_t flight[WRTC_FAREWELL_FLIGHT_MAX];
    size_t record_len; // of the close_notify
    uint8_t record[WRTC_FAREWELL_RECORD_MAX];
};

// What a datagram of the client means.
enum wrtc_dtls_word {
    WRTC_DTLS_NOTHING,
    WRTC_DTLS_REPETITION, // of its last flight: it wants ours again
    WRTC_DTLS_GOODBYE,    // close_notify or a fatal alert
};

// Takes the keys of a finished handshake and the flight that waits in link, and writes the
// close_notify. The SSL object is used up: free it, and link with it. 0 or -ENOMEM.
int wrtc_dtls_farewell_init(struct wrtc_dtls_farewell *farewell, SSL *ssl,
                            struct wrtc_dgram_link *link);

// Wipes it.
void wrtc_dtls_farewell_fini(struct wrtc_dtls_farewell *farewell);

// Only what the client has sealed counts. A repetition is answered once: somebody who repeats the
// client's datagrams gets nothing for it.
enum wrtc_dtls_word wrtc_dtls_farewell_read(struct wrtc_dtls_farewell *farewell,
                                            const uint8_t *data, size_t len);
