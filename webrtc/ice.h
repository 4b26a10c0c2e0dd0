// SPDX-License-Identifier: Apache-2.0
//
// ICE-lite (RFC 8445 2.5): answers connectivity checks, and remembers which 5-tuples passed one and
// which of them the viewer nominated. Control thread. A plain struct in the caller's memory: no
// I/O, no heap; the time comes in.
//
// A check passes with FINGERPRINT, USERNAME (both halves), MESSAGE-INTEGRITY, PRIORITY and the
// controlling role. Whatever does not pass is counted, answered at most with an error, and changes
// nothing else. A repeated nomination is followed: the latest check with USE-CANDIDATE decides.
// Where the nominated path is silent, the next check from elsewhere does: a viewer whose NAT gave
// it another port does not know that it moved, and Firefox nominates no second time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"
#include "webrtc/peer.h"
#include "webrtc/stun.h"

enum {
    // 400 and 401 answers per second and peer: enough for a viewer that restarts with stale
    // credentials, too few to be worth a flood.
    WRTC_ICE_REFUSALS_PER_S = 10,
};

// A nominated path is silent after so long without a check. Firefox, aiortc and werift check each 4
// to 6 s, others more often.
#define WRTC_ICE_SILENT_NS INT64_C(8000000000)

// A 5-tuple that passed a check.
struct wrtc_ice_path {
    struct eng_tuple tuple;
    unsigned worker;
    int64_t last_check_ns;
    bool held; // DTLS runs here: does not give way to a newer one
};

// What a check has to know.
struct wrtc_ice_credentials {
    char username[WRTC_LOCAL_UFRAG_LEN + 1 + WRTC_UFRAG_MAX]; // ours ':' theirs; empty: none
    size_t username_len;
    size_t local_len; // of ours
    char password[WRTC_LOCAL_PWD_LEN + 1];
};

struct wrtc_ice {
    struct wrtc_ice_credentials now;
    struct wrtc_ice_credentials next; // of a restart that the viewer has not used yet
    struct wrtc_ice_path path[WRTC_PEER_TUPLES_MAX];
    size_t path_count;
    int nominated;             // index of a path, -1: none
    int64_t refusal_credit_ns; // token bucket, in time: an answer costs 1 s / REFUSALS_PER_S
    int64_t refusal_seen_ns;
    uint64_t passed;
    uint64_t failed;
};

// 0, or -EINVAL: a ufrag or the password is empty or too long.
int wrtc_ice_init(struct wrtc_ice *ice, const char *local_ufrag, const char *local_pwd,
                  const char *remote_ufrag, int64_t now_ns);

// ICE restart (RFC 8445 9): the credentials that hold go on to until a check has passed with the
// new ones. A restart that was not used is replaced by the next. Paths stay: they are where this
// viewer was. 0, or -EINVAL as above, which changes nothing.
int wrtc_ice_restart(struct wrtc_ice *ice, const char *local_ufrag, const char *local_pwd,
                     const char *remote_ufrag);

// Checks that name this ufrag of ours, or of theirs, can pass.
bool wrtc_ice_has_local(const struct wrtc_ice *ice, const char *local_ufrag);
bool wrtc_ice_has_remote(const struct wrtc_ice *ice, const char *remote_ufrag);

// Wipes the passwords.
void wrtc_ice_fini(struct wrtc_ice *ice);

// One STUN datagram. Returns the length of the reply to send to where it came from; 0: none.
size_t wrtc_ice_receive(struct wrtc_ice *ice, const struct eng_tuple *tuple, unsigned worker,
                        const uint8_t *data, size_t len, int64_t now_ns,
                        uint8_t reply[WRTC_STUN_REPLY_MAX]);

// The path with this 5-tuple, or NULL: no check passed there. Valid until the next
// wrtc_ice_receive().
const struct wrtc_ice_path *wrtc_ice_find(const struct wrtc_ice *ice,
                                          const struct eng_tuple *tuple);

// DTLS runs on this 5-tuple from now on, and on no other.
void wrtc_ice_hold(struct wrtc_ice *ice, const struct eng_tuple *tuple);

// The nominated path, or NULL. Valid until the next wrtc_ice_receive().
const struct wrtc_ice_path *wrtc_ice_nominated(const struct wrtc_ice *ice);
