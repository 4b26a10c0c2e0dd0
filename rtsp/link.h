// SPDX-License-Identifier: Apache-2.0
//
// The one byte stream between a source and its camera: a connection, or, where the URL is one of
// rtsp+http or rtsps+http, the two connections of a tunnel. Ingest thread.
//
// A tunnel is open when GET has been answered, POST has left and a pause has passed; what is sent
// earlier waits. Without the pause the first request would arrive with the head of POST, and be
// lost in cameras that read both before they have tied the connections together. Both go to the
// same address, as a name may stand for several cameras.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rtsp/connection.h"

struct rtsp_link;

enum {
    // For a tunnel to open: below the client's RTSP_RESPONSE_MS, which would blame OPTIONS.
    RTSP_LINK_TUNNEL_MS = 8000,
    RTSP_LINK_PAUSE_MS = 50, // after POST
};

// As rtsp_connection_create(). The owner's calls are the same, too, as are those below. 0, -ENOMEM,
// or another -errno.
int rtsp_link_create(struct event_base *base, int fd, const struct rtsp_url *url,
                     const struct rtsp_trust *trust, const struct rtsp_connection_owner *owner,
                     struct rtsp_link **out);

// What is handed over in one call goes into a tunnel as one piece of base64, so that cameras that
// decode piece by piece find whole requests.
int rtsp_link_send(struct rtsp_link *link, const uint8_t *data, size_t len);

void rtsp_link_destroy(struct rtsp_link *link);
