// SPDX-License-Identifier: Apache-2.0
#include "control/relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/addr.h"
#include "engine/addr.h"
#include "engine/limits.h"

enum {
    BACKLOG = 128, // connections that wait to be accepted
    LENGTH = 2,    // bytes of it before a datagram
    FRAME_MAX = LENGTH + ENG_DATAGRAM_MAX,
    UNREAD_MAX = 8 * FRAME_MAX, // of what a viewer sends: STUN, DTLS, RTCP
    RECEIVE_BUFFER = 1 << 20,   // a keyframe of 400 packets
    DATAGRAMS_PER_TURN = 64,    // of one connection, so that the others get their turn
    UNSENT_MAX = 65536,         // in the kernel, so that what waits does so where it is counted
};

struct connection {
    struct ctl_relay *relay;
    LIST_ENTRY(connection) link;
    struct bufferevent *tcp;
    int udp;
    struct eng_addr own;    // of udp
    struct eng_addr client; // of the other end of tcp
    struct event *readable; // udp is
    bool crowded;           // as was told
};

struct ctl_relay {
    struct event_base *base;
    struct evconnlistener *listener;
    struct eng_addr media; // where the engine is reached
    struct ctl_relay_stats stats;
    bool (*on_crowded)(void *ctx, const struct eng_addr *udp, bool crowded);
    void *ctx; // its
    LIST_HEAD(, connection) list;
};

static void close_connection(struct connection *c)
{
    LIST_REMOVE(c, link);
    c->relay->stats.connections--;
    if (c->readable)
        event_free(c->readable);
    if (c->udp >= 0)
        close(c->udp);
    bufferevent_free(c->tcp);
    free(c);
}

// ---- from the viewer ----

// The length of the datagram that the buffer begins with, -1: not all of it is there.
static int next_len(struct evbuffer *in)
{
    uint8_t head[LENGTH];
    int len;

    if (evbuffer_copyout(in, head, LENGTH) < LENGTH)
        return -1;
    len = head[0] << 8 | head[1];
    return len > ENG_DATAGRAM_MAX || evbuffer_get_length(in) >= LENGTH + (size_t)len ? len : -1;
}

static void on_tcp(struct bufferevent *tcp, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(tcp);
    struct connection *c = ctx;
    uint8_t frame[FRAME_MAX];
    int len;

    while ((len = next_len(in)) >= 0) {
        if (len > ENG_DATAGRAM_MAX) {
            close_connection(c);
            return;
        }
        evbuffer_remove(in, frame, LENGTH + (size_t)len);
        // What the engine has no room for is lost, as on any other way to it.
        (void)send(c->udp, frame + LENGTH, (size_t)len, MSG_DONTWAIT);
    }
}

static void on_tcp_event(struct bufferevent *tcp, short what, void *ctx)
{
    (void)tcp;
    (void)what; // its end, an error or the time-out
    close_connection(ctx);
}

// ---- to the viewer ----

static void set_crowded(struct connection *c, bool crowded)
{
    if (c->crowded != crowded && c->relay->on_crowded(c->relay->ctx, &c->own, crowded))
        c->crowded = crowded;
}

static void on_drained(struct bufferevent *tcp, void *ctx)
{
    (void)tcp;
    set_crowded(ctx, false);
}

static void on_udp(evutil_socket_t fd, short what, void *ctx)
{
    struct connection *c = ctx;
    struct evbuffer *out = bufferevent_get_output(c->tcp);
    uint8_t frame[FRAME_MAX];

    (void)what;
    for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
        ssize_t len = recv(fd, frame + LENGTH, ENG_DATAGRAM_MAX, MSG_DONTWAIT);

        if (len < 0)
            return;
        frame[0] = (uint8_t)(len >> 8);
        frame[1] = (uint8_t)len;
        if (evbuffer_get_length(out) > CTL_RELAY_BACKLOG_MAX ||
            evbuffer_add(out, frame, LENGTH + (size_t)len) != 0)
            c->relay->stats.dropped++;
        if (evbuffer_get_length(out) > CTL_RELAY_BACKLOG)
            set_crowded(c, true);
    }
}

// ---- coming and going ----

// own: the address that it gets.
static int open_udp(const struct eng_addr *media, struct eng_addr *own)
{
    socklen_t own_len = eng_addr_len(media);
    int size = RECEIVE_BUFFER;
    int fd = socket(media->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    *own = *media;
    eng_addr_set_port(own, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (bind(fd, &own->sa, own_len) != 0 || connect(fd, &media->sa, own_len) != 0 ||
        getsockname(fd, &own->sa, &own_len) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool start(struct connection *c, evutil_socket_t tcp_fd)
{
    const struct timeval silence = {.tv_sec = CTL_RELAY_SILENCE_S};
    int on = 1, unsent = UNSENT_MAX;

    (void)setsockopt(tcp_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(tcp_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    c->udp = open_udp(&c->relay->media, &c->own);
    if (c->udp < 0)
        return false;
    c->readable = event_new(c->relay->base, c->udp, EV_READ | EV_PERSIST, on_udp, c);
    if (!c->readable || event_add(c->readable, NULL))
        return false;
    bufferevent_setcb(c->tcp, on_tcp, on_drained, on_tcp_event, c);
    bufferevent_setwatermark(c->tcp, EV_READ, 0, UNREAD_MAX);
    bufferevent_setwatermark(c->tcp, EV_WRITE, CTL_RELAY_DRAINED, 0);
    bufferevent_set_timeouts(c->tcp, &silence, NULL);
    return bufferevent_enable(c->tcp, EV_READ | EV_WRITE) == 0;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int from_len, void *ctx)
{
    struct sockaddr_storage address = {0};
    struct ctl_relay *relay = ctx;
    struct connection *c;

    (void)listener;
    if (relay->stats.connections >= CTL_RELAY_CONNECTIONS_MAX) {
        relay->stats.refused++;
        close(fd);
        return;
    }
    c = calloc(1, sizeof(*c));
    if (c)
        c->tcp = bufferevent_socket_new(relay->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->tcp) {
        close(fd);
        free(c);
        return;
    }
    memcpy(&address, from, (size_t)from_len);
    eng_addr_from_socket(&c->client, &address);
    c->relay = relay;
    c->udp = -1;
    LIST_INSERT_HEAD(&relay->list, c, link);
    relay->stats.connections++;
    if (!start(c, fd))
        close_connection(c);
}

static bool tell_nobody(void *ctx, const struct eng_addr *udp, bool crowded)
{
    (void)ctx;
    (void)udp;
    (void)crowded;
    return true;
}

int ctl_relay_create(struct event_base *base, const struct eng_addr *listen, struct ctl_relay **out)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct ctl_relay *relay = calloc(1, sizeof(*relay));
    int rc;

    if (!relay)
        return -ENOMEM;
    LIST_INIT(&relay->list);
    relay->base = base;
    relay->media = *listen;
    relay->on_crowded = tell_nobody;
    if (ctl_addr_is_any(listen)) {
        ctl_addr_parse("127.0.0.1:1", &relay->media); // a socket on :: takes it too
        eng_addr_set_port(&relay->media, eng_addr_port(listen));
    }
    relay->listener = evconnlistener_new_bind(base, on_accept, relay, flags, BACKLOG, &listen->sa,
                                              (int)eng_addr_len(listen));
    if (!relay->listener) {
        rc = -errno;
        free(relay);
        return rc ? rc : -ENOMEM;
    }
    *out = relay;
    return 0;
}

void ctl_relay_watch(struct ctl_relay *relay,
                     bool (*on_crowded)(void *ctx, const struct eng_addr *udp, bool crowded),
                     void *ctx)
{
    relay->on_crowded = on_crowded;
    relay->ctx = ctx;
}

void ctl_relay_destroy(struct ctl_relay *relay)
{
    struct connection *c, *next;

    if (!relay)
        return;
    for (c = LIST_FIRST(&relay->list); c; c = next) {
        next = LIST_NEXT(c, link);
        close_connection(c);
    }
    evconnlistener_free(relay->listener);
    free(relay);
}

bool ctl_relay_find(const struct ctl_relay *relay, const struct eng_addr *udp,
                    struct eng_addr *client)
{
    const struct connection *c;

    if (!relay)
        return false;
    LIST_FOREACH(c, &relay->list, link)
    {
        if (!eng_addr_equal(&c->own, udp))
            continue;
        *client = c->client;
        return true;
    }
    return false;
}

void ctl_relay_read_stats(const struct ctl_relay *relay, struct ctl_relay_stats *out)
{
    *out = relay ? relay->stats : (struct ctl_relay_stats){0};
}
