// SPDX-License-Identifier: Apache-2.0
//
// When a worker naps. With the pictures of many cameras coming at all times, each would wake the
// worker for itself, and waking a core costs as much as sending 30 packets. Where waking is most of
// the work, the worker naps after a turn with news and then takes what has come meanwhile at once.
// A busy worker does not: it would save next to nothing, and every packet would wait.
//
// Worker thread; a plain struct, embedded in the worker; no I/O, the time is an argument.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    // Fewer streams than this have too few pictures for a nap to gather several.
    ENG_NAP_STREAMS = 8,
    // A picture waits no longer than this: a ninth of the time between two at 30 per second.
    ENG_NAP_NS = 4000000,
    // A worker that works more than one part in so many is busy: then waking is an eighth of its
    // work or less.
    ENG_NAP_BUSY = 8,
};

// Running averages, per turn.
struct eng_nap {
    int64_t worked_ns;
    int64_t rested_ns;
};

// A turn took worked_ns, and the wait before it rested_ns.
void eng_nap_note(struct eng_nap *nap, int64_t worked_ns, int64_t rested_ns);

// Is it to nap now, with viewers of so many streams?
bool eng_nap_pays(const struct eng_nap *nap, unsigned streams);
