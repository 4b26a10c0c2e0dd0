// SPDX-License-Identifier: Apache-2.0
#include "control/reply.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "control/log.h"

enum {
    TEMPORARY_REDIRECT = 307
};

static const char text_plain[] = "text/plain; charset=utf-8";

void ctl_reply_header(struct evhttp_request *req, const char *name, const char *value)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

    evhttp_remove_header(headers, name);
    evhttp_add_header(headers, name, value);
}

void ctl_reply_more(struct evhttp_request *req, const char *name, const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(req), name, value);
}

void ctl_reply_cors(struct evhttp_request *req)
{
    ctl_reply_header(req, "Access-Control-Allow-Origin", "*");
    ctl_reply_header(req, "Access-Control-Expose-Headers",
                     "Location, ETag, Link, Retry-After, WWW-Authenticate, Rtcfan-Note");
}

// evhttp sends no body to a HEAD and then forgets its length too; and to every body it adds a
// Content-Type of its own where there is none.
static void set_length(struct evhttp_request *req, size_t len)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", len);
    ctl_reply_header(req, "Content-Length", text);
}

void ctl_reply_empty(struct evhttp_request *req, int code)
{
    if (code != HTTP_NOCONTENT)
        set_length(req, 0);
    evhttp_send_reply(req, code, NULL, NULL);
}

void ctl_reply_buffer(struct evhttp_request *req, int code, const char *content_type,
                      struct evbuffer *body)
{
    ctl_reply_header(req, "Content-Type", content_type);
    ctl_reply_header(req, "X-Content-Type-Options", "nosniff");
    set_length(req, evbuffer_get_length(body));
    evhttp_send_reply(req, code, NULL, body);
}

void ctl_reply_bytes(struct evhttp_request *req, int code, const char *content_type,
                     const void *body, size_t len)
{
    struct evbuffer *buffer = evbuffer_new();

    if (!buffer || evbuffer_add(buffer, body, len) != 0)
        ctl_reply_empty(req, HTTP_INTERNAL);
    else
        ctl_reply_buffer(req, code, content_type, buffer);
    if (buffer)
        evbuffer_free(buffer);
}

void ctl_reply_text(struct evhttp_request *req, int code, const char *format, ...)
{
    char line[256];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    if (len < 0 || (size_t)len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    line[len] = '\0';
    ctl_log_sanitize(line);
    line[len++] = '\n';
    ctl_reply_bytes(req, code, text_plain, line, (size_t)len);
}

void ctl_reply_retry(struct evhttp_request *req, int code, int after_s, const char *reason)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", after_s);
    ctl_reply_header(req, "Retry-After", text);
    ctl_reply_text(req, code, "%s", reason);
}

void ctl_reply_redirect(struct evhttp_request *req, const char *reason, const char *location, ...)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
    struct evbuffer *target = evbuffer_new();
    va_list args;
    bool ok;

    va_start(args, location);
    ok = target && evbuffer_add_vprintf(target, location, args) > 0 &&
         (!query || evbuffer_add_printf(target, "?%s", query) > 0) &&
         evbuffer_add(target, "", 1) == 0;
    va_end(args);
    if (ok) {
        ctl_reply_header(req, "Location", (const char *)evbuffer_pullup(target, -1));
        ctl_reply_text(req, TEMPORARY_REDIRECT, "%s", reason);
    } else {
        ctl_reply_text(req, HTTP_INTERNAL, "out of memory");
    }
    if (target)
        evbuffer_free(target);
}

void ctl_reply_not_allowed(struct evhttp_request *req, const char *allow)
{
    ctl_reply_header(req, "Allow", allow);
    ctl_reply_text(req, HTTP_BADMETHOD, "this resource takes %s", allow);
}
