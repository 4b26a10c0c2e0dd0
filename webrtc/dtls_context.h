// SPDX-License-Identifier: Apache-2.0
//
// What all DTLS handshakes share: our certificate, the settings, and how many are under way.
// Control thread. See webrtc/peer.h for create, destroy and the fingerprint.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "webrtc/peer.h"

enum {
    // Handshakes under way at once, at some 60 KiB each. At 3,000 handshakes a second and core and
    // a round trip of 100 ms there are 300.
    WRTC_DTLS_HANDSHAKES_MAX = 1024,
};

struct wrtc_dtls_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    struct wrtc_fingerprint fingerprint;
    unsigned handshakes; // kept by dtls.c
};
