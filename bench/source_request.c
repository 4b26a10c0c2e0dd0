// SPDX-License-Identifier: Apache-2.0
#include "bench/source_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// A piece of the request, not terminated.
struct text {
    const char *at;
    size_t len;
};

static const struct {
    const char *name;
    enum source_method method;
} methods[] = {
    {"OPTIONS", SOURCE_OPTIONS},
    {"DESCRIBE", SOURCE_DESCRIBE},
    {"SETUP", SOURCE_SETUP},
    {"PLAY", SOURCE_PLAY},
    {"GET_PARAMETER", SOURCE_GET_PARAMETER},
    {"TEARDOWN", SOURCE_TEARDOWN},
};

// Cuts *rest at the first separator; without one, all of it is the piece.
static struct text cut(struct text *rest, const char *separator)
{
    size_t separator_len = strlen(separator);
    const char *found = memmem(rest->at, rest->len, separator, separator_len);
    struct text piece = *rest;

    if (found == NULL) {
        rest->at += rest->len;
        rest->len = 0;
        return piece;
    }
    piece.len = (size_t)(found - rest->at);
    rest->len -= piece.len + separator_len;
    rest->at = found + separator_len;
    return piece;
}

static struct text trim(struct text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
        t.at++;
        t.len--;
    }
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

static bool is(struct text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static bool begins(struct text t, const char *word)
{
    return t.len >= strlen(word) && strncasecmp(t.at, word, strlen(word)) == 0;
}

// Decimal digits up to `max`; *t goes behind them. -1: none, or too large.
static long number(struct text *t, long max)
{
    long value = 0;
    size_t digits = 0;

    for (; t->len > 0 && t->at[0] >= '0' && t->at[0] <= '9'; t->at++, t->len--, digits++) {
        value = value * 10 + (t->at[0] - '0');
        if (value > max)
            return -1;
    }
    return digits > 0 ? value : -1;
}

// Printable ASCII only, so that what is echoed cannot break a response's lines.
static int copy(struct text t, char *to, size_t to_size)
{
    if (t.len >= to_size)
        return -EBADMSG;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < ' ' || t.at[i] > '~')
            return -EBADMSG;
    }
    memcpy(to, t.at, t.len);
    to[t.len] = '\0';
    return 0;
}

static int parse_url(struct text url, struct source_request *out)
{
    if (begins(url, "rtsp://")) {
        cut(&url, "//");
        cut(&url, "/");
    }
    struct text path = cut(&url, "?");
    const char *last = memrchr(path.at, '/', path.len);
    struct text segment = path;
    if (last != NULL)
        segment = (struct text){last + 1, (size_t)(path.at + path.len - last - 1)};
    if (begins(segment, "trackID=")) {
        path.len -= segment.len;
        cut(&segment, "=");
        out->track = (int)number(&segment, 99);
    }
    while (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    while (path.len > 0 && path.at[0] == '/') {
        path.at++;
        path.len--;
    }
    return copy(path, out->path, sizeof(out->path));
}

// RFC 2326 12.39: alternatives by comma, the first that is served here is taken.
static void parse_transport(struct text value, struct source_request *out)
{
    out->transport = SOURCE_TRANSPORT_OTHER;
    while (value.len > 0) {
        struct text rest = cut(&value, ",");
        if (!is(trim(cut(&rest, ";")), "RTP/AVP/TCP"))
            continue;
        out->transport = SOURCE_TRANSPORT_INTERLEAVED;
        while (rest.len > 0) {
            struct text parameter = trim(cut(&rest, ";"));
            if (!begins(parameter, "interleaved="))
                continue;
            cut(&parameter, "=");
            long first = number(&parameter, 255);
            cut(&parameter, "-");
            long second = number(&parameter, 255);
            if (first >= 0) {
                out->channel[0] = (int)first;
                out->channel[1] = second >= 0 ? (int)second : (int)(first + 1) & 0xff;
            }
        }
        return;
    }
}

static int parse_header(struct text line, struct source_request *out, long *body_len)
{
    struct text name = trim(cut(&line, ":"));
    struct text value = trim(line);

    if (is(name, "CSeq"))
        return copy(value, out->cseq, sizeof(out->cseq));
    if (is(name, "Session"))
        return copy(trim(cut(&value, ";")), out->session, sizeof(out->session));
    if (is(name, "Transport"))
        parse_transport(value, out);
    if (is(name, "Content-Length")) {
        *body_len = number(&value, SOURCE_BODY_MAX);
        return *body_len < 0 ? -EBADMSG : 0;
    }
    return 0;
}

static int parse_request_line(struct text line, struct source_request *out)
{
    struct text method = cut(&line, " ");
    struct text url = cut(&line, " ");

    if (!begins(line, "RTSP/1."))
        return -EBADMSG;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        // Methods are case-sensitive.
        if (is(method, methods[i].name) && memcmp(method.at, methods[i].name, method.len) == 0)
            out->method = methods[i].method;
    }
    return parse_url(url, out);
}

int source_request_parse(const char *data, size_t len, struct source_request *out)
{
    static const char end_of_head[] = "\r\n\r\n";
    const char *end = memmem(data, len, end_of_head, 4);

    if (end == NULL)
        return len > SOURCE_HEAD_MAX ? -EBADMSG : 0;
    size_t head_len = (size_t)(end - data);
    if (head_len > SOURCE_HEAD_MAX)
        return -EBADMSG;

    *out = (struct source_request){
        .method = SOURCE_METHOD_OTHER,
        .track = -1,
        .channel = {-1, -1},
    };
    struct text head = {data, head_len};
    long body_len = 0;
    int rc = parse_request_line(cut(&head, "\r\n"), out);
    while (rc == 0 && head.len > 0)
        rc = parse_header(cut(&head, "\r\n"), out, &body_len);
    if (rc < 0)
        return rc;
    size_t total = head_len + 4 + (size_t)body_len;
    return total <= len ? (int)total : 0;
}
