// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt: 1 s, doubled by each failure up to 30 s, each a fifth
// shorter or longer by chance, so that a thousand cameras behind one switch do not come back in
// step. Where the camera refused who we are, 30 s, doubled up to 5 minutes, and no chance in it: a
// camera that counts such failures shall not lock the account, and people are told the time. Pure
// functions of their state and the caller's random number; any thread.
#pragma once

#include <stdint.h>

enum {
    RTSP_BACKOFF_FIRST_MS = 1000,
    RTSP_BACKOFF_MAX_MS = 30000,
    RTSP_BACKOFF_AUTH_FIRST_MS = 30000,
    RTSP_BACKOFF_AUTH_MAX_MS = 300000,
};

struct rtsp_backoff {
    uint32_t last_ms;      // without its jitter; 0: no failure yet
    uint32_t last_auth_ms; // the same of failures that may lock an account
};

// After a success.
void rtsp_backoff_reset(struct rtsp_backoff *backoff);

// After a failure: milliseconds to wait. random: any 32 uniformly random bits.
uint32_t rtsp_backoff_next_ms(struct rtsp_backoff *backoff, uint32_t random);

// After one that may lock an account.
uint32_t rtsp_backoff_auth_ms(struct rtsp_backoff *backoff);
