// SPDX-License-Identifier: Apache-2.0
//
// The client's side of RTSP authentication: Basic (RFC 7617) and Digest with MD5 or SHA-256, also
// of the kind "-sess", with qop=auth or without (RFC 7616, RFC 2069 where the camera sends no qop).
// Of several challenges the strongest is answered. Ingest thread; a plain struct, to be embedded;
// no I/O.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/message.h"

enum rtsp_auth_scheme {
    RTSP_AUTH_NONE,
    RTSP_AUTH_BASIC, // in order of strength
    RTSP_AUTH_MD5,
    RTSP_AUTH_SHA256,
};

enum {
    // Realm, nonce and opaque, bytes with the NUL. The longest nonces seen have 96.
    RTSP_AUTH_PARAM_MAX = 256,
    // Room for any header value that rtsp_auth_header() makes for URLs of RTSP_URL_MAX.
    RTSP_AUTH_HEADER_MAX = 3072,
};

struct rtsp_auth {
    char user[128];
    char password[128];
    enum rtsp_auth_scheme scheme; // of the challenge being answered
    char realm[RTSP_AUTH_PARAM_MAX];
    char nonce[RTSP_AUTH_PARAM_MAX];
    char opaque[RTSP_AUTH_PARAM_MAX];
    bool has_opaque;
    bool qop;  // the camera takes qop=auth
    bool sess; // MD5-sess or SHA-256-sess
    char cnonce[64];
    uint32_t nonce_count;
    bool accepted; // the camera has taken these credentials
    bool renewed;  // a fresh nonce was tried, and not accepted yet
};

// user empty: no credentials.
void rtsp_auth_init(struct rtsp_auth *auth, const char *user, const char *password);

// Wipes it.
void rtsp_auth_fini(struct rtsp_auth *auth);

// Takes the challenges of a 401. 0: send the request again, with a new header. -ENOKEY: there are
// no credentials to answer with. -ENOTSUP: no challenge that is known here. -EACCES: the
// credentials were refused. A fresh nonce for credentials that were good before, or that is
// marked stale, is answered once. -EIO: no random numbers.
int rtsp_auth_challenge(struct rtsp_auth *auth, const struct rtsp_message *response);

// The camera answered an authenticated request with something else than 401.
void rtsp_auth_accept(struct rtsp_auth *auth);

// Writes the value of the Authorization header; the empty string before the first challenge. It
// holds a secret. 0, -EMSGSIZE: too small, -EIO: the hash is not to be had (a FIPS OpenSSL, MD5).
int rtsp_auth_header(struct rtsp_auth *auth, const char *method, const char *uri, char *out,
                     size_t size);
