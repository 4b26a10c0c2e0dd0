// SPDX-License-Identifier: Apache-2.0
#include "engine/queue.h"

#include <errno.h>
#include <stdlib.h>

CK_RING_PROTOTYPE(eng_command, eng_command)
CK_RING_PROTOTYPE(eng_event, eng_event)

// Concurrency Kit orders its rings by fences in assembly, which ThreadSanitizer does not see: it is
// told here what they guarantee.
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define ACQUIRE(addr) __tsan_acquire(addr)
#define RELEASE(addr) __tsan_release(addr)
#else
#define ACQUIRE(addr) ((void)(addr))
#define RELEASE(addr) ((void)(addr))
#endif

int eng_queue_init(struct eng_queue *queue, unsigned size, size_t entry_size)
{
    queue->entries = malloc(size * entry_size);
    if (!queue->entries)
        return -ENOMEM;
    ck_ring_init(&queue->ring, size);
    return 0;
}

void eng_queue_fini(struct eng_queue *queue)
{
    free(queue->entries);
    queue->entries = NULL;
}

struct eng_command *eng_queue_reserve_command(struct eng_queue *queue)
{
    ACQUIRE(&queue->ring.c_head);
    return ck_ring_enqueue_reserve_spsc_eng_command(&queue->ring, queue->entries);
}

struct eng_event *eng_queue_reserve_event(struct eng_queue *queue)
{
    ACQUIRE(&queue->ring.c_head);
    return ck_ring_enqueue_reserve_spsc_eng_event(&queue->ring, queue->entries);
}

void eng_queue_commit(struct eng_queue *queue)
{
    RELEASE(&queue->ring.p_tail);
    ck_ring_enqueue_commit_spsc(&queue->ring);
}

bool eng_queue_take_command(struct eng_queue *queue, struct eng_command *out)
{
    bool taken;

    if (ck_ring_size(&queue->ring) == 0)
        return false;
    ACQUIRE(&queue->ring.p_tail);
    taken = ck_ring_dequeue_spsc_eng_command(&queue->ring, queue->entries, out);
    RELEASE(&queue->ring.c_head);
    return taken;
}

bool eng_queue_take_event(struct eng_queue *queue, struct eng_event *out)
{
    bool taken;

    if (ck_ring_size(&queue->ring) == 0)
        return false;
    ACQUIRE(&queue->ring.p_tail);
    taken = ck_ring_dequeue_spsc_eng_event(&queue->ring, queue->entries, out);
    RELEASE(&queue->ring.c_head);
    return taken;
}
