// SPDX-License-Identifier: Apache-2.0
//
// What /api/viewers tells of each viewer, as JSON (docs/viewers.md). Control thread.
#pragma once

#include "control/relay.h"
#include "control/sessions.h"

enum {
    // Viewers in one answer: 10,000 of them would hold up the loop for 100 ms.
    CTL_VIEWERS_PAGE = 500,
};

// relay: NULL where there is none. page counts from 0; one behind the last has no viewers.
// NUL-terminated, the caller's to free; NULL: out of memory.
char *ctl_viewers_json(const struct ctl_sessions *sessions, const struct ctl_relay *relay,
                       unsigned page);
