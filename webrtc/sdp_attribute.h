// SPDX-License-Identifier: Apache-2.0
//
// One a= line of an offer, read into the section that it stands in. Part of the offer parser: only
// sdp_parse.c calls it. No ownership beyond the parser's caller; any thread.
#pragma once

#include "webrtc/sdp.h"
#include "webrtc/text.h"

enum {
    WRTC_PAYLOAD_TYPE_MAX = 127, // 7 bits in the RTP header
    WRTC_UFRAG_MIN = 4,          // RFC 8839 5.4
    WRTC_PWD_MIN = 22,
};

// An offer that is being read.
struct wrtc_sdp_parser {
    struct wrtc_offer *offer;
    struct wrtc_error *error;
    unsigned line;                  // from 1, for error texts
    struct wrtc_offer_media *media; // the current m-line; NULL: still before the first
    // Session attributes: defaults of every m-line.
    struct wrtc_transport session;
    bool session_receives;
    struct wrtc_text bundle; // mids of the first BUNDLE group
};

// Writes "line N: what" and returns code.
int wrtc_sdp_fail(struct wrtc_sdp_parser *parser, int code, const char *what);

// Reads what follows "a=". Attributes that a viewer's offer does not need are passed over. 0,
// -EINVAL or -E2BIG.
int wrtc_sdp_attribute(struct wrtc_sdp_parser *parser, struct wrtc_text attribute);

// The payload type's entry in an m-line; NULL: it is not listed there.
struct wrtc_offer_codec *wrtc_sdp_codec(struct wrtc_offer_media *media, uint32_t payload_type);

// Copies an ice-ufrag or ice-pwd of at least min characters (RFC 8839 5.4). Beyond RFC 8839's
// alphabet all visible ASCII but ':', which ends a ufrag in STUN's USERNAME, is allowed: some
// clients use base64url.
bool wrtc_sdp_ice_credential(struct wrtc_text value, size_t min, char *out, size_t size);
