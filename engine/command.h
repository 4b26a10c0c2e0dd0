// SPDX-License-Identifier: Apache-2.0
//
// What the control thread asks of a worker. A command is written by the control thread into the
// worker's queue (eng_worker_ask), and carried out by the worker.
#pragma once

#include "engine/engine.h"
#include "engine/queue.h"

enum eng_command_type {
    ENG_COMMAND_ADD, // tuple: the nominated one
    ENG_COMMAND_MOVE,
    ENG_COMMAND_PAUSE,
    ENG_COMMAND_RESUME,
    ENG_COMMAND_HOLD,
    ENG_COMMAND_RELEASE,
    ENG_COMMAND_DELIVER, // data: SRTCP of the viewer, from tuple
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

ENG_QUEUE(eng_command)
ENG_QUEUE(eng_event)

struct eng_worker;

void eng_command_run(struct eng_worker *worker, const struct eng_command *command);
