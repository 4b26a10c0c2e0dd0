// SPDX-License-Identifier: Apache-2.0
//
// When a viewer asks for which packet again (RFC 4585 6.2.1), as browsers do it: soon after a gap
// was seen, since it may be mere reordering, then once per round trip or so, at most ten times.
// Plain functions on the caller's memory, no clock; any one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIEWERS_NACK_MAX = 64, // packets waited for; what is missing beyond that is not asked for
    VIEWERS_NACK_TRIES_MAX = 10,
};

#define VIEWERS_NACK_FIRST_NS  INT64_C(10000000) // from the gap to the first request
#define VIEWERS_NACK_REPEAT_NS INT64_C(50000000) // the least between two requests

// Zeroed: nothing missing.
struct viewers_nack {
    size_t count;
    struct {
        uint16_t seq;
        uint8_t tries; // requests so far
        int64_t due_ns;
    } entry[VIEWERS_NACK_MAX];
};

// Packets first to first + count - 1 are missing. Returns how many found no room.
uint32_t viewers_nack_add(struct viewers_nack *nack, uint16_t first, uint32_t count,
                          int64_t now_ns);

// A packet that was missing has come. True: it had been asked for.
bool viewers_nack_remove(struct viewers_nack *nack, uint16_t seq);

// Writes the numbers to be asked for now to out and returns how many. *given_up: those that were
// dropped because all their requests had been in vain.
size_t viewers_nack_due(struct viewers_nack *nack, int64_t now_ns, int64_t rtt_ns,
                        uint16_t out[VIEWERS_NACK_MAX], unsigned *given_up);

// INT64_MAX: nothing is missing.
int64_t viewers_nack_next_ns(const struct viewers_nack *nack);
