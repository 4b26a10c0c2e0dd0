// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RESPONSE_MAX = 128 << 10 // bytes; an SDP answer is below 64 KiB
};

struct viewers_http {
    struct bufferevent *connection;
    viewers_http_done done;
    void *ctx;
};

void viewers_http_cancel(struct viewers_http *http)
{
    if (!http)
        return;
    bufferevent_free(http->connection);
    free(http);
}

// The response may point into the connection's buffer, so that goes last.
static void finish(struct viewers_http *http, const struct viewers_response *response,
                   const char *failure)
{
    http->done(http->ctx, response, failure);
    viewers_http_cancel(http);
}

static void take(struct viewers_http *http, bool closed)
{
    struct evbuffer *input = bufferevent_get_input(http->connection);
    size_t len = evbuffer_get_length(input);
    struct viewers_response response;
    int err;

    if (len == 0 && closed) {
        finish(http, NULL, "closed without a response");
        return;
    }
    if (len == 0)
        return;
    err = viewers_response_parse((char *)evbuffer_pullup(input, -1), len, closed, &response);
    if (!err)
        finish(http, &response, NULL);
    else if (err == -EBADMSG)
        finish(http, NULL, "the response is not HTTP");
    else if (len > RESPONSE_MAX)
        finish(http, NULL, "the response is too long");
}

static void on_readable(struct bufferevent *connection, void *ctx)
{
    (void)connection;
    take(ctx, false);
}

static void on_event(struct bufferevent *connection, short what, void *ctx)
{
    struct viewers_http *http = ctx;

    (void)connection;
    if (what & BEV_EVENT_EOF)
        take(http, true);
    else if (what & BEV_EVENT_TIMEOUT)
        finish(http, NULL, "timed out");
    else if (what & BEV_EVENT_ERROR)
        finish(http, NULL, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static int open_socket(const struct viewers_http_request *request)
{
    int fd = socket(request->url->addr.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (request->local->sa.sa_family != AF_UNSPEC &&
        bind(fd, &request->local->sa, eng_addr_len(request->local)) != 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}

static void write_request(struct evbuffer *out, const struct viewers_http_request *request)
{
    evbuffer_add_printf(out,
                        "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: rtcfan-viewers\r\n"
                        "Accept: application/sdp\r\nConnection: close\r\n%s",
                        request->method, request->url->path, request->url->host, request->fields);
    if (request->body)
        evbuffer_add_printf(out, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n",
                            request->body_len);
    evbuffer_add(out, "\r\n", 2);
    if (request->body)
        evbuffer_add(out, request->body, request->body_len);
}

static int begin(struct viewers_http *http, struct event_base *base, int fd,
                 const struct viewers_http_request *request)
{
    const struct timeval silence = {.tv_sec = VIEWERS_HTTP_SILENCE_S};
    const struct eng_addr *addr = &request->url->addr;

    http->connection =
        bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (!http->connection) {
        close(fd);
        return -ENOMEM;
    }
    bufferevent_setcb(http->connection, on_readable, NULL, on_event, http);
    bufferevent_set_timeouts(http->connection, &silence, &silence);
    write_request(bufferevent_get_output(http->connection), request);
    if (bufferevent_enable(http->connection, EV_READ | EV_WRITE) != 0 ||
        bufferevent_socket_connect(http->connection, &addr->sa, (int)eng_addr_len(addr)) != 0) {
        bufferevent_free(http->connection);
        return -EIO;
    }
    return 0;
}

int viewers_http_start(struct event_base *base, const struct viewers_http_request *request,
                       viewers_http_done done, void *ctx, struct viewers_http **out)
{
    struct viewers_http *http = calloc(1, sizeof(*http));
    int fd, err = -ENOMEM;

    if (!http)
        return -ENOMEM;
    http->done = done;
    http->ctx = ctx;
    fd = open_socket(request);
    if (fd < 0)
        err = fd;
    else
        err = begin(http, base, fd, request);
    if (err)
        free(http);
    else
        *out = http;
    return err;
}
