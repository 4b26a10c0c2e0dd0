// SPDX-License-Identifier: Apache-2.0
//
// RTSP tunnelled in HTTP, in Apple's way, which is the one that cameras have: two HTTP requests on
// two connections, tied together by a cookie. What the camera sends, answers and media, follows its
// answer to GET as it is; what it is sent follows the head of POST in base64, and POST is never
// answered, unless the camera refuses it. No I/O; ingest thread; a plain struct in the caller's
// memory.
//
//     asked    answer                        verdict
//     GET      200                           OPEN: POST, over a second connection
//     GET      401, and there is an answer   AGAIN: GET once more, over a new connection
//     POST     2xx, which a few cameras do   OPEN
//     either   anything else                 FAILED
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/auth.h"
#include "rtsp/life.h"
#include "rtsp/url.h"

enum {
    RTSP_TUNNEL_HEAD_MAX = 4096, // the camera's answer without its body, bytes; longest seen: 400
    // A request with its longest URL and Authorization, bytes with the NUL.
    RTSP_TUNNEL_ASK_MAX = RTSP_URL_MAX + RTSP_AUTH_HEADER_MAX + 768,
    RTSP_TUNNEL_COOKIE_MAX = 33, // bytes with the NUL
    RTSP_TUNNEL_ERROR_MAX = 160, // bytes with the NUL
};

enum rtsp_tunnel_verdict {
    RTSP_TUNNEL_MORE, // not all of the answer is there
    RTSP_TUNNEL_OPEN,
    RTSP_TUNNEL_AGAIN,
    RTSP_TUNNEL_FAILED, // error and cause say why
};

struct rtsp_tunnel {
    struct rtsp_auth auth;
    char host[256];
    char target[RTSP_URL_MAX]; // path and query
    char authority[272];       // host and port, as HTTP has them
    char cookie[RTSP_TUNNEL_COOKIE_MAX];
    const char *method; // last asked
    uint8_t head[RTSP_TUNNEL_HEAD_MAX];
    size_t head_len;
    enum rtsp_cause cause;
    char error[RTSP_TUNNEL_ERROR_MAX];
};

// 0, or -EIO: no random numbers.
int rtsp_tunnel_init(struct rtsp_tunnel *tunnel, const struct rtsp_url *url);

// Wipes it.
void rtsp_tunnel_fini(struct rtsp_tunnel *tunnel);

// Writes the head of the request, "GET" or "POST"; it may hold a secret. Returns its length, or
// -EMSGSIZE or -EIO (rtsp_auth_header).
int rtsp_tunnel_ask(struct rtsp_tunnel *tunnel, const char *method, char out[RTSP_TUNNEL_ASK_MAX]);

// Takes what came over the connection of the request. *used: how much of it belongs to the answer;
// after OPEN to a GET, the rest is RTSP.
enum rtsp_tunnel_verdict rtsp_tunnel_take(struct rtsp_tunnel *tunnel, const uint8_t *data,
                                          size_t len, size_t *used);
