// SPDX-License-Identifier: Apache-2.0
//
// Gives freed memory back to the kernel. A handshake takes 60 KB for a moment, and glibc keeps what
// lies below anything that stays: after a rush of viewers as much again as they need. Control
// thread.
#pragma once

struct event_base;
struct ctl_trim;

enum {
    // One look at the heap takes some 8 ms where 5,000 viewers have come.
    CTL_TRIM_EVERY_MS = 10000,
};

// every_ms: the least time between two looks. 0 or -ENOMEM.
int ctl_trim_create(struct event_base *base, unsigned every_ms, struct ctl_trim **out);
void ctl_trim_destroy(struct ctl_trim *trim); // NULL does no harm

// Much was freed: look at the heap in every_ms, if that is not intended yet.
void ctl_trim_want(struct ctl_trim *trim);
