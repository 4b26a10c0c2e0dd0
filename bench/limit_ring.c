// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map(int fd, size_t len, uint64_t offset)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);

    return p == MAP_FAILED ? NULL : p;
}

static uint32_t *word_at(const struct limit_ring *ring, uint32_t offset)
{
    return (uint32_t *)(void *)((uint8_t *)ring->memory + offset);
}

static int map_queues(struct limit_ring *ring, const struct io_uring_params *params)
{
    uint32_t sq_len = params->sq_off.array + params->sq_entries * (uint32_t)sizeof(uint32_t);
    uint32_t cq_len =
        params->cq_off.cqes + params->cq_entries * (uint32_t)sizeof(struct io_uring_cqe);

    ring->memory_len = sq_len > cq_len ? sq_len : cq_len;
    ring->memory = map(ring->fd, ring->memory_len, IORING_OFF_SQ_RING);
    if (!ring->memory)
        return -ENOMEM;
    ring->sqes = map(ring->fd, LIMIT_RING_ENTRIES * sizeof(*ring->sqes), IORING_OFF_SQES);
    if (!ring->sqes)
        return -ENOMEM;
    ring->sq_tail = word_at(ring, params->sq_off.tail);
    ring->sq_array = word_at(ring, params->sq_off.array);
    ring->sq_mask = *word_at(ring, params->sq_off.ring_mask);
    ring->cq_head = word_at(ring, params->cq_off.head);
    ring->cq_tail = word_at(ring, params->cq_off.tail);
    ring->cq_mask = *word_at(ring, params->cq_off.ring_mask);
    ring->cqes = (struct io_uring_cqe *)(void *)word_at(ring, params->cq_off.cqes);
    return 0;
}

int limit_ring_init(struct limit_ring *ring, int socket)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    };
    int err;

    memset(ring, 0, sizeof(*ring));
    ring->fd = (int)syscall(__NR_io_uring_setup, LIMIT_RING_ENTRIES, &params);
    if (ring->fd < 0)
        return -errno;
    err = map_queues(ring, &params);
    if (!err && syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES, &socket, 1) < 0)
        err = -errno;
    if (err)
        limit_ring_fini(ring);
    return err;
}

void limit_ring_fini(struct limit_ring *ring)
{
    if (ring->sqes)
        munmap(ring->sqes, LIMIT_RING_ENTRIES * sizeof(*ring->sqes));
    if (ring->memory)
        munmap(ring->memory, ring->memory_len);
    close(ring->fd);
    ring->fd = -1;
}

int limit_ring_send(struct limit_ring *ring, struct mmsghdr *messages, unsigned count)
{
    uint32_t tail = *ring->sq_tail, head = *ring->cq_head, end;
    int refused = 0;

    for (unsigned i = 0; i < count; i++, tail++) {
        ring->sqes[tail & ring->sq_mask] = (struct io_uring_sqe){
            .opcode = IORING_OP_SENDMSG,
            .flags = IOSQE_FIXED_FILE,
            .addr = (uint64_t)(uintptr_t)&messages[i].msg_hdr,
            .len = 1,
            .msg_flags = MSG_DONTWAIT,
        };
        ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
    }
    __atomic_store_n(ring->sq_tail, tail, __ATOMIC_RELEASE);
    if (syscall(__NR_io_uring_enter, ring->fd, count, count, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
        return -errno;
    end = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
    for (; head != end; head++)
        refused += ring->cqes[head & ring->cq_mask].res < 0;
    __atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
    return refused;
}
