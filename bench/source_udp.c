// SPDX-License-Identifier: Apache-2.0
#include "bench/source_udp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

enum {
    PAIR_TRIES = 64,
    MESSAGES = 64, // in one system call
    PACKETS = 256,
    TRAIN_MAX = 40, // packets in a message: below 64 KB
    // A keyframe of each of some hundred streams, where we may have it; else what the kernel
    // allows.
    SEND_BUFFER = 16 << 20,
    RECEIVE_BUFFER = 0, // the kernel's least
};

// Messages on their way to the kernel, all from one socket. A message carries one packet, or
// several of one length to one address, of which the last may be shorter (UDP_SEGMENT, udp(7)):
// cut up behind the system call, they cost a third. There is one event loop.
static struct {
    unsigned message_count;
    unsigned packet_count;
    struct mmsghdr messages[MESSAGES];
    struct iovec packets[PACKETS];
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
    } controls[MESSAGES];
} batch;

static in_port_t *port_of(struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)address)->sin6_port
                                          : &((struct sockaddr_in *)address)->sin_port;
}

// A socket on `port`, 0: any, which *port becomes.
static int bind_socket(struct sockaddr_storage address, socklen_t address_len, uint16_t *port)
{
    int send_buffer = SEND_BUFFER, receive_buffer = RECEIVE_BUFFER;
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    *port_of(&address) = htons(*port);
    if (bind(fd, (struct sockaddr *)&address, address_len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &address_len) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    *port = ntohs(*port_of(&address));
    return fd;
}

int source_udp_init(struct source_udp *udp, const struct sockaddr_storage *address,
                    socklen_t address_len)
{
    int rc = -EADDRINUSE;

    // Any port, and the one that makes a pair with it, unless that is taken.
    for (unsigned tries = 0; tries < PAIR_TRIES && rc == -EADDRINUSE; tries++) {
        uint16_t port = 0;
        int first = bind_socket(*address, address_len, &port);
        if (first < 0)
            return first;
        uint16_t other = (uint16_t)(port ^ 1);
        int second = bind_socket(*address, address_len, &other);
        if (second >= 0) {
            udp->port = port & (uint16_t)~1;
            udp->socket[port & 1] = first;
            udp->socket[other & 1] = second;
            return 0;
        }
        rc = second;
        close(first);
    }
    return rc;
}

void source_udp_fini(struct source_udp *udp)
{
    close(udp->socket[0]);
    close(udp->socket[1]);
}

// The kernel or the network device does not cut messages up. It gets the packets one by one.
static void send_singly(struct source_udp *udp, int fd, const struct msghdr *train)
{
    for (size_t i = 0; i < train->msg_iovlen; i++) {
        const struct iovec *packet = &train->msg_iov[i];
        ssize_t n =
            sendto(fd, packet->iov_base, packet->iov_len, 0, train->msg_name, train->msg_namelen);
        udp->refused += n < 0;
    }
}

static void on_refusal(struct source_udp *udp, int fd, const struct msghdr *message, int err)
{
    if (message->msg_iovlen > 1 && (err == EIO || err == EINVAL)) {
        udp->singly = true;
        send_singly(udp, fd, message);
    } else {
        udp->refused += message->msg_iovlen;
    }
}

static void flush(struct source_udp *udp, int fd)
{
    unsigned done = 0;

    while (done < batch.message_count) {
        int n = sendmmsg(fd, batch.messages + done, batch.message_count - done, 0);
        if (n < 0 && errno == EINTR)
            continue;
        // The error is that of the first message; the call says nothing about the rest.
        if (n < 0)
            on_refusal(udp, fd, &batch.messages[done].msg_hdr, errno);
        done += n < 0 ? 1 : (unsigned)n;
    }
    batch.message_count = batch.packet_count = 0;
}

// Whether the last message can take another packet.
static bool can_join(const struct source_udp *udp, const struct sockaddr_storage *to, size_t len)
{
    if (batch.message_count == 0 || udp->singly)
        return false;
    const struct msghdr *last = &batch.messages[batch.message_count - 1].msg_hdr;
    size_t first_len = last->msg_iov[0].iov_len;
    return last->msg_name == to && last->msg_iovlen < TRAIN_MAX && len <= first_len &&
           last->msg_iov[last->msg_iovlen - 1].iov_len == first_len;
}

static void join(const uint8_t *packet, size_t len)
{
    unsigned i = batch.message_count - 1;
    struct msghdr *message = &batch.messages[i].msg_hdr;
    struct cmsghdr *header = &batch.controls[i].header;
    uint16_t segment = (uint16_t)message->msg_iov[0].iov_len;

    batch.packets[batch.packet_count++] = (struct iovec){(void *)packet, len};
    message->msg_iovlen++;
    message->msg_control = header;
    message->msg_controllen = sizeof(batch.controls[i].bytes);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(segment));
    memcpy(CMSG_DATA(header), &segment, sizeof(segment));
}

static void begin(struct sockaddr_storage *to, socklen_t to_len, const uint8_t *packet, size_t len)
{
    struct iovec *iov = &batch.packets[batch.packet_count++];

    *iov = (struct iovec){(void *)packet, len};
    batch.messages[batch.message_count++].msg_hdr = (struct msghdr){
        .msg_name = to,
        .msg_namelen = to_len,
        .msg_iov = iov,
        .msg_iovlen = 1,
    };
}

void source_udp_send(struct source_udp *udp, struct source_udp_peer *peer, const uint8_t *data,
                     size_t len)
{
    const uint8_t *end = data + len;
    int fd = -1;

    while (data < end) {
        unsigned channel = data[1];
        size_t packet_len = (size_t)(data[2] << 8 | data[3]);
        assert(channel < SOURCE_CHANNELS);
        if (batch.message_count == MESSAGES || batch.packet_count == PACKETS ||
            fd != udp->socket[channel & 1])
            flush(udp, fd);
        fd = udp->socket[channel & 1];
        if (can_join(udp, &peer->to[channel], packet_len))
            join(data + BENCH_INTERLEAVE_LEN, packet_len);
        else
            begin(&peer->to[channel], peer->to_len, data + BENCH_INTERLEAVE_LEN, packet_len);
        data += BENCH_INTERLEAVE_LEN + packet_len;
    }
    flush(udp, fd);
}
