// SPDX-License-Identifier: Apache-2.0
//
// What all DTLS handshakes share: our certificate, the settings, and how many are under way.
// Control thread. See webrtc/peer.h for create, destroy, renew and the fingerprint.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "webrtc/peer.h"

enum {
    // Handshakes under way at once, at some 60 KiB each. At 3,000 handshakes a second and core and
    // a round trip of 100 ms there are 300.
    WRTC_DTLS_HANDSHAKES_MAX = 1024,
};

// A certificate and the settings that go with it. A peer keeps to that whose fingerprint its answer
// told; the last who lets go frees it.
struct wrtc_dtls_identity {
    SSL_CTX *ssl;
    struct wrtc_fingerprint fingerprint;
    unsigned held;
};

struct wrtc_dtls_context {
    struct wrtc_dtls_identity *identity; // of new peers
    struct wrtc_srtp_profiles profiles;
    BIO_METHOD *bio;
    unsigned handshakes; // kept by dtls.c
};

// The identity of this moment, and one that holds it more.
struct wrtc_dtls_identity *wrtc_dtls_identity_hold(struct wrtc_dtls_context *ctx);
void wrtc_dtls_identity_release(struct wrtc_dtls_identity *identity); // NULL does no harm
