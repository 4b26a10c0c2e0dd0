// SPDX-License-Identifier: Apache-2.0
#include "rtsp/life.h"

#include <assert.h>

#define NONE RTSP_STATES // cannot happen

// By event and state, as in the header.
static const enum rtsp_state next[RTSP_EVENTS][RTSP_STATES] = {
    // clang-format off
    //                   idle             connecting     live           stalled        waiting
    [RTSP_EVENT_START] = {RTSP_CONNECTING, NONE,         NONE,          NONE,          NONE},
    [RTSP_EVENT_MEDIA] = {NONE,            RTSP_LIVE,    RTSP_LIVE,     RTSP_LIVE,     NONE},
    [RTSP_EVENT_QUIET] = {NONE,            RTSP_STALLED, RTSP_STALLED,  RTSP_STALLED,  NONE},
    [RTSP_EVENT_END]   = {NONE,            RTSP_WAITING, RTSP_WAITING,  RTSP_WAITING,  NONE},
    [RTSP_EVENT_DUE]   = {NONE,            NONE,         NONE,          NONE,          RTSP_CONNECTING},
    [RTSP_EVENT_STOP]  = {NONE,            RTSP_IDLE,    RTSP_IDLE,     RTSP_IDLE,     RTSP_IDLE},
    // clang-format on
};

bool rtsp_life_take(struct rtsp_life *life, enum rtsp_event event, int64_t now_ms)
{
    enum rtsp_state before = life->state;

    life->state = next[event][before];
    assert(life->state != NONE);
    if (event == RTSP_EVENT_MEDIA && !life->was_live) {
        life->was_live = true;
        life->live_since_ms = now_ms;
    }
    if (event == RTSP_EVENT_MEDIA || event == RTSP_EVENT_START)
        rtsp_backoff_reset(&life->backoff);
    if (life->state == RTSP_WAITING || life->state == RTSP_IDLE)
        life->was_live = false;
    return life->state != before;
}

uint32_t rtsp_life_wait_ms(struct rtsp_life *life, enum rtsp_cause cause, int64_t now_ms,
                           uint32_t random)
{
    bool steady = life->was_live && now_ms - life->live_since_ms >= RTSP_STEADY_MS;

    if (cause == RTSP_CAUSE_NO_UDP || (cause == RTSP_CAUSE_CLOSED && steady))
        return 0;
    if (cause == RTSP_CAUSE_AUTH)
        return rtsp_backoff_auth_ms(&life->backoff);
    return rtsp_backoff_next_ms(&life->backoff, random);
}
