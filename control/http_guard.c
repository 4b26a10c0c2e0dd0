// SPDX-License-Identifier: Apache-2.0
#include "control/http_guard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "control/clock.h"
#include "control/http_tls.h"

enum {
    // How soon the descriptor of a finished connection is given back, and how fine deadlines are.
    SWEEP_MS = 100,

    // The deadline while the table is full, so that idlers give way to those that wait outside.
    FULL_DEADLINE_MS = 1000,
};

struct connection {
    LIST_ENTRY(connection) link;
    struct bufferevent *bev; // with a reference of ours
    int64_t since_ns;        // accepted, or its last whole request
};

struct ctl_http_guard {
    struct evconnlistener *listener;
    bool full, stopped;
    struct event *sweep;
    LIST_HEAD(, connection) connections;
    unsigned count;
    unsigned count_max;
    int64_t deadline_ns;
    struct ctl_http_tls *tls;
};

static bool freed_by_evhttp(const struct connection *c)
{
    bufferevent_data_cb read_cb, write_cb;
    bufferevent_event_cb event_cb;

    bufferevent_getcb(c->bev, &read_cb, &write_cb, &event_cb, NULL);
    return !event_cb;
}

// evhttp reads nothing between a whole request and the end of its answer.
static bool waits_for_us(const struct connection *c)
{
    return !(bufferevent_get_enabled(c->bev) & EV_READ) &&
           evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

static void forget(struct ctl_http_guard *guard, struct connection *c)
{
    LIST_REMOVE(c, link);
    guard->count--;
    bufferevent_decref(c->bev);
    free(c);
}

static void forget_freed(struct ctl_http_guard *guard)
{
    struct connection *c, *next;

    for (c = LIST_FIRST(&guard->connections); c; c = next) {
        next = LIST_NEXT(c, link);
        if (freed_by_evhttp(c))
            forget(guard, c);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_http_guard *guard = ctx;
    int64_t limit_ns = guard->full ? FULL_DEADLINE_MS * CTL_NS_PER_MS : guard->deadline_ns;
    int64_t now_ns = ctl_now_ns();
    struct connection *c;

    (void)fd;
    (void)what;
    forget_freed(guard);
    LIST_FOREACH (c, &guard->connections, link) {
        if (now_ns - c->since_ns >= limit_ns && !waits_for_us(c))
            // evhttp reads end of file and cleans up.
            shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
    }
    if (guard->full && !guard->stopped && guard->count < guard->count_max) {
        guard->full = false;
        evconnlistener_enable(guard->listener);
    }
}

// evhttp asks for the bufferevent of a connection that it has just accepted. On NULL it makes its
// own, unguarded and without TLS, so that nobody who speaks TLS gets far: only when memory has run
// out.
static struct bufferevent *make_bufferevent(struct event_base *base, void *ctx)
{
    struct ctl_http_guard *guard = ctx;
    struct connection *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->bev = guard->tls ? ctl_http_tls_accept(guard->tls)
                        : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!c->bev) {
        free(c);
        return NULL;
    }
    if (guard->count + 1 >= guard->count_max)
        forget_freed(guard); // it is not full yet
    bufferevent_incref(c->bev);
    c->since_ns = ctl_now_ns();
    LIST_INSERT_HEAD(&guard->connections, c, link);
    if (++guard->count >= guard->count_max) {
        guard->full = true;
        evconnlistener_disable(guard->listener);
    }
    return c->bev;
}

int ctl_http_guard_create(struct event_base *base, struct evhttp *http,
                          struct evconnlistener *listener, unsigned connections_max,
                          unsigned deadline_ms, struct ctl_http_tls *tls,
                          struct ctl_http_guard **out)
{
    const struct timeval interval = {.tv_usec = SWEEP_MS * 1000};
    struct ctl_http_guard *guard = calloc(1, sizeof(*guard));

    if (!guard)
        return -ENOMEM;
    guard->listener = listener;
    guard->tls = tls;
    guard->count_max = connections_max;
    guard->deadline_ns = deadline_ms * CTL_NS_PER_MS;
    LIST_INIT(&guard->connections);
    guard->sweep = event_new(base, -1, EV_PERSIST, on_sweep, guard);
    if (!guard->sweep || event_add(guard->sweep, &interval)) {
        ctl_http_guard_destroy(guard);
        return -ENOMEM;
    }
    evhttp_set_bevcb(http, make_bufferevent, guard);
    *out = guard;
    return 0;
}

void ctl_http_guard_request(struct ctl_http_guard *guard, struct evhttp_request *req)
{
    struct evhttp_connection *evcon = evhttp_request_get_connection(req);
    struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
    struct connection *c;

    LIST_FOREACH (c, &guard->connections, link) {
        if (c->bev == bev) {
            c->since_ns = ctl_now_ns();
            return;
        }
    }
}

void ctl_http_guard_stop(struct ctl_http_guard *guard)
{
    guard->stopped = true;
    evconnlistener_disable(guard->listener);
}

void ctl_http_guard_destroy(struct ctl_http_guard *guard)
{
    struct connection *c, *next;

    if (!guard)
        return;
    for (c = LIST_FIRST(&guard->connections); c; c = next) {
        next = LIST_NEXT(c, link);
        forget(guard, c);
    }
    if (guard->sweep)
        event_free(guard->sweep);
    free(guard);
}
