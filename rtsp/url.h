// SPDX-License-Identifier: Apache-2.0
//
// RTSP URLs: rtsp[s]://[user[:password]@]host[:port][/path[?query]] (RFC 2326 3.2, RFC 7826 4.2,
// RFC 3986), and rtsp[s]+http:// for RTSP tunnelled in HTTP. Plain functions on the caller's
// memory; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/span.h"

enum {
    RTSP_URL_MAX = 1024,
    RTSP_DEFAULT_PORT = 554,
    RTSPS_DEFAULT_PORT = 322, // rtsps: RTSP over TLS
};

struct rtsp_url {
    bool tls;       // rtsps
    bool tunnel;    // +http
    char host[256]; // name or address; IPv6 without brackets
    uint16_t port;
    char user[128];     // percent-decoded, empty: none
    char password[128]; // percent-decoded; wipe after use, never log
    // The URL as it goes into requests: without user and password, default port and tunnel left
    // out.
    char request[RTSP_URL_MAX];
};

// "rtsp", "rtsps", "rtsp+http" or "rtsps+http".
const char *rtsp_url_scheme(bool tls, bool tunnel);

// 0, or -EINVAL with *error set to a static string that says what is wrong and what is expected.
int rtsp_url_parse(const char *text, struct rtsp_url *out, const char **error);

// Resolves a reference of the camera's (a=control, Content-Base, Location) against base, an
// absolute URL. Absolute references stand for themselves, "*" and the empty one for base; one that
// starts with '/' replaces the path (RFC 3986 5.2.2). Any other is put behind base with a '/'
// between them unless it starts with '?', because that is what cameras mean, and not RFC 3986's
// replacing of the last segment. 0; -EINVAL: blanks or control characters in it; -EMSGSIZE: does
// not fit in out.
int rtsp_url_resolve(const char *base, struct rtsp_span reference, char *out, size_t size);
