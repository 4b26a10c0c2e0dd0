// SPDX-License-Identifier: Apache-2.0
//
// Transport addresses as text: "192.0.2.1:8889", ":8889" (the same as 0.0.0.0:8889), "[::1]:8889".
// Plain functions on the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/types.h"

// Bytes, with NUL, of the longest text: an IPv6 address with a dotted tail, brackets and port.
enum {
    CTL_ADDR_TEXT_MAX = INET6_ADDRSTRLEN + 2 + 6
};

// 0 or -EINVAL. Numbers only, no names; ports from 1 to 65535. An IPv4 address mapped into IPv6
// becomes plain IPv4. Scoped IPv6 addresses (%eth0) are not taken.
int ctl_addr_parse(const char *text, struct eng_addr *out);

// Writes address and port, as ctl_addr_parse reads them; returns out.
const char *ctl_addr_format(const struct eng_addr *addr, char out[CTL_ADDR_TEXT_MAX]);

// 0.0.0.0 or ::
bool ctl_addr_is_any(const struct eng_addr *addr);

// Puts an address of this machine that others can reach, with addr's port, in the place of
// 0.0.0.0 or ::, for text that people read; the loopback address where there is no other.
void ctl_addr_make_concrete(struct eng_addr *addr);
