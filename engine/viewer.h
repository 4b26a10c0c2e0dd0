// SPDX-License-Identifier: Apache-2.0
//
// A viewer as its worker sees it: keys, an address, a place in each ring, and a view on each track.
// Made by the control thread (viewer.c), handed to its worker by a command, the worker's alone
// until ENG_EVENT_VIEWER_GONE, freed by the control thread. Only `stats` is read by both at once.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "engine/allowance.h"
#include "engine/breaker.h"
#include "engine/engine.h"
#include "engine/path.h"
#include "engine/rewrite.h"
#include "engine/srtp.h"
#include "engine/stream.h"
#include "engine/wheel.h"

// A track's state is one of: off; waiting for a keyframe at or after `next`, or after `wait_from`
// (video only); running, `next` being the packet to send.
struct eng_viewer_place {
    bool on;
    bool waiting;
    uint64_t wait_from; // a keyframe with this index or a higher one ends the wait
    uint64_t next;
    struct eng_rewrite rewrite;
    struct eng_rtx rtx;
};

// A packet that was resent. The time wraps after 65 s: a repetition of the same sequence number at
// the same instant of a later minute would go unanswered once.
struct eng_resent {
    uint16_t seq;
    uint16_t at_ms;
};

// Written by the worker, read by the control thread: relaxed atomics, each on its own.
struct eng_viewer_figures {
    _Atomic int64_t last_rtcp_ns, first_packet_ns, first_keyframe_ns;
    _Atomic uint64_t packets, bytes, dropped, resent, nacked, plis, remb_bps, estimate_bps;
    _Atomic uint32_t lost, loss_q8, rtt_us, jitter, rests, queue_us;
    _Atomic bool resting;
};

struct eng_viewer {
    struct eng_srtp srtp;
    struct eng_worker *worker;
    struct eng_stream *stream;
    void *owner;
    struct eng_tuple tuple;
    struct eng_viewer_place place[ENG_TRACKS];

    TAILQ_ENTRY(eng_viewer) link; // the worker's viewers of one stream, or those that leave
    struct eng_viewer *run_next;  // the worker's run queue
    bool queued;
    struct eng_timer pace;   // the rest of a frame, or of a backlog
    bool pacing;             // there is such a rest
    uint8_t phase;           // random: when it begins a long frame, among the stream's viewers
    struct eng_timer report; // RTCP, each second

    bool unsegmented; // one packet per message: the kernel has refused to segment
    bool paused;
    bool held;              // video is, see eng_viewer_hold
    bool removed;           // by command; gone once nothing is in flight
    bool bye_due, gone_due; // events that wait for room
    struct eng_viewer *due_next;
    bool due;              // is on the worker's list of viewers with events
    unsigned in_flight;    // sends that the kernel has
    int32_t resend_credit; // in percent of a packet, see repair.h
    struct eng_resent resent[ENG_RESENT_MAX];
    int64_t restart_ns; // last restart that the viewer asked for
    struct eng_breaker breaker;
    struct eng_path *path;         // NULL: its packets have no numbers for transport-cc
    struct eng_allowance feedback; // its SRTCP, see receive.c
    struct eng_allowance checks;   // its STUN and DTLS
    int64_t forged_ns;             // the turn in which SRTCP from its 5-tuple was not authentic
    unsigned forged;               // and how often
    char cname[32];
    struct eng_viewer_figures stats;
};

TAILQ_HEAD(eng_viewer_list, eng_viewer);

// Control thread, once the worker has let go.
void eng_viewer_free(struct eng_viewer *viewer);

// Video is not to be sent, neither new nor again.
static inline bool eng_viewer_rests(const struct eng_viewer *viewer)
{
    return viewer->held || viewer->breaker.open;
}

static inline void eng_viewer_add_to(_Atomic uint64_t *figure, uint64_t n)
{
    uint64_t value = atomic_load_explicit(figure, memory_order_relaxed);

    atomic_store_explicit(figure, value + n, memory_order_relaxed);
}
