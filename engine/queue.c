// SPDX-License-Identifier: Apache-2.0
#include "engine/queue.h"

#include <errno.h>
#include <stdlib.h>

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
