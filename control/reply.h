// SPDX-License-Identifier: Apache-2.0
//
// Answers to HTTP requests. Each call but ctl_reply_header, _more and _cors sends the answer, and
// the request must not be touched afterwards. A HEAD gets the header of what GET would get. Control
// thread.
#pragma once

#include <stddef.h>

struct evbuffer;
struct evhttp_request;

void ctl_reply_header(struct evhttp_request *req, const char *name, const char *value);

// One more of the same name.
void ctl_reply_more(struct evhttp_request *req, const char *name, const char *value);

// Pages of any origin may read this answer. No credentials are involved: whoever needs a token
// sends it in Authorization, which a foreign page can only do when it knows it.
void ctl_reply_cors(struct evhttp_request *req);

// An answer without a body.
void ctl_reply_empty(struct evhttp_request *req, int code);

// One line of text: the reason of an error. A newline is added.
void ctl_reply_text(struct evhttp_request *req, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// One line of text with Retry-After: when to try again, in seconds.
void ctl_reply_retry(struct evhttp_request *req, int code, int after_s, const char *reason);

// 307, which keeps the method (RFC 9110 15.4.8), to the location with the request's own query; the
// body says the reason.
void ctl_reply_redirect(struct evhttp_request *req, const char *reason, const char *location, ...)
    __attribute__((format(printf, 3, 4)));

// 405: allow lists the methods that there are.
void ctl_reply_not_allowed(struct evhttp_request *req, const char *allow);

// The body is copied.
void ctl_reply_bytes(struct evhttp_request *req, int code, const char *content_type,
                     const void *body, size_t len);

// The body is drained from the buffer, which stays the caller's.
void ctl_reply_buffer(struct evhttp_request *req, int code, const char *content_type,
                      struct evbuffer *body);
