// SPDX-License-Identifier: Apache-2.0
//
// One viewer, from its POST to its DELETE. Belongs to one thread, whose event loop and clock it
// lives by; memory is the caller's.
//
//     IDLE -> POSTING -> CHECKING -> HANDSHAKE -> WATCHING -> LEAVING -> GONE
//                `----------`-----------`------------^ ----------^
//
//     IDLE -> POSTING         begun: the socket is open, the offer on its way
//     POSTING -> CHECKING     201 and an answer
//     CHECKING -> HANDSHAKE   a candidate is nominated: the socket is connected to it
//     HANDSHAKE -> WATCHING   keys
//     any -> LEAVING          failed, ended by the server, or told to leave: DELETE is on its way
//     any -> GONE             likewise, where there is nothing to delete; or DELETE was answered
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_causes.h"
#include "bench/viewers_counters.h"
#include "bench/viewers_dtls.h"
#include "bench/viewers_http.h"
#include "bench/viewers_ice.h"
#include "bench/viewers_media.h"
#include "bench/viewers_options.h"
#include "bench/viewers_socket.h"

struct event;
struct event_base;

enum viewers_state {
    VIEWERS_IDLE,
    VIEWERS_POSTING,
    VIEWERS_CHECKING,
    VIEWERS_HANDSHAKE,
    VIEWERS_WATCHING,
    VIEWERS_LEAVING,
    VIEWERS_GONE,
};

// The parts of a join. KEYFRAME stays empty where the answer has no video.
enum viewers_phase {
    VIEWERS_PHASE_POST,
    VIEWERS_PHASE_ICE,
    VIEWERS_PHASE_DTLS,
    VIEWERS_PHASE_PACKET,       // from the keys to the first packet
    VIEWERS_PHASE_KEYFRAME,     // from there to the first keyframe
    VIEWERS_PHASE_UNTIL_PACKET, // from the beginning to the first packet
    VIEWERS_PHASE_ALL,
    VIEWERS_PHASES,
};

#define VIEWERS_PATIENCE_NS INT64_C(10000000000) // for each part of a join
#define VIEWERS_SILENCE_NS  INT64_C(2000000000)  // without a packet: the viewer is silent

enum {
    VIEWERS_FAREWELL_MAX = 64 // bytes of a close_notify
};

// What the viewers of one thread share.
struct viewers_common {
    const struct viewers_options *options;
    struct event_base *base;
    struct viewers_dtls_context *dtls;
    struct viewers_receiver *receiver;
    struct viewers_counters counters;
    struct viewers_histogram latency;
    struct viewers_causes causes;
    struct viewers_media_env env;
    int64_t now_ns;   // of this turn of the loop
    uint64_t random;  // state of --loss
    unsigned leaving; // viewers in LEAVING
};

struct viewers_viewer {
    struct viewers_common *common;
    unsigned index;  // among all of the process
    int64_t *due_ns; // when the next tick is wanted
    enum viewers_state state;
    bool joined, ended;
    bool unwatched; // takes no media; joined with its keys
    bool watched;   // to the end of the measured time
    const struct viewers_url *url;
    struct viewers_url *session; // for DELETE; NULL: none
    struct eng_addr local;       // port 0
    int fd;                      // -1: closed
    struct event *readable;
    struct viewers_http *http;
    struct viewers_answer *answer; // while CHECKING
    struct viewers_ice ice;
    struct viewers_dtls *dtls;
    struct viewers_media media;
    uint32_t drops; // of the socket, as far as counted
    int64_t entered_ns, began_ns, deadline_ns;
    int64_t forget_ns;                // when a DTLS server may forget its last flight
    int64_t phase_ns[VIEWERS_PHASES]; // -1: not reached
    enum eng_srtp_profile profile;
    uint8_t farewell_len, farewell[VIEWERS_FAREWELL_MAX];
};

void viewers_viewer_init(struct viewers_viewer *v, struct viewers_common *common, unsigned index,
                         int64_t *due_ns);
void viewers_viewer_fini(struct viewers_viewer *v);

// At the common's now_ns.
void viewers_viewer_begin(struct viewers_viewer *v);
void viewers_viewer_tick(struct viewers_viewer *v);

// Ends it at the server, too. Nothing happens where it has been left already.
void viewers_viewer_leave(struct viewers_viewer *v);

// For viewers_join.c. enter is the only place where the state changes. fail ends the viewer, with
// the reason for the report.
void viewers_viewer_enter(struct viewers_viewer *v, enum viewers_state state);
__attribute__((format(printf, 2, 3))) void viewers_viewer_fail(struct viewers_viewer *v,
                                                               const char *format, ...);
int viewers_viewer_request(struct viewers_viewer *v, const char *method,
                           const struct viewers_url *url, const char *body, size_t body_len,
                           viewers_http_done done);
void viewers_viewer_join(struct viewers_viewer *v);          // all that it waits for is there
void viewers_viewer_readable(int fd, short what, void *ctx); // an event's callback

// Joined, and without a packet for longer than VIEWERS_SILENCE_NS.
bool viewers_viewer_silent(const struct viewers_viewer *v);

// The measured time, see viewers_media.h.
void viewers_viewer_begin_measuring(struct viewers_viewer *v);
void viewers_viewer_end_measuring(struct viewers_viewer *v);

// Adds what its socket has dropped to the counters.
void viewers_viewer_count_drops(struct viewers_viewer *v);
