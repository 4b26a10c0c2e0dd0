// SPDX-License-Identifier: Apache-2.0
//
// A worker's doorbell: which streams have news, and how to wake the worker. Anybody may ring; only
// the worker rests on it. An awake worker costs no system call.
//
// A worker rests in one of two ways. Asleep, anything wakes it. Napping, only commands do: it has
// just sent something, and will look by itself in a moment, at the news of many streams at once.
//
// Ringing and going to rest race like this: the ringer sets its bit and then takes `rest`; the
// worker sets `rest` and then looks for bits. All four are sequentially consistent, so one of the
// two sees the other.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/limits.h"

enum {
    ENG_BELL_WORDS = ENG_STREAMS_MAX / 64
};

enum eng_bell_rest {
    ENG_BELL_AWAKE,
    ENG_BELL_NAPPING,
    ENG_BELL_ASLEEP
};

struct eng_bell {
    _Alignas(64) _Atomic int rest; // enum eng_bell_rest
    _Atomic bool called;           // there are commands
    _Atomic uint64_t news[ENG_BELL_WORDS];
    int fd; // eventfd, readable once rung
};

int eng_bell_init(struct eng_bell *bell);
void eng_bell_fini(struct eng_bell *bell);

// Any thread: a stream has news; a command was queued.
void eng_bell_ring_stream(struct eng_bell *bell, unsigned slot);
void eng_bell_call(struct eng_bell *bell);

// The worker: announces rest. False: there is something to do, do not rest. After true, either wait
// on fd or call eng_bell_wake.
bool eng_bell_sleep(struct eng_bell *bell);
bool eng_bell_nap(struct eng_bell *bell);
void eng_bell_wake(struct eng_bell *bell);
