// SPDX-License-Identifier: Apache-2.0
//
// How a client wants its packets, as SETUP says it (RFC 2326 12.39). Plain functions, any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bench/source_text.h"

enum {
    SOURCE_OFFERS_MAX = 4, // alternatives of one SETUP; more are ignored
};

enum source_transport_kind {
    SOURCE_TRANSPORT_INTERLEAVED, // in the RTSP connection
    SOURCE_TRANSPORT_UDP,         // unicast
    SOURCE_TRANSPORTS,
};

struct source_transport {
    enum source_transport_kind kind;
    // RTP and RTCP: channels of the interleaved framing, -1: the server's choice; or the client's
    // UDP ports.
    int rtp, rtcp;
};

// The alternatives of a Transport header that can be served here, in the client's order. What
// cannot (multicast, SRTP, UDP without ports) is left out. Returns their number.
size_t source_transport_parse(struct source_text value,
                              struct source_transport out[SOURCE_OFFERS_MAX]);

// The first of the alternatives that the server wants to serve, or NULL: 461 (RFC 2326 11.3.14).
const struct source_transport *source_transport_choose(const struct source_transport *offers,
                                                       size_t offer_count,
                                                       const bool served[SOURCE_TRANSPORTS]);
