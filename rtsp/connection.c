// SPDX-License-Identifier: Apache-2.0
#include "rtsp/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rtsp_connection {
    struct rtsp_connection_owner owner;
    char host[65]; // as far as messages show it
    int fd;
    struct rtsp_tls *tls;   // NULL: none
    struct event *deadline; // of the TLS handshake
    struct event *readable;
    struct event *writable; // pending while there is something unsent that the socket may take
    struct evbuffer *unsent;
};

// The owner may destroy the connection, so that its callbacks come last.
static void end(struct rtsp_connection *c, enum rtsp_cause cause, const char *error)
{
    event_del(c->readable);
    event_del(c->writable);
    if (c->deadline)
        event_del(c->deadline);
    c->owner.on_end(c->owner.ctx, cause, error);
}

// rc: what take() or give() has returned.
static void end_with(struct rtsp_connection *c, ssize_t rc)
{
    enum rtsp_cause cause =
        rc == 0 || rc == -ECONNRESET ? RTSP_CAUSE_CLOSED : RTSP_CAUSE_UNREACHABLE;
    char text[RTSP_TLS_ERROR_MAX];

    if (c->tls && rtsp_tls_error(c->tls)[0]) {
        cause = RTSP_CAUSE_TLS;
        snprintf(text, sizeof(text), "%s", rtsp_tls_error(c->tls));
    } else if (rc == 0) {
        snprintf(text, sizeof(text),
                 "%s closed the connection; it restarts, or has too many clients", c->host);
    } else {
        snprintf(text, sizeof(text), "connection to %s broke: %s; check the network", c->host,
                 strerror((int)-rc));
    }
    end(c, cause, text);
}

// 1 or more bytes, 0: the camera has closed the connection, or -errno.
static ssize_t take(struct rtsp_connection *c, uint8_t *bytes, size_t size)
{
    const struct timeval at_once = {0, 0};
    size_t len = 0;
    ssize_t rc;

    if (!c->tls) {
        rc = recv(c->fd, bytes, size, 0);
        return rc < 0 ? -errno : rc;
    }
    do { // OpenSSL hands out one record at a time
        rc = rtsp_tls_read(c->tls, bytes + len, size - len);
        len += rc > 0 ? (size_t)rc : 0;
    } while (rc > 0 && len < size);
    // More may lie in OpenSSL, of which the socket knows nothing: look again in the loop's next
    // turn.
    if (len > 0 && rc != -EAGAIN)
        event_add(c->readable, &at_once);
    return len > 0 ? (ssize_t)len : rc;
}

// Sends what goes at once. Bytes, or -errno.
static ssize_t give(struct rtsp_connection *c)
{
    ssize_t rc;

    if (!c->tls) {
        rc = evbuffer_write(c->unsent, c->fd);
        return rc < 0 ? -errno : rc;
    }
    rc = rtsp_tls_write(c->tls, evbuffer_pullup(c->unsent, -1), evbuffer_get_length(c->unsent));
    if (rc > 0)
        evbuffer_drain(c->unsent, (size_t)rc);
    return rc;
}

static bool is_fatal(ssize_t rc)
{
    return rc < 0 && rc != -EAGAIN && rc != -EINTR;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_connection *c = ctx;
    uint8_t bytes[RTSP_CONNECTION_READ_MAX];
    ssize_t len;

    (void)fd;
    // A timeout, which take() had asked for, takes the event out of the loop.
    if (what & EV_TIMEOUT)
        event_add(c->readable, NULL);
    len = take(c, bytes, sizeof(bytes));
    // What TLS could not send before it had read.
    if (c->tls && (evbuffer_get_length(c->unsent) > 0 || rtsp_tls_wants_to_write(c->tls)))
        event_add(c->writable, NULL);
    if (len > 0)
        c->owner.on_bytes(c->owner.ctx, bytes, (size_t)len);
    else if (len == 0 || is_fatal(len))
        end_with(c, len);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_connection *c = ctx;
    ssize_t rc = give(c);

    (void)fd;
    (void)what;
    if (is_fatal(rc))
        end_with(c, rc);
    else if (c->tls && rc == -EAGAIN ? rtsp_tls_wants_to_write(c->tls)
                                     : evbuffer_get_length(c->unsent) > 0)
        event_add(c->writable, NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_connection *c = ctx;
    char text[RTSP_TLS_ERROR_MAX];

    (void)fd;
    (void)what;
    if (rtsp_tls_is_open(c->tls))
        return;
    snprintf(
        text, sizeof(text),
        "no TLS handshake with %s within %d s; is the port in the source URL the one for rtsps?",
        c->host, RTSP_CONNECTION_TLS_MS / 1000);
    end(c, RTSP_CAUSE_TLS, text);
}

// The handshake begins when the socket is found to be writable.
static int start_tls(struct rtsp_connection *c, struct event_base *base, const struct rtsp_url *url,
                     const struct rtsp_trust *trust)
{
    struct timeval limit = {RTSP_CONNECTION_TLS_MS / 1000, RTSP_CONNECTION_TLS_MS % 1000 * 1000};

    if (rtsp_tls_create(trust, url, c->fd, &c->tls) < 0)
        return -ENOMEM;
    c->deadline = evtimer_new(base, on_deadline, c);
    if (!c->deadline || event_add(c->deadline, &limit) < 0 || event_add(c->writable, NULL) < 0)
        return -ENOMEM;
    return 0;
}

int rtsp_connection_create(struct event_base *base, int fd, const struct rtsp_url *url,
                           const struct rtsp_trust *trust,
                           const struct rtsp_connection_owner *owner, struct rtsp_connection **out)
{
    struct rtsp_connection *c = calloc(1, sizeof(*c));

    if (!c) {
        close(fd);
        return -ENOMEM;
    }
    c->owner = *owner;
    c->fd = fd;
    snprintf(c->host, sizeof(c->host), "%.64s", url->host);
    c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
    c->unsent = evbuffer_new();
    if (!c->readable || !c->writable || !c->unsent || event_add(c->readable, NULL) < 0 ||
        (url->tls && start_tls(c, base, url, trust) < 0)) {
        rtsp_connection_destroy(c);
        return -ENOMEM;
    }
    *out = c;
    return 0;
}

int rtsp_connection_send(struct rtsp_connection *connection, const uint8_t *data, size_t len)
{
    if (evbuffer_get_length(connection->unsent) + len > RTSP_CONNECTION_UNSENT_MAX)
        return -ENOBUFS;
    if (evbuffer_add(connection->unsent, data, len) < 0 ||
        event_add(connection->writable, NULL) < 0)
        return -ENOMEM;
    return 0;
}

size_t rtsp_connection_unsent(const struct rtsp_connection *connection)
{
    return evbuffer_get_length(connection->unsent);
}

void rtsp_connection_destroy(struct rtsp_connection *connection)
{
    if (!connection)
        return;
    if (connection->readable)
        event_free(connection->readable);
    if (connection->writable)
        event_free(connection->writable);
    if (connection->unsent)
        evbuffer_free(connection->unsent);
    if (connection->deadline)
        event_free(connection->deadline);
    rtsp_tls_destroy(connection->tls);
    close(connection->fd);
    free(connection);
}
