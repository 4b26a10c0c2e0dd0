// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/clock.h"

enum {
    MESSAGES = 8,        // per call
    MESSAGE_MAX = 65536, // a train, as long as it may be
    CALLS_MAX = 32,      // per drain: a viewer must not keep the others waiting
    CONTROL_LEN = 128,   // segment size and timestamp need 56
};

struct viewers_receiver {
    struct mmsghdr header[MESSAGES];
    struct iovec iov[MESSAGES];
    struct eng_addr from[MESSAGES];
    _Alignas(struct cmsghdr) uint8_t control[MESSAGES][CONTROL_LEN];
    uint8_t data[MESSAGES][MESSAGE_MAX];
};

// ---- sockets ----

int viewers_socket_open(const struct eng_addr *local, int buffer_len)
{
    int fd = socket(local->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_len, sizeof(buffer_len)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_len, sizeof(buffer_len));
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    (void)setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
    if (bind(fd, &local->sa, eng_addr_len(local)) != 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}

int viewers_socket_route(const struct eng_addr *remote, struct eng_addr *local)
{
    int fd = socket(remote->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
    socklen_t len = sizeof(*local);

    if (fd < 0)
        return -errno;
    if (connect(fd, &remote->sa, eng_addr_len(remote)) != 0 ||
        getsockname(fd, &local->sa, &len) != 0)
        err = -errno;
    close(fd);
    eng_addr_set_port(local, 0);
    return err;
}

uint16_t viewers_socket_port(int fd)
{
    struct eng_addr local = {0};
    socklen_t len = sizeof(local);

    (void)getsockname(fd, &local.sa, &len);
    return eng_addr_port(&local);
}

uint32_t viewers_socket_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(info);

    (void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
    return info[SK_MEMINFO_DROPS];
}

// ---- receiving ----

int viewers_receiver_create(struct viewers_receiver **out)
{
    struct viewers_receiver *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    for (int i = 0; i < MESSAGES; i++) {
        r->iov[i] = (struct iovec){r->data[i], MESSAGE_MAX};
        r->header[i].msg_hdr.msg_iov = &r->iov[i];
        r->header[i].msg_hdr.msg_iovlen = 1;
        r->header[i].msg_hdr.msg_name = &r->from[i];
        r->header[i].msg_hdr.msg_control = r->control[i];
    }
    *out = r;
    return 0;
}

void viewers_receiver_destroy(struct viewers_receiver *receiver)
{
    free(receiver);
}

static int64_t real_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * CTL_NS_PER_SECOND + t.tv_nsec;
}

// What came with a message: the size of its segments, and when the kernel had it, by its real
// clock.
static void read_control(struct msghdr *header, size_t *segment, int64_t *real_ns)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            int size = *(const int *)CMSG_DATA(c);

            if (size > 0)
                *segment = (size_t)size;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            const struct timespec *t = (const struct timespec *)CMSG_DATA(c);

            *real_ns = t->tv_sec * CTL_NS_PER_SECOND + t->tv_nsec;
        }
    }
}

static bool hand_out(struct viewers_receiver *r, int i, int64_t offset_ns,
                     bool (*take)(void *ctx, const struct viewers_datagram *), void *ctx)
{
    size_t left = r->header[i].msg_len, segment = left;
    int64_t real_ns = 0;
    struct viewers_datagram datagram = {.from = &r->from[i], .data = r->data[i]};

    read_control(&r->header[i].msg_hdr, &segment, &real_ns);
    datagram.arrived_ns = real_ns ? real_ns - offset_ns : ctl_now_ns();
    for (; left > 0; left -= datagram.len, datagram.data += datagram.len) {
        datagram.len = left < segment ? left : segment;
        if (!take(ctx, &datagram))
            return false;
    }
    return true;
}

static int receive(struct viewers_receiver *r, int fd)
{
    for (int i = 0; i < MESSAGES; i++) {
        r->header[i].msg_hdr.msg_namelen = sizeof(r->from[i]);
        r->header[i].msg_hdr.msg_controllen = CONTROL_LEN;
    }
    return recvmmsg(fd, r->header, MESSAGES, MSG_DONTWAIT, NULL);
}

struct viewers_received
viewers_receiver_drain(struct viewers_receiver *receiver, int fd,
                       bool (*take)(void *ctx, const struct viewers_datagram *), void *ctx)
{
    int64_t offset_ns = real_now_ns() - ctl_now_ns();
    struct viewers_received received = {0};
    int n = MESSAGES;

    while (n == MESSAGES && received.calls < CALLS_MAX) {
        n = receive(receiver, fd);
        received.calls++;
        for (int i = 0; i < n; i++) {
            received.messages++;
            if (!hand_out(receiver, i, offset_ns, take, ctx))
                return received;
        }
    }
    return received;
}
