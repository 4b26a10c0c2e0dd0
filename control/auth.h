// SPDX-License-Identifier: Apache-2.0
//
// Who may watch which stream: read_auth of the configuration. Control thread.
//
//     none    everybody
//     users   the users and tokens of the configuration    auth_users.h
//     jwt     whoever has a token that lists the stream     jwt.h; its file is read again when it
//                                                           changes, and the old keys stay if the
//                                                           new ones are no good
//     hook    another program says                          auth_hook.h
//
// Credentials come as credentials.h says. Wrong ones are counted per address (visitors.h). Whoever
// is not let in gets 401 with WWW-Authenticate for Basic and Bearer (RFC 9110 11.6.1, RFC 6750 3),
// 403, 429, or 503 with Retry-After, each with a line of text that says why.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/config.h"
#include "control/streams.h"
#include "control/verdict.h"
#include "control/visitors.h"

struct event_base;
struct evhttp_request;
struct ctl_auth;
struct ctl_auth_who;

enum {
    CTL_AUTH_ASKS_MAX = 128, // requests that wait for their verdict at one time
    CTL_AUTH_RETRY_S = 1,    // Retry-After where nobody could say
};

// config and visitors stay valid. -errno with one line in error[].
int ctl_auth_create(struct event_base *base, const struct ctl_config *config,
                    struct ctl_visitors *visitors, struct ctl_auth **out, char *error,
                    size_t error_size);

// Lets a request for a stream in, or answers it. granted takes over the request, at once or up to
// some seconds later. until_ns: when the permission ends, CLOCK_MONOTONIC, INT64_MAX: never.
void ctl_auth_ask(struct ctl_auth *auth, struct ctl_stream *stream, struct evhttp_request *req,
                  void (*granted)(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                                  int64_t until_ns),
                  void *ctx);

// As ctl_auth_ask, for a page. refused answers with 401 in place of a line of text: it is what
// people see who do not tell their browser who they are. It takes over the request.
void ctl_auth_ask_page(struct ctl_auth *auth, struct ctl_stream *stream, struct evhttp_request *req,
                       void (*granted)(void *ctx, struct ctl_stream *stream,
                                       struct evhttp_request *req, int64_t until_ns),
                       void (*refused)(void *ctx, struct evhttp_request *req), void *ctx);

// Finds out who sent a request that is for no stream in particular. known takes over the request,
// at once or later; who is valid during the call.
void ctl_auth_identify(struct ctl_auth *auth, struct evhttp_request *req,
                       void (*known)(void *ctx, const struct ctl_auth_who *who,
                                     struct evhttp_request *req),
                       void *ctx);

// The stream is listed for him: he could watch it. A hook is not asked for that: its streams are
// listed for nobody.
bool ctl_auth_lists(const struct ctl_auth_who *who, const struct ctl_stream *stream);

// 401: nothing can be shown without credentials.
void ctl_auth_challenge(struct evhttp_request *req, const char *reason);

struct ctl_auth_stats {
    uint64_t verdict[CTL_VERDICT_LATER]; // of requests for streams that ask for something
    uint64_t asks_refused;               // beyond CTL_AUTH_ASKS_MAX
    struct ctl_visitors_stats visitors;
};

void ctl_auth_read_stats(const struct ctl_auth *auth, struct ctl_auth_stats *out);

// Before evhttp_free(): requests that wait are forgotten. NULL does no harm.
void ctl_auth_destroy(struct ctl_auth *auth);
