// SPDX-License-Identifier: Apache-2.0
//
// The media sockets: one per worker on the same address, a SO_REUSEPORT group (socket(7)), so that
// the kernel spreads 5-tuples over the workers. Control thread.
#pragma once

#include "engine/types.h"

// Opens `count` sockets on *addr; a port of 0 is replaced by the one that the kernel chose. On
// error none is left open. -EADDRINUSE also when the port belongs to a group of another process.
int eng_socket_open_group(struct eng_addr *addr, int *sockets, unsigned count);
