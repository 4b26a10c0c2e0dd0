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
#include "control/bucket.h"
#include "control/clock.h"
#include "control/visitor_key.h"
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
    struct eng_tuple tuple; // of udp, as the engine sees it
    struct eng_addr client; // of the other end of tcp
    uint8_t visitor[CTL_VISITOR_KEY_LEN];
    int64_t came_ns;
    struct ctl_bucket allowance; // of datagrams from tcp
    struct event *readable;      // udp is
    bool crowded;                // as was told
};

struct ctl_relay {
    struct event_base *base;
    struct evconnlistener *listener;
    struct eng_addr media; // where the engine is reached
    struct ctl_relay_stats stats;
    struct ctl_relay_viewers viewers;
    struct event *sweep;
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
    int64_t now_ns = ctl_now_ns();
    uint8_t frame[FRAME_MAX];
    int len;

    while ((len = next_len(in)) >= 0) {
        if (!ctl_bucket_take(&c->allowance, now_ns)) {
            c->relay->stats.floods++;
            close_connection(c);
            return;
        }
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
    const struct ctl_relay_viewers *viewers = &c->relay->viewers;

    if (c->crowded != crowded && viewers->hold(viewers->ctx, &c->tuple, crowded))
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
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); // up to rmem_max
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
    c->tuple.local = c->relay->media;
    c->udp = open_udp(&c->relay->media, &c->tuple.remote);
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

// Of the visitor at this address there may be one more.
static bool has_room(const struct ctl_relay *relay, const struct eng_addr *client)
{
    uint8_t visitor[CTL_VISITOR_KEY_LEN];
    const struct connection *c;
    unsigned count = 0;

    if (relay->stats.connections >= CTL_RELAY_CONNECTIONS_MAX)
        return false;
    if (!ctl_visitor_key(client, visitor))
        return true;
    LIST_FOREACH (c, &relay->list, link)
        count += memcmp(c->visitor, visitor, sizeof(visitor)) == 0;
    return count < CTL_RELAY_OF_VISITOR_MAX;
}

// NULL: no memory. The fd is then still the caller's.
static struct connection *add(struct ctl_relay *relay, evutil_socket_t fd,
                              const struct eng_addr *client)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c)
        c->tcp = bufferevent_socket_new(relay->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->tcp) {
        free(c);
        return NULL;
    }
    c->relay = relay;
    c->udp = -1;
    c->client = *client;
    c->came_ns = ctl_now_ns();
    ctl_bucket_init(&c->allowance, CTL_RELAY_RATE, CTL_RELAY_BURST);
    (void)ctl_visitor_key(client, c->visitor);
    LIST_INSERT_HEAD(&relay->list, c, link);
    relay->stats.connections++;
    return c;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int from_len, void *ctx)
{
    struct sockaddr_storage address = {0};
    struct ctl_relay *relay = ctx;
    struct eng_addr client;
    struct connection *c;

    (void)listener;
    memcpy(&address, from, (size_t)from_len);
    eng_addr_from_socket(&client, &address);
    if (!has_room(relay, &client)) {
        relay->stats.refused++;
        close(fd);
        return;
    }
    c = add(relay, fd, &client);
    if (!c)
        close(fd);
    else if (!start(c, fd))
        close_connection(c);
}

void ctl_relay_sweep(struct ctl_relay *relay, int64_t now_ns)
{
    const struct ctl_relay_viewers *viewers = &relay->viewers;
    struct connection *c, *next;

    for (c = LIST_FIRST(&relay->list); c; c = next) {
        next = LIST_NEXT(c, link);
        if (now_ns - c->came_ns < CTL_RELAY_PROOF_S * CTL_NS_PER_SECOND ||
            viewers->know(viewers->ctx, &c->tuple))
            continue;
        relay->stats.strangers++;
        close_connection(c);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ctl_relay_sweep(ctx, ctl_now_ns());
}

static int open_listener(struct ctl_relay *relay, const struct eng_addr *listen)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

    relay->listener = evconnlistener_new_bind(relay->base, on_accept, relay, flags, BACKLOG,
                                              &listen->sa, (int)eng_addr_len(listen));
    if (relay->listener)
        return 0;
    return errno ? -errno : -ENOMEM;
}

static int start_sweeps(struct ctl_relay *relay)
{
    const struct timeval interval = {.tv_sec = CTL_RELAY_SWEEP_S};

    relay->sweep = event_new(relay->base, -1, EV_PERSIST, on_sweep, relay);
    return relay->sweep && event_add(relay->sweep, &interval) == 0 ? 0 : -ENOMEM;
}

int ctl_relay_create(struct event_base *base, const struct eng_addr *listen,
                     const struct ctl_relay_viewers *viewers, struct ctl_relay **out)
{
    struct ctl_relay *relay = calloc(1, sizeof(*relay));
    int rc;

    if (!relay)
        return -ENOMEM;
    LIST_INIT(&relay->list);
    relay->base = base;
    relay->viewers = *viewers;
    relay->media = *listen;
    if (ctl_addr_is_any(listen)) {
        ctl_addr_parse("127.0.0.1:1", &relay->media); // a socket on :: takes it too
        eng_addr_set_port(&relay->media, eng_addr_port(listen));
    }
    rc = open_listener(relay, listen);
    if (!rc)
        rc = start_sweeps(relay);
    if (rc)
        ctl_relay_destroy(relay);
    else
        *out = relay;
    return rc;
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
    if (relay->sweep)
        event_free(relay->sweep);
    if (relay->listener)
        evconnlistener_free(relay->listener);
    free(relay);
}

bool ctl_relay_find(const struct ctl_relay *relay, const struct eng_addr *udp,
                    struct eng_addr *client)
{
    const struct connection *c;

    if (!relay)
        return false;
    LIST_FOREACH (c, &relay->list, link) {
        if (!eng_addr_equal(&c->tuple.remote, udp))
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
