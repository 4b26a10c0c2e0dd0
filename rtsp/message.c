// SPDX-License-Identifier: Apache-2.0
#include "rtsp/message.h"

#include <errno.h>
#include <string.h>

// The longest method of RFC 2326 has 13 letters.
enum {
    METHOD_MAX = 20
};

// Takes one line off *rest, without its line end. 1, or 0 if its end is not there yet, or -EBADMSG.
static int take_line(struct rtsp_span *rest, struct rtsp_span *line)
{
    for (size_t i = 0; i < rest->len; i++) {
        unsigned char c = (unsigned char)rest->data[i];

        if (c == '\n') {
            *line = (struct rtsp_span){rest->data, i};
            if (i > 0 && rest->data[i - 1] == '\r')
                line->len--;
            rest->data += i + 1;
            rest->len -= i + 1;
            return 1;
        }
        if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f)
            return -EBADMSG;
    }
    return 0;
}

// Can these bytes be the first ones of a message? "RTSP/..." (the protocol) or "METHOD ...".
static bool can_start(struct rtsp_span text, const char *protocol)
{
    size_t i = 0;

    while (i < text.len && i <= METHOD_MAX &&
           ((text.data[i] >= 'A' && text.data[i] <= 'Z') || text.data[i] == '_'))
        i++;
    if (i == text.len)
        return i <= METHOD_MAX;
    if (text.data[i] == '/')
        return i == 4 && memcmp(text.data, protocol, 4) == 0;
    return i > 0 && i <= METHOD_MAX && text.data[i] == ' ';
}

static int parse_start(struct rtsp_span line, const char *protocol, struct rtsp_message *out)
{
    struct rtsp_span first;
    struct rtsp_span second;
    uint32_t status;

    if (!rtsp_span_cut(&line, ' ', &first) || !line.data)
        return -EBADMSG;
    line = rtsp_span_trim(line);
    rtsp_span_cut(&line, ' ', &second);
    if (rtsp_span_starts(first, protocol, NULL)) {
        if (second.len != 3 || !rtsp_span_number(second, 999, &status) || status < 100)
            return -EBADMSG;
        out->status = status;
        if (line.data)
            out->reason = rtsp_span_trim(line);
        return 0;
    }
    if (!line.data || !rtsp_span_starts(rtsp_span_trim(line), protocol, NULL))
        return -EBADMSG;
    out->request = true;
    out->method = first;
    out->uri = second;
    return 0;
}

static int parse_header(struct rtsp_span line, struct rtsp_message *out)
{
    struct rtsp_span name;

    if (line.data[0] == ' ' || line.data[0] == '\t') {
        // A folded line goes on with the value of the one before it.
        if (out->header_count > 0) {
            struct rtsp_span *value = &out->header[out->header_count - 1].value;
            struct rtsp_span more = rtsp_span_trim(line);

            value->len = (size_t)(more.data + more.len - value->data);
            *value = rtsp_span_trim(*value); // its own line may have been empty
        }
        return 0;
    }
    rtsp_span_cut(&line, ':', &name);
    if (!line.data)
        return 0;
    if (out->header_count == RTSP_HEADERS_MAX)
        return -EMSGSIZE;
    out->header[out->header_count++] =
        (struct rtsp_header){rtsp_span_trim(name), rtsp_span_trim(line)};
    return 0;
}

static int take_head(struct rtsp_span *rest, const char *protocol, struct rtsp_message *out)
{
    struct rtsp_span line;
    int rc;

    if (!can_start(*rest, protocol))
        return -EBADMSG;
    rc = take_line(rest, &line);
    if (rc <= 0)
        return rc;
    rc = parse_start(line, protocol, out);
    while (rc == 0) {
        rc = take_line(rest, &line);
        if (rc <= 0)
            return rc;
        if (line.len == 0)
            return 1;
        rc = parse_header(line, out);
    }
    return rc;
}

// Returns its length, as rtsp_message_parse().
static ssize_t parse_head(const uint8_t *data, size_t len, const char *protocol,
                          struct rtsp_message *out)
{
    struct rtsp_span rest = {(const char *)data, len < RTSP_HEAD_MAX ? len : RTSP_HEAD_MAX};
    int rc;

    *out = (struct rtsp_message){0};
    if (len == 0)
        return 0;
    rc = take_head(&rest, protocol, out);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return len < RTSP_HEAD_MAX ? 0 : -EMSGSIZE;
    return rest.data - (const char *)data;
}

ssize_t rtsp_message_parse(const uint8_t *data, size_t len, struct rtsp_message *out)
{
    struct rtsp_message message;
    struct rtsp_span length;
    uint32_t body_len = 0;
    ssize_t head_len = parse_head(data, len, "RTSP/", &message);

    if (head_len <= 0)
        return head_len;
    length = rtsp_message_header(&message, "Content-Length", 0);
    if (length.data && length.len > 0 && !rtsp_span_number(length, RTSP_BODY_MAX, &body_len))
        return -EMSGSIZE;
    if (len - (size_t)head_len < body_len)
        return 0;
    message.body = (struct rtsp_span){(const char *)data + head_len, body_len};
    *out = message;
    return head_len + (ssize_t)body_len;
}

ssize_t rtsp_message_parse_http(const uint8_t *data, size_t len, struct rtsp_message *out)
{
    struct rtsp_message message;
    ssize_t head_len = parse_head(data, len, "HTTP/", &message);

    if (head_len > 0 && message.request)
        return -EBADMSG;
    if (head_len > 0)
        *out = message;
    return head_len;
}

struct rtsp_span rtsp_message_header(const struct rtsp_message *message, const char *name,
                                     size_t nth)
{
    for (size_t i = 0; i < message->header_count; i++)
        if (rtsp_span_is(message->header[i].name, name) && nth-- == 0)
            return message->header[i].value;
    return (struct rtsp_span){NULL, 0};
}
