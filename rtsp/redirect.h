// SPDX-License-Identifier: Apache-2.0
//
// Goes where a camera sends its client: the Location of a 3xx answer or of a REDIRECT request (RFC
// 2326 10.10, 11.3). Pure function; any thread.
#pragma once

#include <stddef.h>

#include "rtsp/message.h"
#include "rtsp/url.h"

enum {
    RTSP_REDIRECTS_MAX = 3, // hops; more is a loop
};

// *url: where the message came from, then where it leads. User and password go along within a host,
// and to no other; what Location itself names of them goes before. A tunnel stays one. *hops: so
// far, then one more. 0, or -EINVAL: it leads nowhere, and text, size bytes with the NUL, says why
// in one line; *url and *hops are as they were.
int rtsp_redirect_follow(const struct rtsp_message *message, struct rtsp_url *url, unsigned *hops,
                         char *text, size_t size);
