// SPDX-License-Identifier: Apache-2.0
//
// What tells visitors apart: the address, of IPv6 its first 64 bits, as one visitor has all that
// follow. A plain function on the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    CTL_VISITOR_KEY_LEN = 9, // family, and 4 or 8 bytes of address
};

// addr: as eng_addr_from_socket makes it. False: this machine's own (127.0.0.0/8, ::1), which is
// nobody's in particular, as a proxy here speaks for everybody.
bool ctl_visitor_key(const struct eng_addr *addr, uint8_t key[CTL_VISITOR_KEY_LEN]);
