// SPDX-License-Identifier: Apache-2.0
//
// The text of one of our requests (RFC 2326 6). Plain function on the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/outbox.h"

// A header that is NULL or empty is left out.
struct rtsp_request {
    const char *method;
    const char *url;
    uint32_t cseq;
    const char *authorization; // a secret
    const char *accept;
    const char *transport;
    const char *session;
    const char *range;
};

// False: no room, and nothing was appended.
bool rtsp_request_put(struct rtsp_outbox *out, const struct rtsp_request *request);
