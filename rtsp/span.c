// SPDX-License-Identifier: Apache-2.0
#include "rtsp/span.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool rtsp_span_is(struct rtsp_span span, const char *text)
{
    size_t len = strlen(text);

    return span.len == len && (len == 0 || strncasecmp(span.data, text, len) == 0);
}

bool rtsp_span_starts(struct rtsp_span span, const char *text, struct rtsp_span *rest)
{
    size_t len = strlen(text);

    if (span.len < len || (len > 0 && strncasecmp(span.data, text, len) != 0))
        return false;
    if (rest)
        *rest = (struct rtsp_span){span.data + len, span.len - len};
    return true;
}

struct rtsp_span rtsp_span_trim(struct rtsp_span span)
{
    while (span.len > 0 && is_space(span.data[0])) {
        span.data++;
        span.len--;
    }
    while (span.len > 0 && is_space(span.data[span.len - 1]))
        span.len--;
    return span;
}

bool rtsp_span_cut(struct rtsp_span *rest, char separator, struct rtsp_span *part)
{
    if (!rest->data)
        return false;
    const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (struct rtsp_span){NULL, 0};
        return true;
    }
    *part = (struct rtsp_span){rest->data, (size_t)(end - rest->data)};
    rest->data = end + 1;
    rest->len -= part->len + 1;
    return true;
}

bool rtsp_span_number(struct rtsp_span span, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;

    if (span.len == 0)
        return false;
    for (size_t i = 0; i < span.len; i++) {
        if (span.data[i] < '0' || span.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(span.data[i] - '0');
        if (value > max)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool rtsp_span_is_printable(struct rtsp_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (span.data[i] < ' ' || span.data[i] > '~')
            return false;
    return true;
}

int rtsp_span_copy(struct rtsp_span span, char *out, size_t size)
{
    if (span.len >= size)
        return -EMSGSIZE;
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)span.data[i];

        if (c < 0x20 || c == 0x7f)
            return -EINVAL;
    }
    if (span.len > 0)
        memcpy(out, span.data, span.len);
    out[span.len] = '\0';
    return 0;
}
