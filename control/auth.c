// SPDX-License-Identifier: Apache-2.0
#include "control/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>
#include <event2/http.h>

#include "control/auth_hook.h"
#include "control/auth_users.h"
#include "control/clock.h"
#include "control/credentials.h"
#include "control/file_watch.h"
#include "control/jwt.h"
#include "control/log.h"
#include "control/reply.h"
#include "control/request.h"

enum {
    UNAUTHORIZED = 401,
    FORBIDDEN = 403,
    TOO_MANY_REQUESTS = 429,
};

struct ctl_auth_who {
    bool user;           // one of ours
    struct ctl_jwt *jwt; // NULL: he has none that is good
};

// A request and its credentials, until there is a verdict.
struct ask {
    LIST_ENTRY(ask) link;
    struct ctl_auth *auth;
    struct ctl_stream *stream; // NULL: it is about who asks
    struct ctl_auth_who who;
    struct evhttp_request *req;
    bool shown; // there are credentials
    struct ctl_credentials credentials;
    const char *fault; // of a token, a phrase; NULL: not known
    void (*granted)(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                    int64_t until_ns);
    void (*refused)(void *ctx, struct evhttp_request *req); // NULL: with a line of text
    void (*known)(void *ctx, const struct ctl_auth_who *who, struct evhttp_request *req);
    void *ctx;
};

struct ctl_auth {
    struct event_base *base;
    const struct ctl_auth_config *config;
    struct ctl_visitors *visitors;
    struct ctl_auth_users *users;
    struct ctl_auth_hook *hook; // NULL: none
    struct ctl_jwt_keys *keys;  // NULL: none
    struct ctl_file_watch *watch;
    LIST_HEAD(, ask) asks;
    unsigned count;
    struct ctl_auth_stats stats;
};

// ---- answers ----

static void add_challenge(struct evhttp_request *req)
{
    ctl_reply_more(req, "WWW-Authenticate", "Basic realm=\"rtcfan\", charset=\"UTF-8\"");
    ctl_reply_more(req, "WWW-Authenticate", "Bearer realm=\"rtcfan\"");
}

void ctl_auth_challenge(struct evhttp_request *req, const char *reason)
{
    add_challenge(req);
    ctl_reply_text(req, UNAUTHORIZED, "%s", reason);
}

static void refuse(struct ask *ask)
{
    char reason[128];

    if (ask->refused) {
        add_challenge(ask->req);
        ask->refused(ask->ctx, ask->req);
        return;
    }
    if (!ask->shown)
        snprintf(reason, sizeof(reason), "this stream needs a user and password, or a token");
    else if (ask->fault)
        snprintf(reason, sizeof(reason), "the token %s", ask->fault);
    else
        snprintf(reason, sizeof(reason), "these credentials are not right");
    ctl_auth_challenge(ask->req, reason);
}

static void free_ask(struct ask *ask)
{
    LIST_REMOVE(ask, link);
    ask->auth->count--;
    ctl_jwt_close(ask->who.jwt);
    ctl_credentials_wipe(&ask->credentials);
    free(ask);
}

// When a token's permission ends. What ends in more than a lifetime does not end.
static int64_t until_ns(const struct ctl_jwt *jwt)
{
    int64_t left_s = jwt ? ctl_jwt_expires_s(jwt) - time(NULL) : INT64_MAX;

    return left_s < INT32_MAX ? ctl_now_ns() + left_s * CTL_NS_PER_SECOND : INT64_MAX;
}

static void answer(struct ask *ask, enum ctl_verdict verdict)
{
    switch (verdict) {
    case CTL_VERDICT_GRANTED:
        ask->granted(ask->ctx, ask->stream, ask->req, until_ns(ask->who.jwt));
        break;
    case CTL_VERDICT_UNKNOWN:
        refuse(ask);
        break;
    case CTL_VERDICT_FORBIDDEN:
        ctl_reply_text(ask->req, FORBIDDEN, "%s",
                       ask->who.jwt ? "the token does not list this stream"
                                    : "these credentials are not good for this stream");
        break;
    case CTL_VERDICT_UNAVAILABLE:
    case CTL_VERDICT_LATER:
        ctl_reply_retry(ask->req, HTTP_SERVUNAVAIL, CTL_AUTH_RETRY_S,
                        "who you are could not be checked at this moment");
        break;
    }
}

static void finish(struct ask *ask, enum ctl_verdict verdict)
{
    ask->who.user = !ask->stream && verdict == CTL_VERDICT_GRANTED;
    if (verdict == CTL_VERDICT_UNKNOWN && ask->shown && !ask->who.jwt)
        ctl_visitors_failed(ask->auth->visitors, ctl_request_peer(ask->req), ctl_now_ns());
    if (ask->stream) {
        ask->auth->stats.verdict[verdict]++;
        answer(ask, verdict);
    } else {
        ask->known(ask->ctx, &ask->who, ask->req);
    }
    free_ask(ask);
}

static void on_verdict(void *ctx, enum ctl_verdict verdict)
{
    finish(ctx, verdict);
}

// ---- verdicts ----

static bool open_jwt(struct ask *ask)
{
    const struct ctl_auth_config *config = ask->auth->config;
    const struct ctl_jwt_rules rules = {
        .issuer = config->jwt_issuer,
        .audience = config->jwt_audience,
    };

    return ctl_jwt_open(ask->auth->keys, &rules, ctl_credentials_token(&ask->credentials),
                        time(NULL), &ask->who.jwt, &ask->fault) == 0;
}

static enum ctl_verdict check_jwt(struct ask *ask)
{
    if (!open_jwt(ask))
        return CTL_VERDICT_UNKNOWN;
    return ctl_jwt_lists(ask->who.jwt, ask->stream->name) ? CTL_VERDICT_GRANTED
                                                          : CTL_VERDICT_FORBIDDEN;
}

static enum ctl_verdict ask_hook(struct ask *ask)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(ask->req));
    const struct ctl_auth_hook_ask what = {
        .credentials = &ask->credentials,
        .ip = ctl_request_peer(ask->req),
        .path = ask->stream->name,
        .query = query ? query : "",
    };

    return ctl_auth_hook_start(ask->auth->hook, &what, on_verdict, ask);
}

static enum ctl_verdict judge(struct ask *ask)
{
    enum ctl_auth_method method = ask->stream ? ask->stream->config->read_auth : CTL_AUTH_USERS;

    if (method == CTL_AUTH_HOOK)
        return ask_hook(ask);
    if (!ask->shown)
        return CTL_VERDICT_UNKNOWN;
    if (method == CTL_AUTH_JWT)
        return check_jwt(ask);
    if (!ask->stream && ask->auth->keys)
        open_jwt(ask);
    return ctl_auth_users_check(ask->auth->users, &ask->credentials, on_verdict, ask);
}

static bool read_credentials(struct evhttp_request *req, struct ctl_credentials *out)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(req);

    return ctl_credentials_read(out, evhttp_find_header(headers, "Authorization"),
                                evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req)));
}

// ---- requests ----

static struct ask *make_ask(struct ctl_auth *auth, struct ctl_stream *stream,
                            struct evhttp_request *req)
{
    struct ask *ask = auth->count < CTL_AUTH_ASKS_MAX ? calloc(1, sizeof(*ask)) : NULL;

    if (!ask)
        return NULL;
    ask->auth = auth;
    ask->stream = stream;
    ask->req = req;
    ask->shown = read_credentials(req, &ask->credentials);
    LIST_INSERT_HEAD(&auth->asks, ask, link);
    auth->count++;
    return ask;
}

// Takes an ask, NULL: there is no room for one, to its verdict.
static void start(struct ctl_auth *auth, struct ask *ask, struct evhttp_request *req)
{
    enum ctl_verdict verdict;

    if (!ask) {
        auth->stats.asks_refused++;
        ctl_reply_retry(req, HTTP_SERVUNAVAIL, CTL_AUTH_RETRY_S,
                        "too many viewers are being let in at this moment");
        return;
    }
    if (ask->shown && !ctl_visitors_may_try(auth->visitors, ctl_request_peer(req), ctl_now_ns())) {
        ctl_reply_retry(req, TOO_MANY_REQUESTS, CTL_AUTH_RETRY_S,
                        "too many wrong credentials came from this address");
        free_ask(ask);
        return;
    }
    verdict = judge(ask);
    if (verdict != CTL_VERDICT_LATER)
        finish(ask, verdict);
}

void ctl_auth_ask(struct ctl_auth *auth, struct ctl_stream *stream, struct evhttp_request *req,
                  void (*granted)(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                                  int64_t until_ns),
                  void *ctx)
{
    ctl_auth_ask_page(auth, stream, req, granted, NULL, ctx);
}

void ctl_auth_ask_page(struct ctl_auth *auth, struct ctl_stream *stream, struct evhttp_request *req,
                       void (*granted)(void *ctx, struct ctl_stream *stream,
                                       struct evhttp_request *req, int64_t until_ns),
                       void (*refused)(void *ctx, struct evhttp_request *req), void *ctx)
{
    struct ask *ask;

    if (stream->config->read_auth == CTL_AUTH_NONE) {
        granted(ctx, stream, req, INT64_MAX);
        return;
    }
    ask = make_ask(auth, stream, req);
    if (ask) {
        ask->granted = granted;
        ask->refused = refused;
        ask->ctx = ctx;
    }
    start(auth, ask, req);
}

void ctl_auth_identify(struct ctl_auth *auth, struct evhttp_request *req,
                       void (*known)(void *ctx, const struct ctl_auth_who *who,
                                     struct evhttp_request *req),
                       void *ctx)
{
    struct ask *ask = make_ask(auth, NULL, req);

    if (ask) {
        ask->known = known;
        ask->ctx = ctx;
    }
    start(auth, ask, req);
}

bool ctl_auth_lists(const struct ctl_auth_who *who, const struct ctl_stream *stream)
{
    switch (stream->config->read_auth) {
    case CTL_AUTH_NONE:
        return true;
    case CTL_AUTH_USERS:
        return who->user;
    case CTL_AUTH_JWT:
        return who->jwt && ctl_jwt_lists(who->jwt, stream->name);
    case CTL_AUTH_HOOK:
    case CTL_AUTH_DEFAULT:
        break;
    }
    return false;
}

// ---- life ----

static void on_keys_changed(void *ctx)
{
    struct ctl_auth *auth = ctx;
    const char *path = auth->config->jwt_key, *fault;
    struct ctl_jwt_keys *keys;

    if (ctl_jwt_keys_load(path, &keys, &fault) != 0) {
        ctl_log(CTL_LOG_ERROR, "auth", "%s %s; the keys that it had stay in use", path, fault);
        return;
    }
    ctl_jwt_keys_free(auth->keys);
    auth->keys = keys;
    ctl_log(CTL_LOG_INFO, "auth", "%s was read again, %zu keys", path, keys->count);
}

static int create_jwt(struct ctl_auth *auth, const char *config_path, char *error,
                      size_t error_size)
{
    const char *path = auth->config->jwt_key, *fault;
    int rc = ctl_jwt_keys_load(path, &auth->keys, &fault);

    if (rc != 0) {
        snprintf(error, error_size, "%s:1: auth.jwt_key: %s %s", config_path, path, fault);
        return rc;
    }
    return ctl_file_watch_create(auth->base, &path, 1, on_keys_changed, auth, &auth->watch);
}

int ctl_auth_create(struct event_base *base, const struct ctl_config *config,
                    struct ctl_visitors *visitors, struct ctl_auth **out, char *error,
                    size_t error_size)
{
    struct ctl_auth *auth = calloc(1, sizeof(*auth));
    int rc;

    if (!auth)
        return -ENOMEM;
    LIST_INIT(&auth->asks);
    auth->base = base;
    auth->config = &config->auth;
    auth->visitors = visitors;
    rc = ctl_auth_users_create(base, &config->auth, &auth->users);
    if (rc == 0 && config->auth.hook)
        rc = ctl_auth_hook_create(base, config->auth.hook, &auth->hook);
    if (rc == 0 && config->auth.jwt_key)
        rc = create_jwt(auth, config->path, error, error_size);
    if (rc != 0) {
        ctl_auth_destroy(auth);
        return rc;
    }
    *out = auth;
    return 0;
}

void ctl_auth_read_stats(const struct ctl_auth *auth, struct ctl_auth_stats *out)
{
    *out = auth->stats;
    ctl_visitors_read_stats(auth->visitors, &out->visitors);
}

void ctl_auth_destroy(struct ctl_auth *auth)
{
    struct ask *ask, *next;

    if (!auth)
        return;
    ctl_auth_users_destroy(auth->users);
    ctl_auth_hook_destroy(auth->hook);
    for (ask = LIST_FIRST(&auth->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        free_ask(ask);
    }
    ctl_file_watch_destroy(auth->watch);
    ctl_jwt_keys_free(auth->keys);
    free(auth);
}
