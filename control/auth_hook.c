// SPDX-License-Identifier: Apache-2.0
#include "control/auth_hook.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>

#include "control/clock.h"
#include "control/json.h"
#include "control/log.h"
#include "rtsp/tls_client.h"

enum {
    HEADERS_MAX = 8192,
    BODY_MAX = 8192, // nobody reads it
    HOST_TEXT_MAX = 300,

    // A hook that is down fails for each viewer: one line is enough.
    LOG_INTERVAL_S = 10,
};

struct ask {
    LIST_ENTRY(ask) link;
    struct ctl_auth_hook *hook;
    struct evhttp_connection *evcon;
    // Fires at the deadline, or as soon as there is an answer: evhttp may tell us of it while we
    // still ask, and uses its connection after that.
    struct event *timer;
    bool answered;
    int status; // 0: it cannot be reached, or what it says is no HTTP
    void (*done)(void *ctx, enum ctl_verdict verdict);
    void *ctx;
};

struct ctl_auth_hook {
    struct event_base *base;
    struct evdns_base *dns; // NULL: the host is an address
    SSL_CTX *tls;           // NULL: it is asked without
    struct evhttp_uri *uri;
    char *host; // without brackets
    char target[CTL_AUTH_HOOK_URL_MAX];
    char host_field[HOST_TEXT_MAX];
    LIST_HEAD(, ask) asks;
    unsigned count;
    int64_t logged_ns; // 0: never
};

// ---- URL ----

const char *ctl_auth_hook_fault(const char *url)
{
    struct evhttp_uri *uri;
    const char *fault = NULL;

    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return "is no http:// or https:// URL";
    if (strlen(url) >= CTL_AUTH_HOOK_URL_MAX)
        return "is too long";
    uri = evhttp_uri_parse(url);
    if (!uri)
        return "cannot be read as a URL";
    if (!evhttp_uri_get_host(uri) || !evhttp_uri_get_host(uri)[0])
        fault = "names no host";
    else if (strlen(evhttp_uri_get_host(uri)) > HOST_TEXT_MAX - 16)
        fault = "has a host that is too long";
    else if (evhttp_uri_get_userinfo(uri))
        fault = "has a user, which is not supported";
    evhttp_uri_free(uri);
    return fault;
}

static bool is_secure(const struct evhttp_uri *uri)
{
    return strcmp(evhttp_uri_get_scheme(uri), "https") == 0;
}

static ev_uint16_t port_of(const struct evhttp_uri *uri)
{
    int port = evhttp_uri_get_port(uri);

    if (port > 0)
        return (ev_uint16_t)port;
    return is_secure(uri) ? 443 : 80;
}

static bool is_address(const char *host)
{
    struct in6_addr out;

    return inet_pton(AF_INET, host, &out) == 1 || inet_pton(AF_INET6, host, &out) == 1;
}

static int take_url(struct ctl_auth_hook *hook, const char *url)
{
    const char *host, *path, *query;
    size_t len;

    hook->uri = evhttp_uri_parse(url);
    if (!hook->uri)
        return -ENOMEM;
    host = evhttp_uri_get_host(hook->uri);
    path = evhttp_uri_get_path(hook->uri);
    query = evhttp_uri_get_query(hook->uri);
    snprintf(hook->host_field, sizeof(hook->host_field), "%s:%d", host, port_of(hook->uri));
    snprintf(hook->target, sizeof(hook->target), "%s%s%s", path && path[0] ? path : "/",
             query ? "?" : "", query ? query : "");
    len = strlen(host);
    hook->host = host[0] == '[' ? strndup(host + 1, len - 2) : strdup(host);
    return hook->host ? 0 : -ENOMEM;
}

// ---- answers ----

static void log_failure(struct ctl_auth_hook *hook, const char *what)
{
    int64_t now_ns = ctl_now_ns();

    if (hook->logged_ns != 0 && now_ns - hook->logged_ns < LOG_INTERVAL_S * CTL_NS_PER_SECOND)
        return;
    hook->logged_ns = now_ns;
    ctl_log(CTL_LOG_WARN, "auth", "the hook at %s %s; viewers are told to try again",
            hook->host_field, what);
}

static void free_ask(struct ask *ask)
{
    LIST_REMOVE(ask, link);
    ask->hook->count--;
    if (ask->evcon)
        evhttp_connection_free(ask->evcon);
    if (ask->timer)
        event_free(ask->timer);
    free(ask);
}

// Why TLS has not come about, if it is the certificate; NULL: it is not.
static const char *refusal(struct ask *ask)
{
    struct bufferevent *bev = evhttp_connection_get_bufferevent(ask->evcon);
    SSL *ssl = ask->hook->tls ? bufferevent_openssl_get_ssl(bev) : NULL;
    long result = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;

    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

static enum ctl_verdict judge(struct ask *ask)
{
    const char *refused = refusal(ask);
    int status = ask->status;
    char what[160];

    if (status >= 200 && status < 300)
        return CTL_VERDICT_GRANTED;
    if (status == 401)
        return CTL_VERDICT_UNKNOWN;
    if (status >= 400 && status < 500)
        return CTL_VERDICT_FORBIDDEN;
    if (refused)
        snprintf(what, sizeof(what), "shows a certificate that is not to be believed (%s)",
                 refused);
    else if (status == 0)
        snprintf(what, sizeof(what), "could not be reached or understood");
    else
        snprintf(what, sizeof(what), "answered with status %d", status);
    log_failure(ask->hook, what);
    return CTL_VERDICT_UNAVAILABLE;
}

static void on_answer(struct evhttp_request *req, void *ctx)
{
    struct ask *ask = ctx;

    ask->answered = true;
    ask->status = req ? evhttp_request_get_response_code(req) : 0;
    event_active(ask->timer, EV_TIMEOUT, 1);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    enum ctl_verdict verdict = CTL_VERDICT_UNAVAILABLE;
    struct ask *ask = ctx;

    (void)fd;
    (void)what;
    if (ask->answered)
        verdict = judge(ask);
    else
        log_failure(ask->hook, "did not answer within 5 s");
    ask->done(ask->ctx, verdict);
    free_ask(ask);
}

// ---- questions ----

// NULL: memory is out, or something is no UTF-8, which JSON cannot carry. It holds a password.
static char *write_body(const struct ctl_auth_hook_ask *what)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "user",
                             what->credentials->user, "password", what->credentials->password,
                             "token", what->credentials->token, "ip", what->ip, "action", "read",
                             "path", what->path, "protocol", "webrtc", "query", what->query);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

static bool send_request(struct ctl_auth_hook *hook, struct ask *ask, const char *body)
{
    struct evhttp_request *req = evhttp_request_new(on_answer, ask);
    struct evkeyvalq *headers;

    if (!req)
        return false;
    headers = evhttp_request_get_output_headers(req);
    if (evhttp_add_header(headers, "Host", hook->host_field) ||
        evhttp_add_header(headers, "Content-Type", "application/json") ||
        evhttp_add_header(headers, "Connection", "close") ||
        evbuffer_add(evhttp_request_get_output_buffer(req), body, strlen(body))) {
        evhttp_request_free(req);
        return false;
    }
    // evhttp owns the request from here on, also if it fails.
    return evhttp_make_request(ask->evcon, req, EVHTTP_REQ_POST, hook->target) == 0;
}

// NULL: no memory.
static struct bufferevent *open_tls(struct ctl_auth_hook *hook)
{
    SSL *ssl = SSL_new(hook->tls);
    struct bufferevent *bev = NULL;

    if (ssl && rtsp_tls_client_expect(ssl, hook->host))
        bev = bufferevent_openssl_socket_new(hook->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
                                             BEV_OPT_CLOSE_ON_FREE);
    if (!bev)
        SSL_free(ssl);
    return bev;
}

static struct evhttp_connection *connect_to(struct ctl_auth_hook *hook)
{
    struct bufferevent *bev = hook->tls ? open_tls(hook) : NULL;
    struct evhttp_connection *evcon;

    if (hook->tls && !bev)
        return NULL;
    evcon = evhttp_connection_base_bufferevent_new(hook->base, hook->dns, bev, hook->host,
                                                   port_of(hook->uri));
    if (!evcon && bev)
        bufferevent_free(bev);
    return evcon;
}

static bool start(struct ctl_auth_hook *hook, struct ask *ask, const char *body)
{
    const struct timeval limit = {.tv_sec = CTL_AUTH_HOOK_TIMEOUT_S};

    ask->timer = event_new(hook->base, -1, 0, on_timer, ask);
    ask->evcon = connect_to(hook);
    if (!ask->timer || !ask->evcon || event_add(ask->timer, &limit))
        return false;
    evhttp_connection_set_timeout(ask->evcon, CTL_AUTH_HOOK_TIMEOUT_S + 1);
    evhttp_connection_set_max_headers_size(ask->evcon, HEADERS_MAX);
    evhttp_connection_set_max_body_size(ask->evcon, BODY_MAX);
    return send_request(hook, ask, body);
}

enum ctl_verdict ctl_auth_hook_start(struct ctl_auth_hook *hook,
                                     const struct ctl_auth_hook_ask *what,
                                     void (*done)(void *ctx, enum ctl_verdict verdict), void *ctx)
{
    struct ask *ask;
    char *body;
    bool ok;

    if (hook->count == CTL_AUTH_HOOK_ASKS_MAX)
        return CTL_VERDICT_UNAVAILABLE;
    body = write_body(what);
    if (!body)
        return CTL_VERDICT_UNKNOWN;
    ask = calloc(1, sizeof(*ask));
    ok = ask;
    if (ask) {
        ask->hook = hook;
        ask->done = done;
        ask->ctx = ctx;
        LIST_INSERT_HEAD(&hook->asks, ask, link);
        hook->count++;
        ok = start(hook, ask, body);
        if (!ok)
            free_ask(ask);
    }
    explicit_bzero(body, strlen(body));
    free(body);
    return ok ? CTL_VERDICT_LATER : CTL_VERDICT_UNAVAILABLE;
}

// ---- life ----

int ctl_auth_hook_create(struct event_base *base, const char *url, struct ctl_auth_hook **out)
{
    struct ctl_auth_hook *hook = calloc(1, sizeof(*hook));
    int rc = hook ? take_url(hook, url) : -ENOMEM;

    if (!hook)
        return rc;
    LIST_INIT(&hook->asks);
    hook->base = base;
    if (rc == 0 && !is_address(hook->host)) {
        hook->dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                             EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        rc = hook->dns ? 0 : -ENOMEM;
    }
    if (rc == 0 && is_secure(hook->uri)) {
        hook->tls = rtsp_tls_client_create();
        rc = hook->tls ? 0 : -ENOMEM;
    }
    if (rc != 0) {
        ctl_auth_hook_destroy(hook);
        return rc;
    }
    *out = hook;
    return 0;
}

void ctl_auth_hook_destroy(struct ctl_auth_hook *hook)
{
    struct ask *ask, *next;

    if (!hook)
        return;
    for (ask = LIST_FIRST(&hook->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        free_ask(ask);
    }
    if (hook->dns)
        evdns_base_free(hook->dns, 0);
    SSL_CTX_free(hook->tls);
    if (hook->uri)
        evhttp_uri_free(hook->uri);
    free(hook->host);
    free(hook);
}
