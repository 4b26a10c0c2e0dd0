// SPDX-License-Identifier: Apache-2.0
//
// The additional hosts of the configuration: addresses as they stand there, and names, which are
// looked up (DNS and /etc/hosts) while the loop runs and again each minute, so that an address that
// changes is followed. Viewers are told addresses only. What a name had when it was last found
// stays where a look-up fails; that is logged once. Control thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

struct event_base;
struct ctl_hosts;

enum {
    CTL_HOSTS_AGAIN_S = 60,
    CTL_HOST_ADDRESSES_MAX = 4, // of one name; the others are left out
};

// names: outlive it. changed: an address has come, gone or changed. 0 or -ENOMEM.
int ctl_hosts_create(struct event_base *base, char *const *names, size_t count, uint16_t port,
                     void (*changed)(void *ctx), void *ctx, struct ctl_hosts **out);

// The addresses known now, with the port, in the order of the names. Returns how many, at most max.
size_t ctl_hosts_get(const struct ctl_hosts *hosts, struct eng_addr *out, size_t max);

// No more look-ups; those under way are given up in the loop's next turn.
void ctl_hosts_stop(struct ctl_hosts *hosts);

// After the loop. NULL does no harm.
void ctl_hosts_destroy(struct ctl_hosts *hosts);
