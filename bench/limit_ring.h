// SPDX-License-Identifier: Apache-2.0
//
// The barest io_uring that can send: made by the system calls themselves, so that what the engine's
// own is compared with has nothing of it, nor of a library. Belongs to the thread that made it.
#pragma once

#include <stdint.h>
#include <sys/socket.h>

struct io_uring_sqe;
struct io_uring_cqe;

enum {
    LIMIT_RING_ENTRIES = 64
};

struct limit_ring {
    int fd;
    void *memory; // both queues
    uint32_t memory_len;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    uint32_t *sq_tail, *sq_array, *cq_head, *cq_tail;
    uint32_t sq_mask, cq_mask;
};

// 0 or -errno. Sends on this one socket.
int limit_ring_init(struct limit_ring *ring, int socket);
void limit_ring_fini(struct limit_ring *ring);

// Sends `count` messages, at most LIMIT_RING_ENTRIES, in one system call. Returns how many the
// kernel refused, or -errno.
int limit_ring_send(struct limit_ring *ring, struct mmsghdr *messages, unsigned count);
