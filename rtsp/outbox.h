// SPDX-License-Identifier: Apache-2.0
//
// Text on its way to the camera. It may hold credentials: what has been handed out is wiped before
// anything else happens to the box. A plain struct in the caller's memory; ingest thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/auth.h"
#include "rtsp/headers.h"
#include "rtsp/url.h"

enum {
    // One request with its longest URL and Authorization, and the answer to one of the camera's.
    RTSP_OUTBOX_MAX = RTSP_URL_MAX + RTSP_AUTH_HEADER_MAX + 2 * RTSP_SESSION_MAX + 1024,
};

// All zero: empty.
struct rtsp_outbox {
    char text[RTSP_OUTBOX_MAX];
    size_t len;
    size_t taken; // bytes handed out by the last rtsp_outbox_take()
};

// Empty, with nothing left of what was in it.
void rtsp_outbox_clear(struct rtsp_outbox *box);

// Appends. False: no room, and nothing was appended.
__attribute__((format(printf, 2, 3))) bool rtsp_outbox_put(struct rtsp_outbox *box,
                                                           const char *format, ...);

// Takes back what was appended beyond len bytes.
void rtsp_outbox_cut(struct rtsp_outbox *box, size_t len);

// All that is in it, valid until the box is used again. Returns its length; 0: nothing.
size_t rtsp_outbox_take(struct rtsp_outbox *box, const uint8_t **data);
