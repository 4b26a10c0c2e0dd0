// SPDX-License-Identifier: Apache-2.0
//
// How a viewer joins: socket and offer, the answer, connectivity checks, DTLS. Part of
// viewers_viewer.c's state machine, which alone calls it; the viewer's thread.
#pragma once

#include "bench/viewers_viewer.h"

// IDLE: opens the socket, sends the offer.
void viewers_join_begin(struct viewers_viewer *v);

// CHECKING and later: a STUN or a DTLS datagram.
void viewers_join_stun(struct viewers_viewer *v, const struct viewers_datagram *datagram);
void viewers_join_dtls(struct viewers_viewer *v, const uint8_t *data, size_t len);

// Repeats what is due, and gives up what has taken too long.
void viewers_join_tick(struct viewers_viewer *v);

// When that is due; INT64_MAX: never.
int64_t viewers_join_next_ns(const struct viewers_viewer *v);
