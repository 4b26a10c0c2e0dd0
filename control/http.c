// SPDX-License-Identifier: Apache-2.0
#include "control/http.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "control/auth.h"
#include "control/clock.h"
#include "control/http_guard.h"
#include "control/http_tls.h"
#include "control/listen.h"
#include "control/metrics.h"
#include "control/pages.h"
#include "control/reply.h"
#include "control/request.h"
#include "control/route.h"
#include "control/status_json.h"
#include "control/viewers_json.h"
#include "control/visitors.h"
#include "control/whep.h"

enum {
    // Connections at one time. Viewers hold one for a moment, an open index page holds one; with
    // the cameras' they stay below 1,024, the usual limit of open files.
    CONNECTIONS_MAX = 512,
    METRICS_CONNECTIONS_MAX = 32,

    SILENCE_MAX_S = 5,       // between two reads or writes, and between requests
    REQUEST_MAX_MS = 15000,  // a whole request: 5 s for its header and 10 s for its body
    HEADERS_MAX = 16 * 1024, // request line and header; browsers send 1 KiB, and a token
    BACKLOG = 1024,
    PAGE_DIGITS = 6, // of a number of a page of viewers

    UNAUTHORIZED = 401,
    TOO_MANY_REQUESTS = 429,
    RETRY_MANY_S = 1,
};

// Asked for credentials, a browser asks its user.
static const char all_hidden[] =
    "the streams of this server are listed for those who may watch them";

static const char text_html[] = "text/html; charset=utf-8";

// Pages need no other origin for anything. Of what stands in them one script runs, known by its
// hash: it begins a page anew whose other scripts did not come. Who may put them into a frame is
// left open: that is what ?embed is for.
static const char page_policy[] =
    "default-src 'none'; script-src 'self' 'sha256-GVgW+CPXFtgLiFV/c1cK/e1FkRuG2R6ULiIBPGdO0w8='; "
    "style-src 'self'; connect-src 'self'; media-src 'self' blob: mediastream:; img-src data:; "
    "base-uri 'none'; form-action 'none'";

struct listener {
    struct evhttp *http;
    struct ctl_http_guard *guard;
};

struct ctl_http {
    struct ctl_http_config config;
    struct ctl_whep *whep;
    struct ctl_visitors *visitors;
    struct ctl_auth *auth;
    struct ctl_http_tls *tls; // NULL: the pages' port is plain
    struct listener pages;
    struct listener metrics;
};

// ---- pages ----

static bool is_read(struct evhttp_request *req)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(req);

    return method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD;
}

static void set_page_headers(struct evhttp_request *req)
{
    ctl_reply_header(req, "Content-Security-Policy", page_policy);
    ctl_reply_header(req, "Referrer-Policy", "no-referrer");
    // The page belongs to this build of the server: ask again each time.
    ctl_reply_header(req, "Cache-Control", "no-cache");
}

static void reply_player_as(struct evhttp_request *req, int code)
{
    set_page_headers(req);
    ctl_reply_bytes(req, code, text_html, ctl_page_player_html, ctl_page_player_html_len);
}

static void reply_player(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                         int64_t until_ns)
{
    (void)ctx;
    (void)stream;
    (void)until_ns;
    reply_player_as(req, HTTP_OK);
}

// Nothing in it is secret, and it asks, where the browser does not, who is watching.
static void refuse_player(void *ctx, struct evhttp_request *req)
{
    (void)ctx;
    reply_player_as(req, UNAUTHORIZED);
}

// The index carries the streams' status from the start, so that it shows them at once.
static void reply_index(void *ctx, const struct ctl_auth_who *who, struct evhttp_request *req)
{
    struct ctl_http *http = ctx;
    static const char mark[] = "<!--status-->";
    const size_t mark_len = sizeof(mark) - 1;
    const unsigned char *page = ctl_page_index_html;
    const unsigned char *at = memmem(page, ctl_page_index_html_len, mark, mark_len);
    struct evbuffer *body = evbuffer_new();
    size_t listed;
    char *status = ctl_status_json(http->config.streams, who, &listed);

    assert(at);
    if (status && listed == 0) {
        ctl_auth_challenge(req, all_hidden);
    } else if (body && status) {
        evbuffer_add(body, page, (size_t)(at - page));
        evbuffer_add(body, status, strlen(status));
        at += mark_len;
        evbuffer_add(body, at, ctl_page_index_html_len - (size_t)(at - page));
        set_page_headers(req);
        ctl_reply_buffer(req, HTTP_OK, text_html, body);
    } else {
        ctl_reply_text(req, HTTP_INTERNAL, "out of memory");
    }
    if (body)
        evbuffer_free(body);
    free(status);
}

// Scripts may be imported by pages of any origin.
static void reply_resource(struct evhttp_request *req, const struct ctl_resource *resource)
{
    set_page_headers(req);
    if (!resource->is_page)
        ctl_reply_cors(req);
    ctl_reply_bytes(req, HTTP_OK, resource->content_type, resource->bytes, *resource->len);
}

static void reply_streams(void *ctx, const struct ctl_auth_who *who, struct evhttp_request *req)
{
    struct ctl_http *http = ctx;
    size_t listed;
    char *text = ctl_status_json(http->config.streams, who, &listed);

    ctl_reply_cors(req);
    ctl_reply_header(req, "Cache-Control", "no-store");
    if (text && listed == 0)
        ctl_auth_challenge(req, all_hidden);
    else if (text)
        ctl_reply_bytes(req, HTTP_OK, "application/json", text, strlen(text));
    else
        ctl_reply_text(req, HTTP_INTERNAL, "out of memory");
    free(text);
}

// What is only there to be read.
static void route_read(struct ctl_http *http, struct evhttp_request *req,
                       const struct ctl_route *route, struct ctl_stream *stream)
{
    if (route->name && !stream && route->kind != CTL_ROUTE_PLAYER)
        ctl_reply_text(req, HTTP_NOTFOUND, "there is no such stream");
    else if (route->kind == CTL_ROUTE_NONE)
        ctl_reply_text(req, HTTP_NOTFOUND, "there is no such page");
    else if (!is_read(req))
        ctl_reply_not_allowed(req, "GET, HEAD");
    else if (route->kind == CTL_ROUTE_INDEX)
        ctl_auth_identify(http->auth, req, reply_index, http);
    else if (route->kind == CTL_ROUTE_RESOURCE)
        reply_resource(req, route->resource);
    else if (route->kind == CTL_ROUTE_PLAYER && !stream)
        reply_player_as(req, HTTP_NOTFOUND); // it says so
    else if (route->kind == CTL_ROUTE_PLAYER)
        ctl_auth_ask_page(http->auth, stream, req, reply_player, refuse_player, http);
    else if (route->kind == CTL_ROUTE_PLAYER_BARE && stream)
        ctl_reply_redirect(req, "the player is one level below", "/%s/", stream->name);
    else
        ctl_auth_identify(http->auth, req, reply_streams, http);
}

static void on_request(struct evhttp_request *req, void *ctx)
{
    struct ctl_http *http = ctx;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
    struct ctl_route route = ctl_route_parse(path ? path : "");
    struct ctl_stream *stream = NULL;
    struct ctl_session *session = NULL;

    ctl_http_guard_request(http->pages.guard, req);
    if (ctl_request_changes(req) &&
        !ctl_visitors_request(http->visitors, ctl_request_peer(req), ctl_now_ns())) {
        ctl_reply_cors(req);
        ctl_reply_retry(req, TOO_MANY_REQUESTS, RETRY_MANY_S,
                        "too many requests from this address");
        return;
    }
    if (route.name)
        stream = ctl_streams_find(http->config.streams, route.name, route.name_len);
    if (route.kind == CTL_ROUTE_WHEP) {
        ctl_whep_endpoint(http->whep, stream, req);
    } else if (route.kind == CTL_ROUTE_WHEP_SESSION) {
        session = ctl_session_find(http->config.sessions, route.id, route.id_len);
        if (session && ctl_session_stream(session) != stream)
            session = NULL;
        ctl_whep_session(session, req);
    } else {
        route_read(http, req, &route, stream);
    }
}

// ---- metrics ----

static void reply_metrics(struct ctl_http *http, struct evhttp_request *req)
{
    struct evbuffer *text = evbuffer_new();

    if (!text) {
        ctl_reply_empty(req, HTTP_INTERNAL);
        return;
    }
    ctl_metrics_write(text, http->config.engine, http->config.streams, http->config.sessions,
                      http->config.relay, http->auth);
    ctl_reply_buffer(req, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text);
    evbuffer_free(text);
}

// "page=N" alone, or nothing. False: it is something else.
static bool read_page(const char *query, unsigned *page)
{
    static const char name[] = "page=";
    const char *digits;
    size_t len;

    *page = 0;
    if (!query || !query[0])
        return true;
    if (strncmp(query, name, sizeof(name) - 1) != 0)
        return false;
    digits = query + sizeof(name) - 1;
    len = strspn(digits, "0123456789");
    if (len == 0 || len > PAGE_DIGITS || digits[len] != '\0')
        return false;
    *page = (unsigned)strtoul(digits, NULL, 10);
    return true;
}

static void reply_viewers(struct ctl_http *http, struct evhttp_request *req)
{
    unsigned page;
    char *text;

    if (!read_page(evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req)), &page)) {
        ctl_reply_text(req, HTTP_BADREQUEST,
                       "the only parameter is page, a number from 0, as in /api/viewers?page=1");
        return;
    }
    text = ctl_viewers_json(http->config.sessions, http->config.relay, page);
    ctl_reply_header(req, "Cache-Control", "no-store");
    if (text)
        ctl_reply_bytes(req, HTTP_OK, "application/json", text, strlen(text));
    else
        ctl_reply_text(req, HTTP_INTERNAL, "out of memory");
    free(text);
}

// Figures of all and of each: for whoever runs the server, and so on a port of their own.
static void on_metrics(struct evhttp_request *req, void *ctx)
{
    struct ctl_http *http = ctx;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
    const struct ctl_resource *resource = ctl_resource_find(CTL_RESOURCE_FIGURES, path ? path : "");
    bool metrics = path && strcmp(path, "/metrics") == 0;
    bool viewers = path && strcmp(path, "/api/viewers") == 0;

    ctl_http_guard_request(http->metrics.guard, req);
    if (!resource && !metrics && !viewers)
        ctl_reply_text(req, HTTP_NOTFOUND, "metrics are at /metrics, viewers at /viewers");
    else if (!is_read(req))
        ctl_reply_not_allowed(req, "GET, HEAD");
    else if (resource)
        reply_resource(req, resource);
    else if (metrics)
        reply_metrics(http, req);
    else
        reply_viewers(http, req);
}

// ---- listeners ----

// evhttp itself answers 501 to methods that are not in its list; we know better what is allowed
// where.
static void configure(struct evhttp *http, size_t body_max)
{
    evhttp_set_timeout(http, SILENCE_MAX_S);
    evhttp_set_max_headers_size(http, HEADERS_MAX);
    evhttp_set_max_body_size(http, (ev_ssize_t)body_max);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                         EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                         EVHTTP_REQ_PATCH | EVHTTP_REQ_TRACE);
}

static int open_listener(struct event_base *base, const struct eng_addr *addr,
                         unsigned connections_max, struct ctl_http_tls *tls, struct listener *out)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct evconnlistener *listener;

    out->http = evhttp_new(base);
    if (!out->http)
        return -ENOMEM;
    errno = 0;
    listener = evconnlistener_new_bind(base, NULL, NULL, flags, BACKLOG, &addr->sa,
                                       (int)eng_addr_len(addr));
    if (!listener)
        return errno ? -errno : -ENOMEM;
    if (!evhttp_bind_listener(out->http, listener)) {
        evconnlistener_free(listener);
        return -ENOMEM;
    }
    return ctl_http_guard_create(base, out->http, listener, connections_max, REQUEST_MAX_MS, tls,
                                 &out->guard);
}

static void close_listener(struct listener *listener)
{
    if (listener->http)
        evhttp_free(listener->http);
    ctl_http_guard_destroy(listener->guard);
}

static int create_parts(struct event_base *base, struct ctl_http *http, char *error,
                        size_t error_size)
{
    const struct ctl_config *config = http->config.config;
    char fault[CTL_HTTP_TLS_ERROR_MAX];
    int rc = ctl_visitors_create(config->http_requests_max, &http->visitors);

    if (rc == 0 && config->http_cert) {
        rc = ctl_http_tls_create(base, config->http_cert, config->http_key, &http->tls, fault);
        if (rc != 0)
            snprintf(error, error_size, "%s:1: http.tls: %s", config->path, fault);
    }

    if (rc == 0)
        rc = ctl_auth_create(base, config, http->visitors, &http->auth, error, error_size);
    if (rc == 0)
        rc = ctl_whep_create(base, config, http->auth, http->config.sessions, &http->whep);
    return rc;
}

int ctl_http_create(struct event_base *base, const struct ctl_http_config *config,
                    struct ctl_http **out, char *error, size_t error_size)
{
    struct ctl_http *http = calloc(1, sizeof(*http));
    const char *key = "http.listen";
    int rc;

    if (!http)
        return -ENOMEM;
    http->config = *config;
    rc = create_parts(base, http, error, error_size);
    if (rc) {
        ctl_http_destroy(http);
        return rc;
    }
    rc =
        open_listener(base, &config->config->http_listen, CONNECTIONS_MAX, http->tls, &http->pages);
    if (rc == 0) {
        key = "metrics.listen";
        rc = open_listener(base, &config->config->metrics_listen, METRICS_CONNECTIONS_MAX, NULL,
                           &http->metrics);
    }
    if (rc != 0) {
        ctl_listen_error(config->config, key, rc, error, error_size);
        ctl_http_destroy(http);
        return rc;
    }
    configure(http->pages.http, WRTC_SDP_MAX);
    configure(http->metrics.http, 0);
    evhttp_set_gencb(http->pages.http, on_request, http);
    evhttp_set_gencb(http->metrics.http, on_metrics, http);
    *out = http;
    return 0;
}

void ctl_http_news(struct ctl_http *http, struct ctl_stream *stream)
{
    ctl_whep_news(http->whep, stream);
}

void ctl_http_stop(struct ctl_http *http)
{
    ctl_whep_stop(http->whep);
    ctl_http_guard_stop(http->pages.guard);
    ctl_http_guard_stop(http->metrics.guard);
}

void ctl_http_destroy(struct ctl_http *http)
{
    if (!http)
        return;
    ctl_whep_destroy(http->whep);
    ctl_auth_destroy(http->auth);
    close_listener(&http->pages);
    close_listener(&http->metrics);
    ctl_http_tls_destroy(http->tls);
    ctl_visitors_destroy(http->visitors);
    free(http);
}
