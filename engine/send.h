// SPDX-License-Identifier: Apache-2.0
//
// A send: one message on its way to the kernel, and the pool of them that a worker owns. Worker
// thread. A send carries one datagram, or a train: several datagrams of equal size, of which the
// last may be shorter, to one 5-tuple (UDP_SEGMENT, udp(7)).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/limits.h"
#include "engine/types.h"

struct eng_viewer;

enum eng_send_kind {
    ENG_SEND_VIDEO,
    ENG_SEND_AUDIO,
    ENG_SEND_RESENT,
    ENG_SEND_RTCP,
    ENG_SEND_RAW
};

struct eng_send {
    // What the kernel reads; valid until the send is done.
    struct msghdr msg;
    struct iovec iov;
    struct sockaddr_storage to;
    // Room for UDP_SEGMENT and one of the two PKTINFOs.
    _Alignas(struct cmsghdr) uint8_t control[96];
    uint8_t *data; // the worker's buffer, pool->data_size bytes

    struct eng_viewer *viewer; // NULL for ENG_SEND_RAW
    enum eng_send_kind kind;
    unsigned packets;
    size_t len; // bytes of data
    struct eng_send *next_free;
};

struct eng_send_pool {
    struct eng_send sends[ENG_SENDS_MAX];
    struct eng_send *free;
    uint8_t *data;
    size_t data_size; // per send
    int family;       // of the socket
};

// data_size: bytes that the largest train takes, at least ENG_DATAGRAM_MAX.
int eng_send_pool_init(struct eng_send_pool *pool, size_t data_size, int family);
void eng_send_pool_fini(struct eng_send_pool *pool);

// NULL: all are on their way.
struct eng_send *eng_send_get(struct eng_send_pool *pool);
void eng_send_put(struct eng_send_pool *pool, struct eng_send *send);

// Addresses the message: send->len bytes of send->data, from tuple->local to tuple->remote, in
// datagrams of `segment` bytes.
void eng_send_address(const struct eng_send_pool *pool, struct eng_send *send,
                      const struct eng_tuple *tuple, size_t segment);
