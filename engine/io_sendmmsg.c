// SPDX-License-Identifier: Apache-2.0
#include "engine/io.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RECEIVES = 32,     // datagrams per recvmmsg
    RECEIVE_CALLS = 8, // recvmmsg calls per wait: what comes faster waits for the next turn
};

struct slot {
    struct sockaddr_storage from;
    struct iovec iov;
    _Alignas(struct cmsghdr) uint8_t control[ENG_IO_CONTROL_LEN];
    uint8_t data[ENG_DATAGRAM_MAX];
};

struct eng_io {
    struct eng_io_config config;
    unsigned pending;
    struct eng_send *sends[ENG_SENDS_MAX];
    struct mmsghdr out[ENG_SENDS_MAX];
    struct mmsghdr in[RECEIVES];
    struct slot slots[RECEIVES];
};

static int io_create(const struct eng_io_config *config, struct eng_io **out)
{
    struct eng_io *io = calloc(1, sizeof(*io));

    if (!io)
        return -ENOMEM;
    io->config = *config;
    *out = io;
    return 0;
}

static void io_destroy(struct eng_io *io)
{
    free(io);
}

static void io_flush(struct eng_io *io)
{
    unsigned done = 0;

    while (done < io->pending) {
        int n = sendmmsg(io->config.socket, io->out + done, io->pending - done, MSG_DONTWAIT);
        int err = n < 0 ? -errno : 0;

        eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
        if (err == -EINTR)
            continue;
        // The error is that of the first message; the call says nothing about the rest.
        for (unsigned end = done + (err ? 1 : (unsigned)n); done < end; done++)
            io->config.sent(io->config.ctx, io->sends[done], err);
    }
    io->pending = 0;
}

static void io_push(struct eng_io *io, struct eng_send *send)
{
    io->sends[io->pending] = send;
    io->out[io->pending].msg_hdr = send->msg;
    io->pending++;
}

static void hand_out(struct eng_io *io, const struct mmsghdr *m, const struct slot *slot)
{
    struct msghdr msg = m->msg_hdr;
    struct eng_tuple tuple;

    eng_count(io->config.counters, ENG_COUNTER_DATAGRAMS_IN, 1);
    if (msg.msg_flags & MSG_TRUNC) {
        eng_count(io->config.counters, ENG_COUNTER_DROP_OVERSIZE, 1);
        return;
    }
    eng_io_tuple(&io->config, &slot->from, &msg, &tuple);
    io->config.received(io->config.ctx, &tuple, slot->data, m->msg_len);
}

static int receive(struct eng_io *io)
{
    int n;

    for (int i = 0; i < RECEIVES; i++) {
        struct slot *slot = &io->slots[i];

        slot->iov = (struct iovec){slot->data, sizeof(slot->data)};
        io->in[i].msg_hdr = (struct msghdr){
            .msg_name = &slot->from,
            .msg_namelen = sizeof(slot->from),
            .msg_iov = &slot->iov,
            .msg_iovlen = 1,
            .msg_control = slot->control,
            .msg_controllen = sizeof(slot->control),
        };
    }
    n = recvmmsg(io->config.socket, io->in, RECEIVES, MSG_DONTWAIT, NULL);
    eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
    for (int i = 0; i < n; i++)
        hand_out(io, &io->in[i], &io->slots[i]);
    return n;
}

static void io_wait(struct eng_io *io, int64_t timeout_ns)
{
    struct pollfd fds[] = {
        {.fd = io->config.socket, .events = POLLIN},
        {.fd = io->config.bell, .events = POLLIN},
    };
    struct timespec ts = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    uint64_t rings;

    io_flush(io);
    eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
    if (ppoll(fds, 2, timeout_ns < 0 ? NULL : &ts, NULL) <= 0)
        return;
    if (fds[1].revents) {
        (void)!read(io->config.bell, &rings, sizeof(rings));
        eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
    }
    // Errors are pending on the socket too (ICMP): receiving clears them.
    for (int i = 0; fds[0].revents && i < RECEIVE_CALLS; i++) {
        if (receive(io) < RECEIVES)
            break;
    }
}

const struct eng_io_ops eng_io_sendmmsg = {
    .name = "sendmmsg",
    .create = io_create,
    .destroy = io_destroy,
    .push = io_push,
    .flush = io_flush,
    .wait = io_wait,
};
