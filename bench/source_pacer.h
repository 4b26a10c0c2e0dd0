// SPDX-License-Identifier: Apache-2.0
//
// What one client is sent over UDP, spread over time as bench/pace.h says. Event loop's thread
// only. Embedded by its owner. Nothing piles up here: what comes in leaves within milliseconds,
// whether the client reads it or not.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/source_udp.h"

struct event;
struct event_base;
struct evbuffer;

struct source_pacer {
    struct source_udp *udp; // the owner's
    struct source_udp_peer peer;
    struct evbuffer *pending;
    size_t waiting; // packets in pending
    struct event *timer;
};

// The peer's addresses are set before the first send.
int source_pacer_init(struct source_pacer *pacer, struct event_base *base, struct source_udp *udp);
void source_pacer_fini(struct source_pacer *pacer); // what waits is lost

// Whole packets in interleaved framing, in order.
void source_pacer_send(struct source_pacer *pacer, const uint8_t *data, size_t len);
