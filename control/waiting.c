// SPDX-License-Identifier: Apache-2.0
#include "control/waiting.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "control/clock.h"

enum {
    // How soon a client that went away is noticed, and how fine deadlines are.
    SWEEP_MS = 100,
};

struct waiter {
    LIST_ENTRY(waiter) link;
    struct ctl_stream *stream;
    struct evhttp_request *req;
    int64_t deadline_ns;
    struct ctl_waiting_times times;
};

struct ctl_waiting {
    bool (*answer)(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                   const struct ctl_waiting_times *times, bool last);
    void *ctx;
    struct event *sweep; // while anybody waits
    LIST_HEAD(, waiter) waiters;
    unsigned count;
};

static void forget(struct ctl_waiting *waiting, struct waiter *w)
{
    LIST_REMOVE(w, link);
    if (--waiting->count == 0)
        event_del(waiting->sweep);
    ctl_stream_release(w->stream);
    free(w);
}

static void ask(struct ctl_waiting *waiting, struct waiter *w, bool last)
{
    if (waiting->answer(waiting->ctx, w->stream, w->req, &w->times, last))
        forget(waiting, w);
}

// evhttp does not read while it waits for our answer, and so does not see this.
static bool has_gone(const struct waiter *w)
{
    struct evhttp_connection *evcon = evhttp_request_get_connection(w->req);
    struct pollfd fd = {.events = POLLRDHUP}; // the last word of TLS may still lie there unread

    if (!evcon) // evhttp has given it up: the answer frees the request
        return false;
    fd.fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));
    return poll(&fd, 1, 0) > 0;
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_waiting *waiting = ctx;
    int64_t now_ns = ctl_now_ns();
    struct waiter *w, *next;

    (void)fd;
    (void)what;
    for (w = LIST_FIRST(&waiting->waiters); w; w = next) {
        next = LIST_NEXT(w, link);
        if (has_gone(w)) {
            evhttp_connection_free(evhttp_request_get_connection(w->req));
            forget(waiting, w);
        } else if (now_ns >= w->deadline_ns) {
            ask(waiting, w, true);
        }
    }
}

int ctl_waiting_create(struct event_base *base,
                       bool (*answer)(void *ctx, struct ctl_stream *stream,
                                      struct evhttp_request *req,
                                      const struct ctl_waiting_times *times, bool last),
                       void *ctx, struct ctl_waiting **out)
{
    struct ctl_waiting *waiting = calloc(1, sizeof(*waiting));

    if (!waiting)
        return -ENOMEM;
    waiting->answer = answer;
    waiting->ctx = ctx;
    LIST_INIT(&waiting->waiters);
    waiting->sweep = event_new(base, -1, EV_PERSIST, on_sweep, waiting);
    if (!waiting->sweep) {
        free(waiting);
        return -ENOMEM;
    }
    *out = waiting;
    return 0;
}

bool ctl_waiting_add(struct ctl_waiting *waiting, struct ctl_stream *stream,
                     struct evhttp_request *req, const struct ctl_waiting_times *times)
{
    const struct timeval interval = {.tv_usec = SWEEP_MS * 1000};
    struct waiter *w;

    if (waiting->count == CTL_WAITING_MAX)
        return false;
    w = calloc(1, sizeof(*w));
    if (!w || (waiting->count == 0 && event_add(waiting->sweep, &interval) != 0)) {
        free(w);
        return false;
    }
    w->stream = stream;
    w->req = req;
    w->times = *times;
    w->deadline_ns = times->came_ns + stream->config->start_timeout_s * CTL_NS_PER_SECOND;
    LIST_INSERT_HEAD(&waiting->waiters, w, link);
    waiting->count++;
    ctl_stream_hold(stream);
    return true;
}

void ctl_waiting_look(struct ctl_waiting *waiting, const struct ctl_stream *stream)
{
    struct waiter *w, *next;

    for (w = LIST_FIRST(&waiting->waiters); w; w = next) {
        next = LIST_NEXT(w, link);
        if (w->stream == stream)
            ask(waiting, w, false);
    }
}

void ctl_waiting_end(struct ctl_waiting *waiting)
{
    struct waiter *w, *next;

    for (w = LIST_FIRST(&waiting->waiters); w; w = next) {
        next = LIST_NEXT(w, link);
        ask(waiting, w, true);
    }
}

void ctl_waiting_destroy(struct ctl_waiting *waiting)
{
    struct waiter *w, *next;

    if (!waiting)
        return;
    for (w = LIST_FIRST(&waiting->waiters); w; w = next) {
        next = LIST_NEXT(w, link);
        forget(waiting, w);
    }
    event_free(waiting->sweep);
    free(waiting);
}
