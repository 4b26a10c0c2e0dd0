// SPDX-License-Identifier: Apache-2.0
//
// How much one address may ask for: requests that change something, and wrong passwords, each by a
// token bucket. What an address is says visitor_key.h; this machine's own are let through. The
// table is bounded: the address not heard of for the longest time is forgotten for a new one. Time
// is an argument, CLOCK_MONOTONIC nanoseconds. Control thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ctl_visitors;

enum {
    CTL_VISITORS_MAX = 4096,

    // A pause after a page was opened, or all at an address coming at once, in seconds' worth.
    CTL_VISITOR_BURST_S = 10,

    // Somebody who mistypes has this many tries at once, then one each second.
    CTL_VISITOR_FAILURES = 10,
};

// requests_per_second: of one address, 0: no bound. 0 or -ENOMEM.
int ctl_visitors_create(unsigned requests_per_second, struct ctl_visitors **out);
void ctl_visitors_destroy(struct ctl_visitors *visitors);

// addr: as text, "192.0.2.1" or "2001:db8::1"; anything else is let through.
// A request that changes something has come. False: one too many.
bool ctl_visitors_request(struct ctl_visitors *visitors, const char *addr, int64_t now_ns);

// Whether credentials from there are looked at, and that some were wrong.
bool ctl_visitors_may_try(struct ctl_visitors *visitors, const char *addr, int64_t now_ns);
void ctl_visitors_failed(struct ctl_visitors *visitors, const char *addr, int64_t now_ns);

struct ctl_visitors_stats {
    uint64_t requests_refused; // one too many
    uint64_t tries_refused;    // credentials that were not looked at
};

void ctl_visitors_read_stats(const struct ctl_visitors *visitors, struct ctl_visitors_stats *out);
