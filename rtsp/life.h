// SPDX-License-Identifier: Apache-2.0
//
// The life of a source: its states, what leads from one to the next, and how long it waits before
// it tries again. A pure state machine in the source's memory; events and the time go in. Ingest
// thread.
//
//     event       idle        connecting  live        stalled     waiting
//     START       connecting
//     MEDIA                   live        live        live
//     QUIET                   stalled     stalled     stalled
//     END                     waiting     waiting     waiting
//     DUE                                                         connecting
//     STOP                    idle        idle        idle        idle
//
// What has no place in the table cannot happen. What ended a session or an attempt decides how long
// the source waits:
//
//     closed, after it was live for a second    not at all: the camera restarts, or wants us back
//     no_udp                                    not at all: TCP is tried instead
//     auth                                      30 s, doubling to 5 min: cameras lock an account
//     anything else                             1 s, doubling to 30 s, with jitter (backoff.h)
//
// so that no camera is asked more than once a second, and the next wait is short again once media
// has come.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/backoff.h"

enum rtsp_state {
    RTSP_IDLE,       // not started, or stopped
    RTSP_CONNECTING, // name lookup, TCP, OPTIONS to PLAY
    RTSP_LIVE,       // media arrives
    RTSP_STALLED,    // connected and playing, but no media for 3 s
    RTSP_WAITING,    // backing off until the next attempt
    RTSP_STATES,
};

const char *rtsp_state_name(enum rtsp_state state); // "idle", "connecting", ...

// Why a session or an attempt ended.
enum rtsp_cause {
    RTSP_CAUSE_REFUSED,     // nobody listens at the camera's port
    RTSP_CAUSE_UNREACHABLE, // no such name, no route, or no answer in time
    RTSP_CAUSE_TLS,         // it does not speak that, or is not who it should be
    RTSP_CAUSE_AUTH,        // 401 or 403
    RTSP_CAUSE_CLOSED,      // by the camera: TCP, TEARDOWN, or BYE and nothing after it
    RTSP_CAUSE_SILENCE,     // no media for 10 s
    RTSP_CAUSE_NO_UDP,      // none by UDP, so TCP is next
    RTSP_CAUSE_PROTOCOL,    // it refuses a request, or what it says makes no sense
    RTSP_CAUSE_CODEC,       // nothing that can be carried
    RTSP_CAUSE_LOCAL,       // this machine: memory, ports
    RTSP_CAUSES,
};

const char *rtsp_cause_name(enum rtsp_cause cause); // "refused", "unreachable", ...

enum rtsp_event {
    RTSP_EVENT_START,
    RTSP_EVENT_MEDIA, // arrived
    RTSP_EVENT_QUIET, // none for 3 s
    RTSP_EVENT_END,   // the attempt or the session is over
    RTSP_EVENT_DUE,   // the wait is
    RTSP_EVENT_STOP,  // over for good
    RTSP_EVENTS,
};

enum {
    RTSP_STEADY_MS = RTSP_BACKOFF_FIRST_MS, // live for so long: a clean end is no failure
};

// All zero: idle.
struct rtsp_life {
    enum rtsp_state state;
    bool was_live;         // in this session
    int64_t live_since_ms; // in this session, if it was
    struct rtsp_backoff backoff;
};

// Takes an event. True: the state has changed. now_ms: of a monotonic clock.
bool rtsp_life_take(struct rtsp_life *life, enum rtsp_event event, int64_t now_ms);

// How long to wait when this has ended the session; before RTSP_EVENT_END. random: any 32 uniformly
// random bits.
uint32_t rtsp_life_wait_ms(struct rtsp_life *life, enum rtsp_cause cause, int64_t now_ms,
                           uint32_t random);
