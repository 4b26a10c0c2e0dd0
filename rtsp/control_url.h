// SPDX-License-Identifier: Apache-2.0
//
// The URLs that a session is controlled by: of all tracks together and of each (RFC 2326 C.1.1),
// as the camera's answer to DESCRIBE and its SDP have them. Plain functions on the caller's memory;
// ingest thread.
//
// They go into requests as the camera wrote them, be their host one that only its own network
// knows: the camera knows itself by it, and no URL but that of a redirect decides where we connect.
#pragma once

#include "engine/publish.h"
#include "rtsp/message.h"
#include "rtsp/sdp.h"
#include "rtsp/url.h"

struct rtsp_control_url {
    char aggregate[RTSP_URL_MAX];
    char track[ENG_TRACKS][RTSP_URL_MAX];
};

// request: the URL that was described. What the SDP says is relative to Content-Base, else to
// Content-Location, else to request; what is no RTSP URL is passed over. 0; -EINVAL: blanks in a
// URL of the SDP, or -EMSGSIZE.
int rtsp_control_url_take(struct rtsp_control_url *control, const char *request,
                          const struct rtsp_message *described, const struct rtsp_sdp *sdp);
