// SPDX-License-Identifier: Apache-2.0
#include "engine/io_choose.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS = 9, // in turns, of which the median counts
    BATCHES = 8,
    MESSAGE_LEN = 100, // what differs is the cost of a message, whatever is in it
    NEARLY_PERCENT = 2,
};

struct contender {
    const struct eng_io_ops *ops;
    struct eng_io *io;  // NULL: does not work here
    int64_t ns[ROUNDS]; // per message
};

struct trial {
    int from, to, bell;
    struct eng_tuple tuple;
    struct eng_send_pool sends;
    struct eng_counters counters;
    bool failed;
    struct contender io_uring, sendmmsg;
};

static int64_t cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int open_socket(struct eng_addr *addr)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*addr);

    memset(addr, 0, sizeof(*addr));
    addr->in4.sin_family = AF_INET;
    addr->in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 &&
        (bind(fd, &addr->sa, eng_addr_len(addr)) != 0 || getsockname(fd, &addr->sa, &len) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void on_sent(void *ctx, struct eng_send *send, int result)
{
    struct trial *t = ctx;

    t->failed |= result != 0;
    eng_send_put(&t->sends, send);
}

static void open_contender(struct trial *t, struct contender *c, const struct eng_io_ops *ops)
{
    struct eng_io_config config = {
        .socket = t->from, .bell = t->bell, .counters = &t->counters, .ctx = t, .sent = on_sent};

    c->ops = ops;
    if (ops->create(&config, &c->io))
        c->io = NULL;
}

static void close_contender(struct contender *c)
{
    if (c->io)
        c->ops->destroy(c->io);
}

static int open_trial(struct trial *t)
{
    int smallest = 1;

    t->from = open_socket(&t->tuple.local);
    t->to = open_socket(&t->tuple.remote);
    t->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->from < 0 || t->to < 0 || t->bell < 0)
        return -EIO;
    // Full at once: what is sent is thrown away.
    (void)setsockopt(t->to, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest));
    return eng_send_pool_init(&t->sends, ENG_DATAGRAM_MAX, AF_INET);
}

static void close_trial(struct trial *t)
{
    int fds[] = {t->from, t->to, t->bell};

    eng_send_pool_fini(&t->sends);
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

static int64_t run_round(struct trial *t, struct contender *c)
{
    int64_t start = cpu_ns();
    struct eng_send *send;

    for (int batch = 0; batch < BATCHES; batch++) {
        while ((send = eng_send_get(&t->sends)) != NULL) {
            send->len = MESSAGE_LEN;
            eng_send_address(&t->sends, send, &t->tuple, MESSAGE_LEN);
            c->ops->push(c->io, send);
        }
        c->ops->flush(c->io);
    }
    return (cpu_ns() - start) / (BATCHES * ENG_SENDS_MAX);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static uint32_t median(struct contender *c)
{
    qsort(c->ns, ROUNDS, sizeof(*c->ns), compare);
    return (uint32_t)c->ns[ROUNDS / 2];
}

static void run_trial(struct trial *t, struct eng_tx_costs *costs)
{
    memset(t->sends.data, 0, t->sends.data_size * ENG_SENDS_MAX);
    for (int round = 0; round < ROUNDS; round++) {
        t->io_uring.ns[round] = run_round(t, &t->io_uring);
        t->sendmmsg.ns[round] = run_round(t, &t->sendmmsg);
    }
    if (t->failed)
        return;
    costs->io_uring_ns = median(&t->io_uring);
    costs->sendmmsg_ns = median(&t->sendmmsg);
}

const struct eng_io_ops *eng_io_choose(struct eng_tx_costs *costs)
{
    struct trial t = {0};

    memset(costs, 0, sizeof(*costs));
    if (!open_trial(&t)) {
        open_contender(&t, &t.io_uring, &eng_io_uring);
        open_contender(&t, &t.sendmmsg, &eng_io_sendmmsg);
        if (t.io_uring.io && t.sendmmsg.io)
            run_trial(&t, costs);
        close_contender(&t.io_uring);
        close_contender(&t.sendmmsg);
    }
    close_trial(&t);
    if ((uint64_t)costs->sendmmsg_ns * (100 + NEARLY_PERCENT) < (uint64_t)costs->io_uring_ns * 100)
        return &eng_io_sendmmsg;
    return &eng_io_uring;
}
