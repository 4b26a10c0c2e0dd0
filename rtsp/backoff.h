// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt: 1 s, doubled by each failure up to 30 s, each a fifth
// shorter or longer by chance, so that a thousand cameras behind one switch do not come back in
// step. Pure function of its state and the caller's random number; any thread.
#pragma once

#include <stdint.h>

enum {
    RTSP_BACKOFF_FIRST_MS = 1000,
    RTSP_BACKOFF_MAX_MS = 30000,
};

struct rtsp_backoff {
    uint32_t last_ms; // without its jitter; 0: no failure yet
};

// After a success.
void rtsp_backoff_reset(struct rtsp_backoff *backoff);

// After a failure: milliseconds to wait. random: any 32 uniformly random bits.
uint32_t rtsp_backoff_next_ms(struct rtsp_backoff *backoff, uint32_t random);
