// SPDX-License-Identifier: Apache-2.0
#include "rtsp/backoff.h"

void rtsp_backoff_reset(struct rtsp_backoff *backoff)
{
    *backoff = (struct rtsp_backoff){0};
}

static uint32_t double_ms(uint32_t *last_ms, uint32_t first_ms, uint32_t max_ms)
{
    uint32_t ms = *last_ms == 0 ? first_ms : *last_ms * 2;

    *last_ms = ms < max_ms ? ms : max_ms;
    return *last_ms;
}

uint32_t rtsp_backoff_next_ms(struct rtsp_backoff *backoff, uint32_t random)
{
    uint32_t ms = double_ms(&backoff->last_ms, RTSP_BACKOFF_FIRST_MS, RTSP_BACKOFF_MAX_MS);

    return ms - ms / 5 + random % (ms / 5 * 2 + 1);
}

uint32_t rtsp_backoff_auth_ms(struct rtsp_backoff *backoff)
{
    return double_ms(&backoff->last_auth_ms, RTSP_BACKOFF_AUTH_FIRST_MS, RTSP_BACKOFF_AUTH_MAX_MS);
}
