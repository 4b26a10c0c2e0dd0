// SPDX-License-Identifier: Apache-2.0
//
// ICE-TCP for viewers whose network has no UDP (RFC 6544, passive candidates): takes TCP
// connections at the media port's number and carries their datagrams (RFC 4571: two bytes of length
// before each) to the media port and back, by a UDP socket on loopback for each connection. For the
// engine, ICE and DTLS such a viewer is one at that socket's address; nothing is looked at, so
// nothing is trusted here. Control thread, at some 10 us a packet: for the few who have no other
// way.
//
// Of a connection that takes data more slowly than it comes the server hears once CTL_RELAY_BACKLOG
// bytes wait, and again when CTL_RELAY_DRAINED are left: in between the viewer gets no video, and
// then a keyframe, in place of pictures with holes. What comes meanwhile, sound most of all, has
// room up to CTL_RELAY_BACKLOG_MAX; beyond that datagrams are lost.
//
// A connection is closed when nothing has come for CTL_RELAY_SILENCE_S, when it breaks the framing,
// and when it is CTL_RELAY_PROOF_S old and no viewer's: by it no authenticated check has come, or
// the viewer has left.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/types.h"

struct event_base;
struct ctl_relay;

enum {
    CTL_RELAY_CONNECTIONS_MAX = 1024, // further ones are closed at once
    CTL_RELAY_OF_VISITOR_MAX = 256,   // so are these; a house without UDP may have one address
    CTL_RELAY_BACKLOG = 393216,       // a long keyframe, 1.5 s of 2 Mbit/s
    CTL_RELAY_BACKLOG_MAX = 524288,   // with what was on its way
    CTL_RELAY_DRAINED = 32768,        // so little delay is left
    CTL_RELAY_SILENCE_S = 60,         // libnice is heard of each 25 s
    CTL_RELAY_PROOF_S = 15,           // as long as a handshake may take
    CTL_RELAY_SWEEP_S = 5,            // how often that is looked at

    // Datagrams that one connection may bring: per second, as the engine reads no more of a
    // viewer's feedback (ENG_FEEDBACK_RATE), and at once, after a pause. One that brings more is
    // closed: two bytes of TCP can be a datagram, and each costs this thread a system call.
    CTL_RELAY_RATE = 200,
    CTL_RELAY_BURST = 256,
};

// Who knows the viewers: a connection is named by the 5-tuple that its datagrams have.
struct ctl_relay_viewers {
    // The 5-tuple is a viewer's, by an authenticated check.
    bool (*know)(void *ctx, const struct eng_tuple *tuple);
    // It is crowded, or no longer. False: not now; it is told again.
    bool (*hold)(void *ctx, const struct eng_tuple *tuple, bool crowded);
    void *ctx;
};

// listen: the media port. viewers is copied, and not asked before the loop runs. 0 or -errno: of
// listening, or -ENOMEM.
int ctl_relay_create(struct event_base *base, const struct eng_addr *listen,
                     const struct ctl_relay_viewers *viewers, struct ctl_relay **out);

// Closes all connections. NULL does no harm.
void ctl_relay_destroy(struct ctl_relay *relay);

// relay NULL: there are none. Whose datagrams those of this UDP address are: the viewer's end of
// its TCP connection. False: of none of ours.
bool ctl_relay_find(const struct ctl_relay *relay, const struct eng_addr *udp,
                    struct eng_addr *client);

// Closes the connections that are old enough and no viewer's; the relay does so itself. now_ns:
// CLOCK_MONOTONIC.
void ctl_relay_sweep(struct ctl_relay *relay, int64_t now_ns);

struct ctl_relay_stats {
    unsigned connections; // now
    uint64_t refused;     // connections beyond one of the two bounds
    uint64_t strangers;   // connections closed as they were no viewer's
    uint64_t floods;      // connections closed as they brought too many datagrams
    uint64_t dropped;     // datagrams that a slow connection had no room for
};

// relay NULL: all zero.
void ctl_relay_read_stats(const struct ctl_relay *relay, struct ctl_relay_stats *out);
