// SPDX-License-Identifier: Apache-2.0
//
// Sessions: one per viewer, from the WHEP offer to the last packet. Control thread. Joins the
// pieces: SDP and peer (webrtc/), the engine's viewer, the HTTP resource. It takes the engine's
// events, finds the peer that a datagram belongs to (by STUN's local ufrag, else by the 5-tuples
// that passed a check), carries out the peer's actions, and watches consent: no authenticated STUN
// or SRTCP for 15 s pauses a viewer, 30 s end it; a session without a finished handshake ends
// after 15 s.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config.h"
#include "control/note.h"
#include "control/streams.h"
#include "engine/engine.h"
#include "webrtc/peer.h"

struct event_base;
struct ctl_sessions;
struct ctl_session;

enum {
    CTL_SESSION_ID_LEN = 32, // characters: 128 random bits in hex, the secret of the session URL
    CTL_ETAG_MAX = 24,
    CTL_USER_AGENT_MAX = 160, // kept of what a viewer calls itself, with NUL; browsers have 120

    // Sessions at one time whose handshake has not finished. A viewer needs a second at most, so
    // this bounds what offers alone can hold, not how fast viewers may come.
    CTL_SESSIONS_JOINING_MAX = 2048,

    // So long a session waits for its first check undisturbed. Later it gives way to a new offer
    // where there is no room: else offers that nobody follows up would shut the others out. A
    // browser checks at once, and again after half a second.
    CTL_SESSION_UNPROVEN_MS = 2000,

    CTL_SESSION_JOIN_S = 15, // from the offer to the end of the handshake

    // How long new sessions get the same certificate; a session keeps its own (webrtc/peer.h).
    CTL_CERTIFICATE_DAYS = 7,

    // Error responses to STUN requests that belong to no session, per second: a help in finding
    // faults, and too few to be of use to anybody who forges addresses.
    CTL_STUN_REFUSALS_PER_S = 100,

    // Events of the engine per turn of the loop, so that HTTP and timers get their turn too.
    CTL_EVENTS_PER_TURN = 256,

    // Of these, DTLS datagrams of sessions that are joining, at 0.3 ms each: offers and timers wait
    // 5 ms for a rush of handshakes, not 80.
    CTL_HANDSHAKES_PER_TURN = 16,
};

// config: outlives the sessions.
int ctl_sessions_create(struct event_base *base, struct eng_engine *engine,
                        const struct ctl_config *config, struct ctl_sessions **out);

// There are news of the stream: ends its sessions if it is lost, and those that were promised other
// codecs than it has now.
void ctl_sessions_news(struct ctl_sessions *sessions, const struct ctl_stream *stream);

// The 5-tuple has passed a check of a session that has not ended.
bool ctl_sessions_know(const struct ctl_sessions *sessions, const struct eng_tuple *tuple);

// This way to a viewer is crowded, or no longer is: if its media goes there, video rests. False:
// the engine had no room for the order.
bool ctl_sessions_hold(struct ctl_sessions *sessions, const struct eng_tuple *tuple, bool held);

// RTCP BYE and close_notify to all, no more offers; done is called once the engine has let go of
// every viewer, at once when there is none.
void ctl_sessions_close_all(struct ctl_sessions *sessions, void (*done)(void *ctx), void *ctx);
void ctl_sessions_destroy(struct ctl_sessions *sessions);

// What the request with the offer tells.
struct ctl_session_origin {
    bool by_loopback;       // it came from this machine, so that our loopback addresses are of use
    int64_t came_ns;        // when
    int64_t until_ns;       // when the session ends at the latest, INT64_MAX: never
    const char *user_agent; // NULL: none
};

// Takes an offer for a stream. 0 and *out, with the answer in answer[] (NUL-terminated), or
//   -EINVAL  not an acceptable offer (422)          -ENOENT  nothing in it fits the stream (406)
//   -EAGAIN  the source is not live yet (409)       -EBUSY   no room for another viewer (503)
// or another -errno (500), with the reason in *error.
int ctl_session_offer(struct ctl_sessions *sessions, struct ctl_stream *stream, const char *offer,
                      size_t len, const struct ctl_session_origin *origin, char *answer,
                      size_t answer_size, struct ctl_session **out, struct wrtc_error *error);

struct ctl_session *ctl_session_find(struct ctl_sessions *sessions, const char *id, size_t len);
const char *ctl_session_id(const struct ctl_session *session);
const char *ctl_session_etag(const struct ctl_session *session); // strong, with quotes
struct ctl_stream *ctl_session_stream(const struct ctl_session *session);

// What the viewer does not get of its stream, and why (note.h); empty: nothing.
void ctl_session_note(const struct ctl_session *session, char out[CTL_NOTE_MAX]);

// The viewer's ufrag is that of its offer, or of a restart: a trickled fragment with another one
// asks for an ICE restart.
bool ctl_session_has_remote(const struct ctl_session *session, const char *ufrag);

// ICE restart (RFC 9725 4.3.3): new credentials and a new ETag; the old credentials hold until a
// check has passed with the new ones, and DTLS and media go on. Writes the fragment that answers
// the viewer's, NUL-terminated; it holds our password. 0 or -errno, which changes nothing.
int ctl_session_restart(struct ctl_session *session, const struct wrtc_sdpfrag *fragment,
                        bool by_loopback, char *out, size_t size);

// DELETE: BYE, close_notify, gone.
void ctl_session_delete(struct ctl_session *session);

struct ctl_sessions_stats {
    unsigned sessions;  // now
    unsigned connected; // of those, receiving media
    uint64_t created;
    uint64_t restarts;  // of ICE
    uint64_t failed;    // ended before the handshake had finished
    uint64_t displaced; // of these, to make room for another offer
    uint64_t ended_by_viewer, ended_by_timeout, ended_by_expiry, ended_by_source, ended_by_server;
    uint64_t offers_refused;  // with -EBUSY
    uint64_t stun_refused;    // 400/401 answered
    uint64_t stun_unanswered; // the same, beyond the rate
    uint64_t strays;          // other datagrams that belong to no session
    uint64_t send_failed;     // STUN and DTLS that the engine did not take
};

void ctl_sessions_read_stats(const struct ctl_sessions *sessions, struct ctl_sessions_stats *out);
