// SPDX-License-Identifier: Apache-2.0
//
// Where a camera sends its client: the Location of a 3xx answer or of a REDIRECT request (RFC 2326
// 10.10, 11.3). Pure function; any thread.
#pragma once

#include "rtsp/message.h"
#include "rtsp/url.h"

// from: the URL that this came from. User and password go along within its host, and to no other;
// what Location itself names of them goes before. A tunnel stays one. 0, or -EINVAL with *error set
// to a static string.
int rtsp_redirect_read(const struct rtsp_message *message, const struct rtsp_url *from,
                       struct rtsp_url *to, const char **error);
