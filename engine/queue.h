// SPDX-License-Identifier: Apache-2.0
//
// The bounded single-producer, single-consumer queues between the control thread and a worker:
// Concurrency Kit's rings of commands (control -> worker) and events (worker -> control). Entries
// are written and read in place.
#pragma once

#include <ck_ring.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

enum eng_command_type {
    ENG_COMMAND_ADD,
    ENG_COMMAND_MOVE,
    ENG_COMMAND_PAUSE,
    ENG_COMMAND_RESUME,
    ENG_COMMAND_DELIVER, // data: SRTCP for the viewer
    ENG_COMMAND_REMOVE,
    ENG_COMMAND_SEND, // data: a datagram to tuple
};

struct eng_command {
    enum eng_command_type type;
    struct eng_viewer *viewer;
    struct eng_tuple tuple;
    uint16_t len;
    uint8_t data[ENG_DATAGRAM_MAX];
};

struct eng_queue {
    struct ck_ring ring;
    void *entries;
};

// size: a power of two; one entry less fits. 0 or -ENOMEM.
int eng_queue_init(struct eng_queue *queue, unsigned size, size_t entry_size);
void eng_queue_fini(struct eng_queue *queue);

// The producer: an entry to be written in place and then committed; NULL: the queue is full.
struct eng_command *eng_queue_reserve_command(struct eng_queue *queue);
struct eng_event *eng_queue_reserve_event(struct eng_queue *queue);
void eng_queue_commit(struct eng_queue *queue);

// The consumer: copies the oldest entry out. False: the queue is empty.
bool eng_queue_take_command(struct eng_queue *queue, struct eng_command *out);
bool eng_queue_take_event(struct eng_queue *queue, struct eng_event *out);
