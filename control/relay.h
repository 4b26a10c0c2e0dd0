// SPDX-License-Identifier: Apache-2.0
//
// ICE-TCP for viewers whose network has no UDP (RFC 6544, passive candidates): takes TCP
// connections at the media port's number and carries their datagrams (RFC 4571: two bytes of length
// before each) to the media port and back, by a UDP socket on loopback for each connection. For the
// engine, ICE and DTLS such a viewer is one at that socket's address; nothing is looked at, so
// nothing is trusted here. Control thread, at some 5 us a packet: for the few who have no other
// way.
//
// Of a connection that takes data more slowly than it comes the server hears once CTL_RELAY_BACKLOG
// bytes wait, and again when CTL_RELAY_DRAINED are left: in between the viewer gets no video, and
// then a keyframe, in place of pictures with holes. What comes meanwhile, sound most of all, has
// room up to CTL_RELAY_BACKLOG_MAX; beyond that datagrams are lost. A connection from which nothing
// has come for CTL_RELAY_SILENCE_S is closed, as is one that breaks the framing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/types.h"

struct event_base;
struct ctl_relay;

enum {
    CTL_RELAY_CONNECTIONS_MAX = 1024, // further ones are closed at once
    CTL_RELAY_BACKLOG = 393216,       // a long keyframe, 1.5 s of 2 Mbit/s
    CTL_RELAY_BACKLOG_MAX = 524288,   // with what was on its way
    CTL_RELAY_DRAINED = 32768,        // so little delay is left
    CTL_RELAY_SILENCE_S = 60,         // libnice is heard of each 25 s
};

// listen: the media port. 0 or -errno: of listening, or -ENOMEM.
int ctl_relay_create(struct event_base *base, const struct eng_addr *listen,
                     struct ctl_relay **out);

// Closes all connections. NULL does no harm.
void ctl_relay_destroy(struct ctl_relay *relay);

// relay NULL: there are none. Whose datagrams those of this UDP address are: the viewer's end of
// its TCP connection. False: of none of ours.
bool ctl_relay_find(const struct ctl_relay *relay, const struct eng_addr *udp,
                    struct eng_addr *client);

// Tells of each connection that becomes crowded, or no longer is, by the UDP address of its
// datagrams. False: not now; it is told again.
void ctl_relay_watch(struct ctl_relay *relay,
                     bool (*on_crowded)(void *ctx, const struct eng_addr *udp, bool crowded),
                     void *ctx);

struct ctl_relay_stats {
    unsigned connections; // now
    uint64_t refused;     // connections beyond CTL_RELAY_CONNECTIONS_MAX
    uint64_t dropped;     // datagrams that a slow connection had no room for
};

// relay NULL: all zero.
void ctl_relay_read_stats(const struct ctl_relay *relay, struct ctl_relay_stats *out);
