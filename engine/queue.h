// SPDX-License-Identifier: Apache-2.0
//
// The bounded single-producer, single-consumer queues between threads, on Concurrency Kit's rings.
// Entries are written in place and copied out. ENG_QUEUE(type) makes the typed calls for entries of
// `struct type`:
//
//     producer   struct type *eng_queue_reserve_type(queue)    NULL: full
//                eng_queue_commit(queue)
//     consumer   bool eng_queue_take_type(queue, &out)         false: empty
#pragma once

#include <ck_ring.h>
#include <stdbool.h>
#include <stddef.h>

struct eng_queue {
    struct ck_ring ring;
    void *entries;
};

// size: a power of two; one entry less fits. 0 or -ENOMEM.
int eng_queue_init(struct eng_queue *queue, unsigned size, size_t entry_size);
void eng_queue_fini(struct eng_queue *queue);

// Concurrency Kit orders its rings by fences in assembly, which ThreadSanitizer does not see: it is
// told here what they guarantee.
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define ENG_QUEUE_ACQUIRE(addr) __tsan_acquire(addr)
#define ENG_QUEUE_RELEASE(addr) __tsan_release(addr)
#else
#define ENG_QUEUE_ACQUIRE(addr) ((void)(addr))
#define ENG_QUEUE_RELEASE(addr) ((void)(addr))
#endif

#define ENG_QUEUE(type)                                                                 \
    CK_RING_PROTOTYPE(type, type)                                                       \
    static inline struct type *eng_queue_reserve_##type(struct eng_queue *queue)        \
    {                                                                                   \
        ENG_QUEUE_ACQUIRE(&queue->ring.c_head);                                         \
        return ck_ring_enqueue_reserve_spsc_##type(&queue->ring, queue->entries);       \
    }                                                                                   \
    static inline bool eng_queue_take_##type(struct eng_queue *queue, struct type *out) \
    {                                                                                   \
        bool taken;                                                                     \
                                                                                        \
        if (ck_ring_size(&queue->ring) == 0)                                            \
            return false;                                                               \
        ENG_QUEUE_ACQUIRE(&queue->ring.p_tail);                                         \
        taken = ck_ring_dequeue_spsc_##type(&queue->ring, queue->entries, out);         \
        ENG_QUEUE_RELEASE(&queue->ring.c_head);                                         \
        return taken;                                                                   \
    }

static inline void eng_queue_commit(struct eng_queue *queue)
{
    ENG_QUEUE_RELEASE(&queue->ring.p_tail);
    ck_ring_enqueue_commit_spsc(&queue->ring);
}
