// SPDX-License-Identifier: Apache-2.0
//
// A worker's doorbell: which streams have news, and how to wake the worker. Anybody may ring; only
// the worker sleeps on it. An awake worker costs no system call.
//
// Ringing and going to sleep race like this: the ringer sets its bit and then takes `asleep`; the
// worker sets `asleep` and then looks for bits. All four are sequentially consistent, so one of the
// two sees the other.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/limits.h"

enum {
    ENG_BELL_WORDS = ENG_STREAMS_MAX / 64
};

struct eng_bell {
    _Alignas(64) _Atomic bool asleep;
    _Atomic bool called; // there are commands
    _Atomic uint64_t news[ENG_BELL_WORDS];
    int fd; // eventfd, readable once rung
};

int eng_bell_init(struct eng_bell *bell);
void eng_bell_fini(struct eng_bell *bell);

// Any thread: a stream has news; a command was queued.
void eng_bell_ring_stream(struct eng_bell *bell, unsigned slot);
void eng_bell_call(struct eng_bell *bell);

// The worker: announces sleep. False: there is news, do not sleep. After true, either sleep on fd
// or call eng_bell_wake.
bool eng_bell_sleep(struct eng_bell *bell);
void eng_bell_wake(struct eng_bell *bell);
