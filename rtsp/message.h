// SPDX-License-Identifier: Apache-2.0
//
// RTSP messages (RFC 2326 4 to 7): the camera's responses, and the requests that it sends itself.
// A parser over the caller's bytes: nothing is copied or allocated, every span points into them.
// Any thread.
//
// Lenient where cameras are: bare LF line ends, header lines without a colon (left out), folded
// lines (the line end stays in the value), any version. Control characters are refused, which
// also tells a message from the middle of a video frame.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtsp/span.h"

enum {
    RTSP_HEAD_MAX = 16384,    // start line and headers, bytes: ten times the longest seen
    RTSP_HEADERS_MAX = 64,    // header lines
    RTSP_BODY_MAX = 64 * 1024 // bytes; the only large bodies are SDPs of a few KiB
};

struct rtsp_header {
    struct rtsp_span name;
    struct rtsp_span value; // trimmed
};

struct rtsp_message {
    bool request;
    unsigned status;         // response: 100 to 999
    struct rtsp_span reason; // response: may be empty
    struct rtsp_span method; // request
    struct rtsp_span uri;    // request
    struct rtsp_header header[RTSP_HEADERS_MAX];
    size_t header_count;
    struct rtsp_span body;
};

// Parses the message at the start of data. Returns its length in bytes; 0 if it is not all there
// yet; -EBADMSG if no RTSP message can start like this; -EMSGSIZE beyond the bounds above.
ssize_t rtsp_message_parse(const uint8_t *data, size_t len, struct rtsp_message *out);

// The same for the head of an HTTP response, as the camera's end of a tunnel sends one. A body is
// left where it is.
ssize_t rtsp_message_parse_http(const uint8_t *data, size_t len, struct rtsp_message *out);

// The value of the header's nth line (from 0; names in any case); its data is NULL if there is
// no such line.
struct rtsp_span rtsp_message_header(const struct rtsp_message *message, const char *name,
                                     size_t nth);
