// SPDX-License-Identifier: Apache-2.0
//
// A camera's response with header lines of the input's, for targets that read them.
#pragma once

#include <stdio.h>

#include "input.h"
#include "rtsp/message.h"

// Parses "RTSP/1.0 <status> x", the bytes, and an empty line. The text that *out points into; NULL:
// the bytes do not make a message. Free it.
static inline uint8_t *response_of(unsigned status, struct input head, struct rtsp_message *out)
{
    char start[32];
    int start_len = snprintf(start, sizeof(start), "RTSP/1.0 %u x\r\n", status);
    size_t len = (size_t)start_len + head.len + 4;
    uint8_t *text = malloc(len);

    assert(text);
    memcpy(text, start, (size_t)start_len);
    if (head.len > 0)
        memcpy(text + start_len, head.data, head.len);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    if (rtsp_message_parse(text, len, out) > 0)
        return text;
    free(text);
    return NULL;
}
