// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_response.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "webrtc/text.h"

enum {
    BODY_MAX = 1 << 20, // of one chunk or of all; an SDP answer is below 64 KiB
    STATUS_MAX = 999,
    INTERIM_BELOW = 200, // 100 Continue and its like: another head follows
};

// What the head says about the body.
struct framing {
    bool chunked;
    bool counted;
    uint32_t length;
};

static bool read_status(struct wrtc_text line, struct viewers_response *out)
{
    struct wrtc_text version, status;

    if (!wrtc_text_word(&line, &version) || !wrtc_text_skip(&version, "HTTP/1.") ||
        !wrtc_text_word(&line, &status) || !wrtc_text_number(status, STATUS_MAX, &out->status))
        return false;
    line = wrtc_text_trim(line);
    if (wrtc_text_len(line) >= sizeof(out->reason))
        line.end = line.at + sizeof(out->reason) - 1;
    return wrtc_text_copy(line, out->reason, sizeof(out->reason));
}

static bool read_field(struct wrtc_text line, struct framing *framing, struct viewers_response *out)
{
    struct wrtc_text name;

    if (!memchr(line.at, ':', wrtc_text_len(line)) || !wrtc_text_until(&line, ':', &name))
        return false;
    line = wrtc_text_trim(line);
    if (wrtc_text_is_nocase(name, "location"))
        return wrtc_text_copy(line, out->location, sizeof(out->location));
    if (wrtc_text_is_nocase(name, "transfer-encoding"))
        framing->chunked = wrtc_text_is_nocase(line, "chunked");
    if (wrtc_text_is_nocase(name, "content-length")) {
        framing->counted = true;
        return wrtc_text_number(line, BODY_MAX, &framing->length);
    }
    return true;
}

// Takes status line, fields and the empty line. 0, -EAGAIN or -EBADMSG.
static int read_head(struct wrtc_text *rest, struct framing *framing, struct viewers_response *out)
{
    struct wrtc_text line;
    const char *end = memmem(rest->at, wrtc_text_len(*rest), "\r\n\r\n", 4);

    if (!end)
        return -EAGAIN;
    *framing = (struct framing){0};
    memset(out, 0, sizeof(*out));
    if (!wrtc_text_line(rest, &line) || !read_status(line, out))
        return -EBADMSG;
    while (wrtc_text_line(rest, &line) && wrtc_text_len(line) > 0) {
        if (!read_field(line, framing, out))
            return -EBADMSG;
    }
    return 0;
}

// The size that begins a chunk (RFC 9112 7.1), with its line.
static int read_chunk_size(struct wrtc_text *rest, uint32_t *out)
{
    struct wrtc_text line, size;

    if (!memchr(rest->at, '\n', wrtc_text_len(*rest)))
        return -EAGAIN;
    if (!wrtc_text_line(rest, &line) || !wrtc_text_until(&line, ';', &size))
        return -EBADMSG;
    size = wrtc_text_trim(size);
    *out = 0;
    for (const char *p = size.at; p < size.end; p++) {
        int digit = wrtc_text_hex_digit(*p);

        if (digit < 0 || *out > BODY_MAX)
            return -EBADMSG;
        *out = *out << 4 | (uint32_t)digit;
    }
    return size.at < size.end ? 0 : -EBADMSG;
}

// Walks the chunks; moves what they hold to out unless it is NULL.
static int walk_chunks(struct wrtc_text rest, char *out, size_t *len)
{
    uint32_t size;
    int err;

    for (*len = 0;; *len += size) {
        err = read_chunk_size(&rest, &size);
        if (err || size == 0)
            return err; // trailers are not waited for
        if (wrtc_text_len(rest) < (size_t)size + 2)
            return -EAGAIN;
        if (out)
            memmove(out + *len, rest.at, size);
        rest.at += (size_t)size + 2;
    }
}

int viewers_response_parse(char *data, size_t len, bool closed, struct viewers_response *out)
{
    struct wrtc_text rest = wrtc_text_of(data, len);
    struct framing framing;
    int err;

    do
        err = read_head(&rest, &framing, out);
    while (!err && out->status < INTERIM_BELOW);
    if (err)
        return err == -EAGAIN && closed ? -EBADMSG : err;
    out->body = rest.at;
    out->body_len = wrtc_text_len(rest);
    if (framing.chunked) {
        err = walk_chunks(rest, NULL, &out->body_len);
        if (!err)
            err = walk_chunks(rest, data + (rest.at - data), &out->body_len);
    } else if (framing.counted || out->status == 204) {
        err = out->body_len < framing.length ? -EAGAIN : 0;
        out->body_len = framing.length;
    } else if (!closed) {
        err = -EAGAIN;
    }
    return err == -EAGAIN && closed ? -EBADMSG : err;
}
