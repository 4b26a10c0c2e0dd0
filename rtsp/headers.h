// SPDX-License-Identifier: Apache-2.0
//
// The values of the RTSP headers that the client lives by (RFC 2326 12), with the blanks and the
// omissions that cameras put into them. Pure functions on the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/message.h"

enum {
    RTSP_SESSION_MAX = 256,    // session id, bytes with the NUL; longest seen: 40
    RTSP_SESSION_S = 60,       // session timeout when the camera names none (RFC 2326 12.37)
    RTSP_SESSION_MIN_S = 2,    // bounds of what the camera may name: one keepalive a second at
    RTSP_SESSION_MAX_S = 3600, // most, one in half an hour at least (home routers forget)
};

// "Session: 12345678;timeout=60" (RFC 2326 12.37). What the header does not say is left as it is.
void rtsp_headers_session(const struct rtsp_message *message, char id[RTSP_SESSION_MAX],
                          uint32_t *timeout_s);

// Does "Public: OPTIONS, PLAY, ..." name the method (RFC 2326 12.28)?
bool rtsp_headers_public(const struct rtsp_message *message, const char *method);
