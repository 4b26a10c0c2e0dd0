// SPDX-License-Identifier: Apache-2.0
#include "rtsp/backoff.h"

void rtsp_backoff_reset(struct rtsp_backoff *backoff)
{
    backoff->last_ms = 0;
}

uint32_t rtsp_backoff_next_ms(struct rtsp_backoff *backoff, uint32_t random)
{
    uint32_t ms = backoff->last_ms == 0 ? RTSP_BACKOFF_FIRST_MS : backoff->last_ms * 2;

    if (ms > RTSP_BACKOFF_MAX_MS)
        ms = RTSP_BACKOFF_MAX_MS;
    backoff->last_ms = ms;
    return ms - ms / 5 + random % (ms / 5 * 2 + 1);
}
