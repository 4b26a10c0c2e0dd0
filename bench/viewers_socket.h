// SPDX-License-Identifier: Apache-2.0
//
// Viewers' UDP sockets, and how a thread empties them: whole trains by UDP_GRO where the kernel has
// them, several messages per call, each with the time at which the kernel had it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

// Opens a socket that does not block, bound to this address (port 0: any) and with room for
// buffer_len bytes, as far as we may. Returns it, or -errno.
int viewers_socket_open(const struct eng_addr *local, int buffer_len);

// Where a datagram to `remote` leaves from: the kernel's choice, port 0. 0 or -errno.
int viewers_socket_route(const struct eng_addr *remote, struct eng_addr *local);

uint16_t viewers_socket_port(int fd);

// Datagrams that the kernel threw away because the socket was full, so far.
uint32_t viewers_socket_drops(int fd);

struct viewers_receiver; // one per thread: buffers

struct viewers_datagram {
    const struct eng_addr *from;
    uint8_t *data; // may be written to
    size_t len;
    int64_t arrived_ns; // CLOCK_MONOTONIC
};

struct viewers_received {
    unsigned calls, messages;
};

int viewers_receiver_create(struct viewers_receiver **out); // 0 or -ENOMEM
void viewers_receiver_destroy(struct viewers_receiver *receiver);

// Hands out what waits in the socket, at most some hundred messages. take returns false to stop:
// the socket is closed.
struct viewers_received
viewers_receiver_drain(struct viewers_receiver *receiver, int fd,
                       bool (*take)(void *ctx, const struct viewers_datagram *), void *ctx);
