// SPDX-License-Identifier: Apache-2.0
//
// Where bench/limit and bench/isolation send to: a network namespace of this process with one
// device that throws away whatever it is given (ifb), behind a gateway route with a permanent
// neighbour entry. A packet goes all the way through UDP, IP, routing and the queueing discipline,
// and no further. Everything is gone when the process is. Needs root and the `ip` command. Called
// before any thread is made.
#pragma once

#include <stdbool.h>

#include "engine/types.h"

// 0 or -errno; *what names the step that failed.
int limit_sink_open(const char **what);

// Gives each of the first 64 cores a queue of the device's to itself, as large network cards do;
// else all cores meet in each queue, which costs more the more of them send. 0 or -errno.
int limit_sink_spread(void);

// Has the device take trains whole (tx-udp-segmentation), as capable network cards do, or not: then
// the kernel cuts them up in software. 0 or -errno.
int limit_sink_segmentation(bool on);

// Our end, with the given port, and the address of viewer i: each has one of its own.
struct eng_addr limit_sink_local(uint16_t port);
struct eng_addr limit_sink_remote(unsigned i);

// An address to which the kernel refuses to send.
struct eng_addr limit_sink_nowhere(void);
