// SPDX-License-Identifier: Apache-2.0
#include "rtsp/ports.h"

#include <errno.h>
#include <event2/event.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RTP,
    RTCP,
    PORTS,
    // A keyframe of 4 MB/s for a tenth of a second; the kernel may grant less.
    RECEIVE_BUFFER = 1 << 20,
};

struct rtsp_ports {
    struct rtsp_ports_owner owner;
    int fd[PORTS];
    struct event *readable[PORTS];
    uint16_t number; // of RTP
    bool expecting;
    struct sockaddr_storage from[2];   // the camera's addresses
    struct sockaddr_storage to[PORTS]; // the camera's ports
    bool handing_on;                   // callbacks are under way
    bool closed;                       // by one of them: freed after it
};

static in_port_t *port_of(struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)address)->sin6_port
                                          : &((struct sockaddr_in *)address)->sin_port;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

// ---- what arrives ----

static bool is_expected(const struct rtsp_ports *p, const struct sockaddr_storage *from)
{
    return p->expecting && (same_host(from, &p->from[0]) || same_host(from, &p->from[1]));
}

static void hand_on(struct rtsp_ports *p, bool rtcp, struct mmsghdr *messages, int count)
{
    struct rtsp_now now = rtsp_now_read();

    p->handing_on = true;
    for (int i = 0; i < count && !p->closed; i++) {
        const struct msghdr *m = &messages[i].msg_hdr;

        if (!(m->msg_flags & MSG_TRUNC) && is_expected(p, m->msg_name))
            p->owner.on_datagram(p->owner.ctx, rtcp, m->msg_iov->iov_base, messages[i].msg_len,
                                 now);
    }
    if (!p->closed)
        p->owner.on_batch(p->owner.ctx, now);
    p->handing_on = false;
    if (p->closed)
        free(p);
}

static void take(struct rtsp_ports *p, int which)
{
    uint8_t bytes[RTSP_PORTS_BATCH][RTSP_PORTS_DATAGRAM_MAX];
    struct sockaddr_storage from[RTSP_PORTS_BATCH];
    struct mmsghdr messages[RTSP_PORTS_BATCH] = {0};
    struct iovec room[RTSP_PORTS_BATCH];
    int count;

    for (int i = 0; i < RTSP_PORTS_BATCH; i++) {
        room[i] = (struct iovec){.iov_base = bytes[i], .iov_len = sizeof(bytes[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                              .msg_namelen = sizeof(from[i]),
                                              .msg_iov = &room[i],
                                              .msg_iovlen = 1};
    }
    // Errors are ICMP's answers to our own packets, and no reason to stop listening.
    count = recvmmsg(p->fd[which], messages, RTSP_PORTS_BATCH, MSG_DONTWAIT, NULL);
    if (count > 0)
        hand_on(p, which == RTCP, messages, count);
}

static void on_rtp(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    take(ctx, RTP);
}

static void on_rtcp(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    take(ctx, RTCP);
}

// ---- opening ----

// A socket that is bound to this address. -errno, or the descriptor.
static int bind_to(const struct sockaddr_storage *address, bool shared)
{
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int size = RECEIVE_BUFFER, on = 1;
    int error;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)address, size_of(address)) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

static void close_sockets(struct rtsp_ports *p)
{
    for (int i = 0; i < PORTS; i++) {
        if (p->fd[i] >= 0)
            close(p->fd[i]);
        p->fd[i] = -1;
    }
}

static void release(struct rtsp_ports *p)
{
    for (int i = 0; i < PORTS; i++)
        if (p->readable[i])
            event_free(p->readable[i]);
    close_sockets(p);
}

// An even port of the kernel's choice and the next one. -EAGAIN: one of them is taken.
static int bind_pair(struct rtsp_ports *p, const struct sockaddr_storage *local)
{
    struct sockaddr_storage address = *local;
    socklen_t len = sizeof(address);
    int any;

    *port_of(&address) = 0;
    any = bind_to(&address, false);
    if (any < 0)
        return any;
    getsockname(any, (struct sockaddr *)&address, &len);
    close(any);
    p->number = ntohs(*port_of(&address)) & 0xfffe;
    for (int i = 0; i < PORTS; i++) {
        *port_of(&address) = htons((uint16_t)(p->number + i));
        p->fd[i] = bind_to(&address, false);
        if (p->fd[i] < 0) {
            int rc = p->fd[i];

            close_sockets(p);
            return rc == -EADDRINUSE || rc == -EACCES ? -EAGAIN : rc;
        }
    }
    return 0;
}

// Index of the interface that has this address, 0 (the kernel chooses) if none has.
static unsigned interface_of(const struct sockaddr_storage *address)
{
    struct ifaddrs *all;
    unsigned index = 0;

    if (getifaddrs(&all) < 0)
        return 0;
    for (struct ifaddrs *i = all; i && index == 0; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == address->ss_family &&
            same_host((const struct sockaddr_storage *)i->ifa_addr, address))
            index = if_nametoindex(i->ifa_name);
    freeifaddrs(all);
    return index;
}

static int bind_group(struct rtsp_ports *p, const struct sockaddr_storage *group,
                      const struct sockaddr_storage *local)
{
    struct sockaddr_storage address = *group;
    int family = group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    struct group_req join = {0};

    p->number = ntohs(*port_of(&address));
    join.gr_interface = interface_of(local);
    memcpy(&join.gr_group, group, sizeof(*group));
    for (int i = 0; i < PORTS; i++) {
        *port_of(&address) = htons((uint16_t)(p->number + i));
        p->fd[i] = bind_to(&address, true);
        if (p->fd[i] < 0)
            return p->fd[i];
        if (setsockopt(p->fd[i], family, MCAST_JOIN_GROUP, &join, sizeof(join)) < 0)
            return -errno;
    }
    return 0;
}

static int watch(struct rtsp_ports *p, struct event_base *base)
{
    static const event_callback_fn on_readable[PORTS] = {on_rtp, on_rtcp};

    for (int i = 0; i < PORTS; i++) {
        p->readable[i] = event_new(base, p->fd[i], EV_READ | EV_PERSIST, on_readable[i], p);
        if (!p->readable[i] || event_add(p->readable[i], NULL) < 0)
            return -ENOMEM;
    }
    return 0;
}

static struct rtsp_ports *create(const struct rtsp_ports_owner *owner)
{
    struct rtsp_ports *p = calloc(1, sizeof(*p));

    if (p) {
        p->owner = *owner;
        p->fd[RTP] = p->fd[RTCP] = -1;
    }
    return p;
}

// rc: of binding. Takes over p.
static int finish(struct rtsp_ports *p, struct event_base *base, int rc, struct rtsp_ports **out)
{
    if (rc == 0)
        rc = watch(p, base);
    if (rc < 0) {
        release(p);
        free(p);
    } else {
        *out = p;
    }
    return rc;
}

int rtsp_ports_open(struct event_base *base, const struct sockaddr_storage *local,
                    const struct rtsp_ports_owner *owner, struct rtsp_ports **out)
{
    struct rtsp_ports *p = create(owner);
    int rc = -EAGAIN;

    if (!p)
        return -ENOMEM;
    for (int i = 0; i < RTSP_PORTS_TRIES && rc == -EAGAIN; i++)
        rc = bind_pair(p, local);
    return finish(p, base, rc == -EAGAIN ? -EADDRINUSE : rc, out);
}

int rtsp_ports_join(struct event_base *base, const struct sockaddr_storage *group,
                    const struct sockaddr_storage *local, const struct rtsp_ports_owner *owner,
                    struct rtsp_ports **out)
{
    struct rtsp_ports *p = create(owner);

    return p ? finish(p, base, bind_group(p, group, local), out) : -ENOMEM;
}

uint16_t rtsp_ports_number(const struct rtsp_ports *ports)
{
    return ports->number;
}

void rtsp_ports_expect(struct rtsp_ports *ports, const struct sockaddr_storage *from,
                       const struct sockaddr_storage *or_from, uint16_t rtp, uint16_t rtcp)
{
    const uint16_t number[PORTS] = {rtp, rtcp};

    ports->expecting = true;
    ports->from[0] = *from;
    ports->from[1] = *or_from;
    for (int i = 0; i < PORTS; i++) {
        ports->to[i] = *from;
        *port_of(&ports->to[i]) = htons(number[i]);
    }
    rtsp_ports_keep_open(ports);
}

// Nothing that is sent there is missed when it is lost: it is said again.
static void send_to(struct rtsp_ports *ports, int i, const uint8_t *data, size_t len)
{
    if (ports->expecting && *port_of(&ports->to[i]) != 0)
        (void)sendto(ports->fd[i], data, len, MSG_DONTWAIT, (const struct sockaddr *)&ports->to[i],
                     size_of(&ports->to[i]));
}

void rtsp_ports_keep_open(struct rtsp_ports *ports)
{
    // An RTP packet without a payload, and an RTCP receiver report without blocks.
    static const uint8_t rtp[12] = {0x80, 0x7f}, rtcp[8] = {0x80, 201, 0, 1};

    send_to(ports, RTP, rtp, sizeof(rtp));
    send_to(ports, RTCP, rtcp, sizeof(rtcp));
}

void rtsp_ports_send_rtcp(struct rtsp_ports *ports, const uint8_t *data, size_t len)
{
    send_to(ports, RTCP, data, len);
}

void rtsp_ports_close(struct rtsp_ports *ports)
{
    if (!ports)
        return;
    release(ports);
    if (ports->handing_on)
        ports->closed = true;
    else
        free(ports);
}
