// SPDX-License-Identifier: Apache-2.0
#include "engine/socket.h"

#include <errno.h>
#include <unistd.h>

enum {
    // A keyframe to some hundred viewers at once; the kernel cuts it to its limit where it may.
    SEND_BUFFER = 8 << 20,
    RECEIVE_BUFFER = 4 << 20,
};

// With the right to, past net.core.[rw]mem_max.
static void set_buffer(int fd, int forced, int plain, int size)
{
    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int set_options(int fd, int family, bool share)
{
    int on = 1, off = 0, mtu = IP_PMTUDISC_PROBE;

    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
    if (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
        return -errno;
    if (family == AF_INET6 &&
        (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) != 0))
        return -errno;
    // A path MTU learnt from ICMP, which a viewer may forge, would have trains refused: only the
    // device's counts. Don't Fragment is set, so that the kernel need not find each datagram an
    // identification (RFC 6864 4.1), a tenth of the cost of sending: payload_max keeps packets
    // below 1,280 bytes.
    if (setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &mtu, sizeof(mtu)) != 0 && family == AF_INET)
        return -errno;
    // On a dual-stack socket too: IPv4 datagrams carry this one's message.
    if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0 && family == AF_INET)
        return -errno;
    return 0;
}

static int open_one(struct eng_addr *addr, bool share)
{
    int family = addr->sa.sa_family;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*addr);
    int err;

    if (fd < 0)
        return -errno;
    err = set_options(fd, family, share);
    if (!err &&
        (bind(fd, &addr->sa, eng_addr_len(addr)) != 0 || getsockname(fd, &addr->sa, &len) != 0))
        err = -errno;
    if (err) {
        close(fd);
        return err;
    }
    return fd;
}

int eng_socket_open_group(struct eng_addr *addr, int *sockets, unsigned count)
{
    unsigned n = 0;
    // Without sharing first: a group lets anybody of the same user in, a second server too.
    int fd = open_one(addr, false);

    if (fd < 0)
        return fd;
    close(fd);
    for (; n < count; n++) {
        sockets[n] = open_one(addr, true);
        if (sockets[n] < 0) {
            fd = sockets[n];
            goto fail;
        }
    }
    return 0;

fail:
    while (n > 0)
        close(sockets[--n]);
    return fd;
}
