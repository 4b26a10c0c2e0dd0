// SPDX-License-Identifier: Apache-2.0
#include "bench/source_output.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <sys/socket.h>

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct source_output *output = ctx;
    (void)what;

    if (evbuffer_write(output->pending, fd) < 0 && errno != EAGAIN && errno != EINTR) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    if (evbuffer_get_length(output->pending) > 0)
        event_add(output->writable, NULL);
}

int source_output_init(struct source_output *output, struct event_base *base, int fd)
{
    output->fd = fd;
    output->pending = evbuffer_new();
    output->writable = event_new(base, fd, EV_WRITE, on_writable, output);
    if (output->pending != NULL && output->writable != NULL)
        return 0;
    source_output_fini(output);
    return -ENOMEM;
}

void source_output_fini(struct source_output *output)
{
    if (output->writable != NULL)
        event_free(output->writable);
    if (output->pending != NULL)
        evbuffer_free(output->pending);
}

void source_output_send(struct source_output *output, const void *data, size_t len)
{
    size_t sent = 0;

    if (evbuffer_get_length(output->pending) == 0) {
        ssize_t n = send(output->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            shutdown(output->fd, SHUT_RDWR);
            return;
        }
        sent = n > 0 ? (size_t)n : 0;
        if (sent == len)
            return;
        event_add(output->writable, NULL);
    }
    if (evbuffer_add(output->pending, (const char *)data + sent, len - sent) != 0)
        shutdown(output->fd, SHUT_RDWR);
}

size_t source_output_backlog(const struct source_output *output)
{
    return evbuffer_get_length(output->pending);
}
