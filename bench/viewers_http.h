// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request on a connection of its own, by libevent. The thread of the event base.
#pragma once

#include <stddef.h>

#include "bench/viewers_response.h"
#include "bench/viewers_url.h"
#include "engine/types.h"

struct event_base;
struct viewers_http;

enum {
    VIEWERS_HTTP_SILENCE_S = 10 // without a byte, until we give up
};

struct viewers_http_request {
    const char *method;
    const struct viewers_url *url;
    const char *fields; // further header fields, each with its CRLF
    const char *body;   // SDP; NULL: none
    size_t body_len;
    const struct eng_addr *local; // where to call from, port 0; no family: anywhere
};

// response NULL: none came, and failure says why. Called once, never from within start.
typedef void (*viewers_http_done)(void *ctx, const struct viewers_response *response,
                                  const char *failure);

// 0, -errno or -ENOMEM. *out is gone once done has been called.
int viewers_http_start(struct event_base *base, const struct viewers_http_request *request,
                       viewers_http_done done, void *ctx, struct viewers_http **out);

// Without calling done.
void viewers_http_cancel(struct viewers_http *http);
