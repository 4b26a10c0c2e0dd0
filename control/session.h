// SPDX-License-Identifier: Apache-2.0
//
// What sessions.c (the table and offers), session.c (the life of one), restart.c (new ICE
// credentials), demux.c (datagrams to sessions) and session_info.c (what is told of one) share.
// Nobody else includes it. Control thread.
#pragma once

#include <sys/queue.h>

#include "control/bucket.h"
#include "control/budget.h"
#include "control/candidates.h"
#include "control/sessions.h"
#include "control/table.h"
#include "control/trim.h"

struct event;

// The life of a session; set_state() in session.c is the only place where it changes.
//
//     JOINING -> LIVE       keys are out, the engine has the viewer
//     JOINING -> freed      handshake failed or too late, DELETE, shutdown
//     LIVE    -> LEAVING    BYE, close_notify, DELETE, shutdown, no consent, its permission is
//                           over, the source is lost or has other codecs
//     LEAVING -> freed      the engine has let go of the viewer
//
// A session that is leaving is in no table: for everybody but the engine it is gone.
enum ctl_session_state {
    CTL_SESSION_JOINING,
    CTL_SESSION_LIVE,
    CTL_SESSION_LEAVING,
};

enum ctl_session_end {
    CTL_END_FAILED, // whatever ends a session that has not been live
    CTL_END_VIEWER,
    CTL_END_TIMEOUT,
    CTL_END_EXPIRED, // its permission
    CTL_END_SOURCE,
    CTL_END_SERVER,
};

// A 5-tuple that passed a check in this session.
struct ctl_session_tuple {
    struct ctl_table_node node;
    struct ctl_session *session; // NULL: this entry is free
    struct eng_tuple tuple;
};

// A ufrag of ours that a check may name: of the answer, or of an ICE restart.
struct ctl_session_ufrag {
    struct ctl_table_node node;
    struct ctl_session *session; // NULL: this entry is free
    char text[WRTC_LOCAL_UFRAG_LEN + 1];
};

struct ctl_session {
    struct ctl_sessions *all;
    LIST_ENTRY(ctl_session) link;
    TAILQ_ENTRY(ctl_session) by_age; // while it is unproven
    struct ctl_table_node by_id;
    struct ctl_session_ufrag ufrag[2]; // one is of a restart that was not used yet, or of the past
    struct ctl_session_tuple tuple[WRTC_PEER_TUPLES_MAX];
    enum ctl_session_state state;
    struct ctl_stream *stream;
    struct wrtc_peer *peer;    // NULL while leaving
    struct eng_viewer *viewer; // NULL while joining
    struct eng_viewer_track track[ENG_TRACKS];
    enum rtsp_codec codec[ENG_TRACKS]; // of the tracks that are on
    struct eng_tuple media;            // where media goes
    bool move_due;                     // the engine has yet to be told of media
    bool paused;                       // for want of consent
    unsigned pauses;                   // how often
    enum eng_srtp_profile profile;     // NONE while joining
    bool removed;                      // the engine has taken the order to remove
    struct event *timer;
    int64_t armed_ns;       // when the timer fires, INT64_MAX: never
    int64_t came_ns;        // the offer
    int64_t started_ns;     // its answer
    int64_t checked_ns;     // the first connectivity check that passed, 0: not yet
    int64_t live_ns;        // the end of the handshake, 0: not yet
    int64_t consent_due_ns; // when to look at consent next
    int64_t until_ns;       // when its permission ends, INT64_MAX: never
    char id[CTL_SESSION_ID_LEN + 1];
    char etag[CTL_ETAG_MAX];
    char cname[25]; // 96 random bits (RFC 7022 5)
    char user_agent[CTL_USER_AGENT_MAX];
};

struct ctl_sessions {
    const struct ctl_config *config;
    struct event_base *base;
    struct eng_engine *engine;
    struct event *engine_event;
    struct event *budget_event;
    struct ctl_budget budget;
    struct wrtc_dtls_context *dtls;
    struct event *renewal; // of its certificate
    struct ctl_candidates candidates;
    struct ctl_trim *trim;
    struct ctl_bucket refusals;
    struct ctl_table by_id;
    struct ctl_table by_ufrag;
    struct ctl_table by_tuple;
    LIST_HEAD(, ctl_session) list;      // all, leaving ones included
    TAILQ_HEAD(, ctl_session) unproven; // no check has passed yet; the oldest first
    bool tcp;                           // is offered
    unsigned max;
    unsigned joining;
    struct ctl_sessions_stats stats;
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
    // Scratch: too large for the stack.
    struct wrtc_offer offer;
    struct eng_event event;
    struct wrtc_action action;
};

// ---- session.c ----

// A session for an offer that was accepted, in no table yet. remote: the viewer's end, from
// its offer; the local ufrag and password are ours, for the answer.
int ctl_session_create(struct ctl_sessions *all, struct ctl_stream *stream,
                       const struct wrtc_transport *remote, const char *local_ufrag,
                       const char *local_pwd, int64_t now_ns, struct ctl_session **out);

// A new state of the session, as HTTP sees it.
void ctl_session_renew_etag(struct ctl_session *session);

// Frees it: of one that is joining and was never inserted, or that the engine has let go of.
void ctl_session_free(struct ctl_session *session);

// Starts the deadlines.
void ctl_session_begin(struct ctl_session *session, int64_t now_ns);

// A STUN or DTLS datagram of this session. The session may be gone afterwards.
void ctl_session_receive(struct ctl_session *session, const struct eng_event *event,
                         enum wrtc_datagram kind, int64_t now_ns);

// Ends it; it may be gone afterwards. Nothing happens when it is leaving already.
void ctl_session_end(struct ctl_session *session, enum ctl_session_end how, const char *reason);

// ---- demux.c ----

// Takes up to CTL_EVENTS_PER_TURN events, fewer where many are of handshakes. What is left keeps
// the engine's descriptor readable.
void ctl_demux_poll(struct ctl_sessions *all, int64_t now_ns);

// The 5-tuple has passed a check in this session: from now on its datagrams are this session's.
void ctl_demux_learn(struct ctl_session *session, const struct eng_tuple *tuple);

// Checks that name this ufrag are this session's, in place of those for what the entry held.
void ctl_demux_name(struct ctl_session *session, struct ctl_session_ufrag *entry,
                    const char *ufrag);

// No datagram is this session's any more.
void ctl_demux_forget(struct ctl_session *session);

// ---- sessions.c ----

// Out of the tables.
void ctl_sessions_unlist(struct ctl_session *session);

// A session was freed: whoever waits for the last one is told.
void ctl_sessions_left(struct ctl_sessions *all);
