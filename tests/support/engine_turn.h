// SPDX-License-Identifier: Apache-2.0
//
// How tests of an engine on loopback wait for one of its workers. Included after cmocka.
#pragma once

#include <poll.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/support/oracle.h"

enum {
    TURN_PATIENCE_MS = 30000, // a machine with much to do is slow, or stands still
};

// When this datagram comes, the worker has carried out all commands before it, and had a turn
// since: what it had received or published to it is seen to, and what it had sent is counted.
static inline void wait_for_turn(struct eng_engine *engine, unsigned worker)
{
    struct eng_tuple side = {.local = loopback_addr(eng_engine_port(engine))};
    int fd = loopback_socket(&side.remote);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(eng_engine_send(engine, worker, &side, "done", 4), 0);
    assert_int_equal(poll(&p, 1, TURN_PATIENCE_MS), 1);
    close(fd);
}
