// SPDX-License-Identifier: Apache-2.0
//
// A peer: one viewer's transport, from authenticated connectivity checks (ICE-lite, RFC 8445) over
// the DTLS 1.2 handshake (RFC 8827 6.5, 5764) to SRTP keys. Control thread. It does no I/O and
// reads no clock: datagrams, ticks and the time go in, actions come out.
//
//     receive / tick / close  ->  [ peer ]  ->  while (wrtc_peer_next(peer, &action)) ...
//
// Rules that strangers run into:
// - a STUN message counts only with valid USERNAME (both halves), MESSAGE-INTEGRITY, FINGERPRINT;
// - DTLS is taken only from a 5-tuple that passed such a check in this peer, and a DTLS error
//   before the handshake has finished never ends the peer;
// - keys come out only when the client's certificate matches the offer's fingerprint; if it does
//   not, the last flight of the handshake is withheld as well.
//
//     NEW -> CHECKED -> HANDSHAKE -> CONNECTED -> CLOSED
//
//     NEW       -> CHECKED    a 5-tuple passed a connectivity check
//     CHECKED   -> HANDSHAKE  DTLS came from such a 5-tuple
//     HANDSHAKE -> CONNECTED  keys are out
//     any       -> CLOSED     closed here; fingerprint mismatch; no handshake within 10 s of its
//                             first datagram; DTLS close_notify or fatal alert once connected
//
// Media goes to the nominated 5-tuple; before there is one, to that of the DTLS handshake.
//
// Times are CLOCK_MONOTONIC nanoseconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"
#include "webrtc/sdp.h"

// ---- state that all peers share ----

// Our certificate (ECDSA P-256, self-signed, made at start and when it is renewed) and the DTLS
// settings.
struct wrtc_dtls_context;

enum {
    WRTC_SRTP_PROFILES_MAX = 2, // those that the engine knows
};

// The SRTP protection profiles that viewers may have, best first: each gets the first that it
// offers, wherever that stands in its own list.
struct wrtc_srtp_profiles {
    enum eng_srtp_profile item[WRTC_SRTP_PROFILES_MAX];
    size_t count; // 1 or more
};

// All of them: AES-GCM, which costs least, in front of the one that RFC 8827 6.5 demands.
extern const struct wrtc_srtp_profiles wrtc_srtp_profiles_all;

// profiles: copied. 0 or -ENOMEM.
int wrtc_dtls_context_create(const struct wrtc_srtp_profiles *profiles,
                             struct wrtc_dtls_context **out);
void wrtc_dtls_context_destroy(struct wrtc_dtls_context *ctx);

// A new certificate for the peers that are made from now on. 0 or -ENOMEM, which changes nothing.
int wrtc_dtls_context_renew(struct wrtc_dtls_context *ctx);

// Of the peers that are made now.
const struct wrtc_fingerprint *wrtc_dtls_context_fingerprint(const struct wrtc_dtls_context *ctx);

// ---- demultiplexing (RFC 7983) ----

enum wrtc_datagram {
    WRTC_JUNK,
    WRTC_STUN,
    WRTC_DTLS,
    WRTC_RTP,
    WRTC_RTCP
};

enum wrtc_datagram wrtc_datagram_classify(const uint8_t *data, size_t len);

// The local half of a STUN request's USERNAME, before its ':'; says which peer a first check is
// for. Nothing is verified. False: not a STUN binding request, or no USERNAME.
bool wrtc_stun_local_ufrag(const uint8_t *data, size_t len, char out[WRTC_UFRAG_MAX]);

// Writes the error response to a binding request that belongs to no peer: 400 where it lacks
// USERNAME or MESSAGE-INTEGRITY, 401 where its USERNAME is unknown. What is not a STUN request with
// a right FINGERPRINT gets no reply. Never longer than the request. Returns bytes written, 0 for no
// reply. The caller limits the rate.
size_t wrtc_stun_refuse(const uint8_t *data, size_t len, uint8_t *out, size_t size);

// ---- a peer ----

enum {
    WRTC_LOCAL_UFRAG_LEN = 8,  // RFC 8445 5.3 wants 24 random bits or more
    WRTC_LOCAL_PWD_LEN = 24,   // and 128 random bits or more
    WRTC_PEER_TUPLES_MAX = 8,  // validated 5-tuples per peer; the oldest unused one gives way
    WRTC_PEER_REPLIES_MAX = 4, // STUN replies that wait to be taken; one call makes one at most
};

enum wrtc_peer_state {
    WRTC_PEER_NEW,       // no authenticated check yet
    WRTC_PEER_CHECKED,   // a 5-tuple passed a check
    WRTC_PEER_HANDSHAKE, // DTLS is under way
    WRTC_PEER_CONNECTED, // keys are out
    WRTC_PEER_CLOSED,    // the viewer closed, the handshake failed or timed out
};

const char *wrtc_peer_state_name(enum wrtc_peer_state state);

struct wrtc_peer_config {
    struct wrtc_dtls_context *dtls; // outlives the peer
    const char *local_ufrag;        // as in our answer; copied
    const char *local_pwd;
    const char *remote_ufrag; // as in the offer; copied
    struct wrtc_fingerprint remote_fingerprint;
    int64_t now_ns;
};

enum wrtc_action_type {
    WRTC_ACTION_SEND,      // send data/len to tuple by worker
    WRTC_ACTION_CONNECTED, // hand keying, tuple and worker to the engine; wipe the action
    WRTC_ACTION_MOVED,     // the viewer nominated another 5-tuple: send media there
    WRTC_ACTION_CLOSED,    // over; reason says why. Nothing follows
};

struct wrtc_action {
    enum wrtc_action_type type;
    struct eng_tuple tuple;
    unsigned worker; // which worker's socket the tuple was seen on
    const char *reason;
    struct eng_srtp_keying keying;
    uint16_t len;
    uint8_t data[1500];
};

struct wrtc_peer;

// 0, -ENOMEM, or -EINVAL: a ufrag or password is empty, or longer than its bound.
int wrtc_peer_create(const struct wrtc_peer_config *config, struct wrtc_peer **out);

// Wipes keys and password. NULL is allowed.
void wrtc_peer_destroy(struct wrtc_peer *peer);

enum wrtc_peer_state wrtc_peer_state(const struct wrtc_peer *peer);

// ICE restart (RFC 8445 9), in any state: DTLS and media go on as they are. What held before goes
// on to hold until a check has passed with the new credentials. 0, or -EINVAL as above, which
// changes nothing.
int wrtc_peer_restart(struct wrtc_peer *peer, const char *local_ufrag, const char *local_pwd,
                      const char *remote_ufrag);

// Checks that name this ufrag of ours, or of the viewer's, can pass.
bool wrtc_peer_has_local(const struct wrtc_peer *peer, const char *local_ufrag);
bool wrtc_peer_has_remote(const struct wrtc_peer *peer, const char *remote_ufrag);

// One datagram that the demultiplexer gave to this peer. Never fails: what is wrong is counted
// and dropped. Actions may wait afterwards.
void wrtc_peer_receive(struct wrtc_peer *peer, const struct eng_tuple *tuple, unsigned worker,
                       const uint8_t *data, size_t len, int64_t now_ns);

// Retransmission and deadlines. Call at, or after, wrtc_peer_deadline_ns().
void wrtc_peer_tick(struct wrtc_peer *peer, int64_t now_ns);

// When tick is next wanted; INT64_MAX: not.
int64_t wrtc_peer_deadline_ns(const struct wrtc_peer *peer);

// Sends DTLS close_notify if connected; ends in WRTC_PEER_CLOSED.
void wrtc_peer_close(struct wrtc_peer *peer);

// Takes the next action. False: none. Call it until then after each of the calls above: few
// datagrams wait (WRTC_PEER_REPLIES_MAX, and one flight of DTLS), more are dropped and counted.
// Until CONNECTED has been taken the keys stay in the peer.
bool wrtc_peer_next(struct wrtc_peer *peer, struct wrtc_action *out);

// This 5-tuple has passed an authenticated check in this peer.
bool wrtc_peer_knows(const struct wrtc_peer *peer, const struct eng_tuple *tuple);

// Last authenticated STUN message from the 5-tuple that media goes to, for consent, which is that
// 5-tuple's alone (RFC 7675 5.1): a viewer who forges a check from elsewhere cannot keep up a
// stream to there from where it is. 0: not connected.
int64_t wrtc_peer_last_check_ns(const struct wrtc_peer *peer);

// What was dropped, and why.
struct wrtc_peer_stats {
    uint64_t checks_passed;
    uint64_t checks_failed;      // malformed, unauthenticated or refused STUN
    uint64_t early_dtls;         // DTLS from a 5-tuple without a check
    uint64_t dropped_dtls;       // records no handshake needs, beyond the input cap, no memory
    uint64_t dropped_replies;    // the caller did not take them
    uint64_t strays;             // neither STUN nor DTLS, or after the end
    unsigned handshake_failures; // attempts that were begun anew
};

void wrtc_peer_read_stats(const struct wrtc_peer *peer, struct wrtc_peer_stats *out);
