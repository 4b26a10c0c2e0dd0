// SPDX-License-Identifier: Apache-2.0
#include "rtsp/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct rtsp_connection {
    struct rtsp_connection_owner owner;
    int fd;
    struct event *readable;
    struct event *writable; // pending while there is something unsent
    struct evbuffer *unsent;
};

static void end(struct rtsp_connection *c, int error)
{
    event_del(c->readable);
    event_del(c->writable);
    c->owner.on_end(c->owner.ctx, error);
}

// The owner may destroy the connection, so that its callbacks come last.
static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_connection *c = ctx;
    uint8_t bytes[RTSP_CONNECTION_READ_MAX];
    ssize_t len = recv(fd, bytes, sizeof(bytes), 0);

    (void)what;
    if (len > 0)
        c->owner.on_bytes(c->owner.ctx, bytes, (size_t)len);
    else if (len == 0)
        end(c, 0);
    else if (errno != EAGAIN && errno != EINTR)
        end(c, errno);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_connection *c = ctx;

    (void)what;
    if (evbuffer_write(c->unsent, fd) < 0 && errno != EAGAIN && errno != EINTR)
        end(c, errno);
    else if (evbuffer_get_length(c->unsent) > 0)
        event_add(c->writable, NULL);
}

int rtsp_connection_create(struct event_base *base, int fd,
                           const struct rtsp_connection_owner *owner, struct rtsp_connection **out)
{
    struct rtsp_connection *c = calloc(1, sizeof(*c));

    if (!c) {
        close(fd);
        return -ENOMEM;
    }
    c->owner = *owner;
    c->fd = fd;
    c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
    c->unsent = evbuffer_new();
    if (!c->readable || !c->writable || !c->unsent || event_add(c->readable, NULL) < 0) {
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
    close(connection->fd);
    free(connection);
}
