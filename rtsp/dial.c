// SPDX-License-Identifier: Apache-2.0
#include "rtsp/dial.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rtsp_dial {
    struct event_base *base;
    char host[256];
    uint16_t port;
    void (*done)(void *ctx, int fd, const char *error); // NULL: destroyed, the lookup lags behind
    void *ctx;
    struct event *timer;      // the lookup's time limit, or the next step
    struct event *connecting; // waits for fd
    struct evdns_base *dns;
    bool looking_up; // on_found() is still to come
    int lookup_error;
    struct evutil_addrinfo *found;
    struct evutil_addrinfo *next; // to be tried
    unsigned tried;
    int error; // of the last address tried, errno
    int fd;
};

static void schedule(struct rtsp_dial *d, int64_t ms)
{
    struct timeval delay = {ms / 1000, ms % 1000 * 1000};

    event_add(d->timer, &delay);
}

static void finish(struct rtsp_dial *d, int fd, const char *error)
{
    d->done(d->ctx, fd, error);
}

static void close_socket(struct rtsp_dial *d)
{
    if (d->connecting)
        event_free(d->connecting);
    d->connecting = NULL;
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

static void try_next(struct rtsp_dial *d);

static void on_connect(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_dial *d = ctx;
    int error = ETIMEDOUT;
    socklen_t len = sizeof(error);

    if (what & EV_WRITE && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error) {
        d->error = error;
        close_socket(d);
        try_next(d);
        return;
    }
    d->fd = -1;
    close_socket(d);
    finish(d, fd, NULL);
}

// Starts connecting to one address. 0 or -errno.
static int connect_to(struct rtsp_dial *d, const struct evutil_addrinfo *ai)
{
    struct timeval limit = {RTSP_DIAL_MS / 1000, 0};
    int on = 1;

    d->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd < 0)
        return -errno;
    // Requests are small and answered one by one: Nagle's delay would only add to each.
    if (setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
        return -errno;
    if (connect(d->fd, ai->ai_addr, (socklen_t)ai->ai_addrlen) < 0 && errno != EINPROGRESS)
        return -errno;
    d->connecting = event_new(d->base, d->fd, EV_WRITE, on_connect, d);
    if (!d->connecting || event_add(d->connecting, &limit) < 0)
        return -ENOMEM;
    return 0;
}

static void try_next(struct rtsp_dial *d)
{
    char text[160];

    while (d->next && d->tried < RTSP_DIAL_ADDRESSES_MAX) {
        const struct evutil_addrinfo *ai = d->next;
        int rc;

        d->next = ai->ai_next;
        d->tried++;
        rc = connect_to(d, ai);
        if (rc == 0)
            return;
        d->error = -rc;
        close_socket(d);
    }
    snprintf(text, sizeof(text), "cannot connect to %.64s:%u: %s; is it on, and the port right?",
             d->host, d->port, strerror(d->error));
    finish(d, -d->error, text);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_dial *d = ctx;
    char text[160];

    (void)fd;
    (void)what;
    if (!d->looking_up && d->lookup_error == 0) {
        d->next = d->found;
        try_next(d);
        return;
    }
    snprintf(
        text, sizeof(text), "cannot look up %.64s: %s; check the host in the source URL", d->host,
        d->looking_up ? "no answer from the name servers" : evutil_gai_strerror(d->lookup_error));
    finish(d, -ENOENT, text);
}

// Never goes on from here: libevent may still hold parts of a lookup that it reports on.
static void on_found(int error, struct evutil_addrinfo *found, void *ctx)
{
    struct rtsp_dial *d = ctx;

    d->looking_up = false;
    if (!d->done) {
        if (found)
            evutil_freeaddrinfo(found);
        free(d);
        return;
    }
    d->lookup_error = error;
    d->found = found;
    schedule(d, 0);
}

static int look_up(struct rtsp_dial *d)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_protocol = IPPROTO_TCP,
                                    .ai_flags = EVUTIL_AI_NUMERICHOST};
    char port[8];

    snprintf(port, sizeof(port), "%u", d->port);
    if (evutil_getaddrinfo(d->host, port, &hints, &d->found) == 0) {
        schedule(d, 0);
        return 0;
    }
    d->dns = evdns_base_new(d->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!d->dns)
        return -ENOMEM;
    // Whatever is wrong with the file, libevent then asks 127.0.0.1, as the C library does.
    evdns_base_resolv_conf_parse(d->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    hints.ai_flags = 0;
    d->looking_up = true;
    schedule(d, RTSP_DIAL_MS);
    evdns_getaddrinfo(d->dns, d->host, port, &hints, on_found, d);
    return 0;
}

int rtsp_dial_start(struct event_base *base, const char *host, uint16_t port,
                    void (*done)(void *ctx, int fd, const char *error), void *ctx,
                    struct rtsp_dial **out)
{
    struct rtsp_dial *d = calloc(1, sizeof(*d));
    int rc = -ENOMEM;

    if (!d)
        return -ENOMEM;
    d->base = base;
    d->port = port;
    d->done = done;
    d->ctx = ctx;
    d->fd = -1;
    d->error = EADDRNOTAVAIL;
    snprintf(d->host, sizeof(d->host), "%s", host);
    d->timer = evtimer_new(base, on_timer, d);
    if (d->timer)
        rc = look_up(d);
    if (rc < 0) {
        rtsp_dial_destroy(d);
        return rc;
    }
    *out = d;
    return 0;
}

enum rtsp_cause rtsp_dial_cause(int rc)
{
    if (rc == -ENOMEM)
        return RTSP_CAUSE_LOCAL;
    return rc == -ECONNREFUSED ? RTSP_CAUSE_REFUSED : RTSP_CAUSE_UNREACHABLE;
}

void rtsp_dial_destroy(struct rtsp_dial *dial)
{
    if (!dial)
        return;
    close_socket(dial);
    if (dial->timer)
        event_free(dial->timer);
    if (dial->found)
        evutil_freeaddrinfo(dial->found);
    dial->done = NULL;
    // Failing what is under way has on_found() called; that is who frees the dial then.
    bool later = dial->looking_up;
    if (dial->dns)
        evdns_base_free(dial->dns, 1);
    if (!later)
        free(dial);
}
