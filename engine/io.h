// SPDX-License-Identifier: Apache-2.0
//
// How a worker talks to the kernel: the one narrow interface with two implementations, io_uring
// (io_uring.c) and sendmmsg (io_sendmmsg.c). Worker thread; create too is called there, since an
// io_uring with SINGLE_ISSUER belongs to the thread that made it.
//
// The worker pushes sends, and then waits. Sends may leave at push, flush or wait, always in order.
// sent() is called for each, from flush or wait, never from push. received() is called from wait
// alone, so nothing arrives in the middle of a turn.
#pragma once

#include <stdint.h>

#include "engine/counters.h"
#include "engine/send.h"
#include "engine/types.h"

// Control data that comes with a datagram: PKTINFO of either family.
enum {
    ENG_IO_CONTROL_LEN = 64
};

struct eng_io_config {
    int socket;    // UDP, non-blocking, with PKTINFO on
    int bell;      // eventfd; wait returns when it is readable, and has read it
    uint16_t port; // the media port, the local half of every 5-tuple
    // Entries of io_uring's two queues; 0: enough for all there can be. Tests ask for too few.
    unsigned ring_entries;
    struct eng_counters *counters;
    void *ctx;
    // A datagram; the bytes are valid during the call. Longer ones than ENG_DATAGRAM_MAX are
    // counted and dropped before.
    void (*received)(void *ctx, const struct eng_tuple *tuple, const uint8_t *data, size_t len);
    // The kernel took or refused it: 0 or -errno. Afterwards the send is the worker's again.
    void (*sent)(void *ctx, struct eng_send *send, int result);
};

struct eng_io;

struct eng_io_ops {
    const char *name;
    int (*create)(const struct eng_io_config *config, struct eng_io **out);
    void (*destroy)(struct eng_io *io); // what is pushed but not sent is lost
    void (*push)(struct eng_io *io, struct eng_send *send);
    // Everything pushed goes to the kernel; sent() for what is done. No wait.
    void (*flush)(struct eng_io *io);
    // Flushes, then waits for a datagram, the bell, or timeout_ns (0: only looks; -1: for ever),
    // and hands out all that there is, boundedly.
    void (*wait)(struct eng_io *io, int64_t timeout_ns);
};

extern const struct eng_io_ops eng_io_uring;
extern const struct eng_io_ops eng_io_sendmmsg;

// A received message's control data and source to a 5-tuple.
void eng_io_tuple(const struct eng_io_config *config, const struct sockaddr_storage *from,
                  struct msghdr *msg, struct eng_tuple *out);
