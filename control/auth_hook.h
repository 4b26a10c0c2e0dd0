// SPDX-License-Identifier: Apache-2.0
//
// Asks another program, over HTTP or HTTPS, who may watch what. It gets a POST of JSON with the
// members that MediaMTX sends,
//
//     {"user", "password", "token", "ip", "action": "read", "path", "protocol": "webrtc", "query"}
//
// each a text, "" where there is none, and its status decides: 2xx lets in, 401 asks for (other)
// credentials, other 4xx forbid. Anything else, and no answer within CTL_AUTH_HOOK_TIMEOUT_S, is no
// answer: the viewer may try again. Over HTTPS it has to be whom rtsp/tls_client.h believes.
// Control thread.
#pragma once

#include "control/credentials.h"
#include "control/verdict.h"

struct event_base;
struct ctl_auth_hook;

enum {
    CTL_AUTH_HOOK_TIMEOUT_S = 5,
    CTL_AUTH_HOOK_ASKS_MAX = 64, // at one time
    CTL_AUTH_HOOK_URL_MAX = 1024,
};

struct ctl_auth_hook_ask {
    const struct ctl_credentials *credentials;
    const char *ip;
    const char *path;  // the stream's name
    const char *query; // of the viewer's request, without '?'
};

// What is wrong with a URL, a phrase; NULL: nothing.
const char *ctl_auth_hook_fault(const char *url);

// url has no fault, and stays valid. 0 or -errno.
int ctl_auth_hook_create(struct event_base *base, const char *url, struct ctl_auth_hook **out);

// LATER, and done is told GRANTED, UNKNOWN, FORBIDDEN or UNAVAILABLE; or UNAVAILABLE at once.
enum ctl_verdict ctl_auth_hook_start(struct ctl_auth_hook *hook,
                                     const struct ctl_auth_hook_ask *ask,
                                     void (*done)(void *ctx, enum ctl_verdict verdict), void *ctx);

// Nobody is told any more. NULL does no harm.
void ctl_auth_hook_destroy(struct ctl_auth_hook *hook);
