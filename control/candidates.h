// SPDX-License-Identifier: Apache-2.0
//
// The host candidates for our answers (RFC 8445 5.1.1.1): where viewers may find the media port,
// best first. Control thread.
//
// Order: the configured additional hosts (whoever names them knows what viewers reach), then this
// machine's addresses, IPv4 before IPv6, loopback last. Loopback counts only when it is all there
// is, or for a viewer whose request came in by loopback: elsewhere it would name another machine.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config.h"
#include "webrtc/sdp.h"

struct event_base;
struct ifaddrs;

struct ctl_candidates {
    struct eng_addr listen;                         // with the media port
    struct eng_addr extra[WRTC_CANDIDATES_MAX / 2]; // the additional hosts
    size_t extra_count;
    struct eng_addr addr[WRTC_CANDIDATES_MAX];
    size_t count;
    size_t loopbacks;            // of those, at the end of addr
    int64_t read_ns;             // when all this was read, 0: never, or something has changed
    struct ctl_hosts *hosts;     // whose addresses are extra
    struct ctl_netlink *netlink; // NULL: nobody says when the interfaces change
};

// config outlives it. 0 or -ENOMEM.
int ctl_candidates_init(struct ctl_candidates *candidates, struct event_base *base,
                        const struct ctl_config *config, uint16_t port);

// No more look-ups of hosts; the loop has to turn once more.
void ctl_candidates_stop(struct ctl_candidates *candidates);
void ctl_candidates_fini(struct ctl_candidates *candidates); // zeroed ones too

// What to offer now: writes addresses to out and returns how many, 0 when there is none at all.
// Interfaces are read again when they have changed; where the kernel does not say so, when they
// were last read more than 5 s ago.
size_t ctl_candidates_get(struct ctl_candidates *candidates, bool with_loopback, int64_t now_ns,
                          struct eng_addr out[WRTC_CANDIDATES_MAX]);

// Fills addr, count and loopbacks from a list of interface addresses; for ctl_candidates_get and
// for tests.
void ctl_candidates_read(struct ctl_candidates *candidates, const struct ifaddrs *list);
