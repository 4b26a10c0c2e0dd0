// SPDX-License-Identifier: Apache-2.0
//
// The viewer that misbehaves: the client's half of its keys, a socket of its own that sends real
// datagrams, and a thread. That thread gives the engine's commands too, in place of the control
// thread, so nobody else may while it exists. It is bounded: 20,000 datagrams a second, 100 at
// once; a queue full of commands 200 times a second; 100 viewers that come and 100 that go a
// second. It gives way to whoever else wants its core.
#pragma once

#include "bench/limit_engine.h"

enum isolation_kind {
    ISOLATION_NACKS,     // authentic, for 512 packets each
    ISOLATION_KEYFRAMES, // PLI and REMB, authentic
    ISOLATION_GARBAGE,   // from its 5-tuple: forged SRTCP, RTP, STUN, junk
    ISOLATION_REFUSED,   // it has moved to where the kernel does not send
    ISOLATION_COMMANDS,  // it pauses, moves, resumes, moves back
    ISOLATION_JOINS,     // viewers that come and go
    ISOLATION_KINDS
};

struct isolation_hostile;

// Adds it as the viewer of this number; further ones have the numbers from there on. core: of its
// thread. 0 or -errno.
int isolation_hostile_create(struct limit_engine *engine, enum isolation_kind kind, unsigned viewer,
                             int core, struct isolation_hostile **out);
void isolation_hostile_destroy(struct isolation_hostile *hostile);

// Misbehaves from now on; has behaved again when the call returns.
void isolation_hostile_start(struct isolation_hostile *hostile);
void isolation_hostile_stop(struct isolation_hostile *hostile);

// Datagrams sent, commands given, viewers added.
uint64_t isolation_hostile_done(const struct isolation_hostile *hostile);
