// SPDX-License-Identifier: Apache-2.0
//
// Which way to the kernel is cheaper here: that depends on kernel, processor and hypervisor, so it
// is measured, at start, by sending a few thousand messages over loopback to a socket that nobody
// reads. Control thread, before there are workers; takes some 10 ms, keeps nothing.
#pragma once

#include "engine/engine.h"
#include "engine/io.h"

// The cheaper one; io_uring, which needs fewer system calls for waiting, when they cost about the
// same or could not be measured (costs all zero): io_uring not allowed, loopback down.
const struct eng_io_ops *eng_io_choose(struct eng_tx_costs *costs);
