// SPDX-License-Identifier: Apache-2.0
#include "bench/source_request.h"

#include <errno.h>
#include <string.h>

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

static int parse_url(struct source_text url, struct source_request *out)
{
    if (source_text_begins(url, "rtsp://")) {
        source_text_cut(&url, "//");
        source_text_cut(&url, "/");
    }
    struct source_text path = source_text_cut(&url, "?");
    const char *last = memrchr(path.at, '/', path.len);
    struct source_text segment = path;
    if (last != NULL)
        segment = (struct source_text){last + 1, (size_t)(path.at + path.len - last - 1)};
    if (source_text_begins(segment, "trackID=")) {
        path.len -= segment.len;
        source_text_cut(&segment, "=");
        out->track = (int)source_text_number(&segment, 99);
    }
    while (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    while (path.len > 0 && path.at[0] == '/') {
        path.at++;
        path.len--;
    }
    return source_text_copy(path, out->path, sizeof(out->path));
}

static int parse_header(struct source_text line, struct source_request *out, long *body_len)
{
    struct source_text name = source_text_trim(source_text_cut(&line, ":"));
    struct source_text value = source_text_trim(line);

    if (source_text_is(name, "CSeq"))
        return source_text_copy(value, out->cseq, sizeof(out->cseq));
    if (source_text_is(name, "Session"))
        return source_text_copy(source_text_trim(source_text_cut(&value, ";")), out->session,
                                sizeof(out->session));
    if (source_text_is(name, "Transport"))
        out->offer_count = source_transport_parse(value, out->offers);
    if (source_text_is(name, "Content-Length")) {
        *body_len = source_text_number(&value, SOURCE_BODY_MAX);
        return *body_len < 0 ? -EBADMSG : 0;
    }
    return 0;
}

static int parse_request_line(struct source_text line, struct source_request *out)
{
    struct source_text method = source_text_cut(&line, " ");
    struct source_text url = source_text_cut(&line, " ");

    if (!source_text_begins(line, "RTSP/1."))
        return -EBADMSG;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        // Methods are case-sensitive.
        if (source_text_is(method, methods[i].name) &&
            memcmp(method.at, methods[i].name, method.len) == 0)
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
    };
    struct source_text head = {data, head_len};
    long body_len = 0;
    int rc = parse_request_line(source_text_cut(&head, "\r\n"), out);
    while (rc == 0 && head.len > 0)
        rc = parse_header(source_text_cut(&head, "\r\n"), out, &body_len);
    if (rc < 0)
        return rc;
    size_t total = head_len + 4 + (size_t)body_len;
    return total <= len ? (int)total : 0;
}
