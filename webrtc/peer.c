// SPDX-License-Identifier: Apache-2.0
#include "webrtc/peer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "webrtc/dtls.h"
#include "webrtc/dtls_context.h"
#include "webrtc/ice.h"

// A STUN reply that waits to be taken.
struct reply {
    struct eng_tuple tuple;
    unsigned worker;
    uint16_t len;
    uint8_t data[WRTC_STUN_REPLY_MAX];
};

struct wrtc_peer {
    enum wrtc_peer_state state;
    struct wrtc_dtls_context *dtls_context;
    struct wrtc_dtls_identity *identity; // NULL: not needed any more
    struct wrtc_fingerprint remote_fingerprint;
    struct wrtc_ice ice;
    struct wrtc_dtls *dtls; // NULL: no handshake has begun
    struct eng_tuple dtls_tuple;
    unsigned dtls_worker;
    struct eng_tuple media_tuple; // where media goes once connected
    unsigned media_worker;
    struct wrtc_peer_stats stats;

    // Waiting actions. The last three are said at most once at a time, so that a flag is a queue.
    struct reply reply[WRTC_PEER_REPLIES_MAX];
    size_t reply_count;
    bool connected_due;
    bool moved_due;
    bool closed_due;
    const char *reason;
};

static_assert(sizeof(((struct wrtc_action *)0)->data) >= WRTC_DGRAM_MTU &&
                  sizeof(((struct wrtc_action *)0)->data) >= WRTC_STUN_REPLY_MAX,
              "an action holds whatever we send");

const char *wrtc_peer_state_name(enum wrtc_peer_state state)
{
    switch (state) {
    case WRTC_PEER_NEW:
        return "new";
    case WRTC_PEER_CHECKED:
        return "checked";
    case WRTC_PEER_HANDSHAKE:
        return "handshake";
    case WRTC_PEER_CONNECTED:
        return "connected";
    case WRTC_PEER_CLOSED:
        return "closed";
    }
    return "unknown";
}

// The only place where the state changes; peer.h has the table.
static void enter(struct wrtc_peer *peer, enum wrtc_peer_state state)
{
    assert(state == WRTC_PEER_CLOSED ? peer->state != WRTC_PEER_CLOSED : state == peer->state + 1);
    peer->state = state;
}

int wrtc_peer_create(const struct wrtc_peer_config *config, struct wrtc_peer **out)
{
    struct wrtc_peer *peer = calloc(1, sizeof(*peer));
    if (!peer)
        return -ENOMEM;
    int rc = wrtc_ice_init(&peer->ice, config->local_ufrag, config->local_pwd, config->remote_ufrag,
                           config->now_ns);
    if (rc != 0) {
        free(peer);
        return rc;
    }
    peer->dtls_context = config->dtls;
    peer->identity = wrtc_dtls_identity_hold(config->dtls);
    peer->remote_fingerprint = config->remote_fingerprint;
    *out = peer;
    return 0;
}

void wrtc_peer_destroy(struct wrtc_peer *peer)
{
    if (!peer)
        return;
    wrtc_dtls_destroy(peer->dtls);
    wrtc_dtls_identity_release(peer->identity);
    wrtc_ice_fini(&peer->ice);
    free(peer);
}

enum wrtc_peer_state wrtc_peer_state(const struct wrtc_peer *peer)
{
    return peer->state;
}

int wrtc_peer_restart(struct wrtc_peer *peer, const char *local_ufrag, const char *local_pwd,
                      const char *remote_ufrag)
{
    return wrtc_ice_restart(&peer->ice, local_ufrag, local_pwd, remote_ufrag);
}

bool wrtc_peer_has_local(const struct wrtc_peer *peer, const char *local_ufrag)
{
    return wrtc_ice_has_local(&peer->ice, local_ufrag);
}

bool wrtc_peer_has_remote(const struct wrtc_peer *peer, const char *remote_ufrag)
{
    return wrtc_ice_has_remote(&peer->ice, remote_ufrag);
}

static void end(struct wrtc_peer *peer, const char *reason)
{
    enter(peer, WRTC_PEER_CLOSED);
    peer->reason = reason;
    peer->connected_due = false;
    peer->moved_due = false;
    peer->closed_due = true;
}

// ---- ICE ----

// Where media goes, as things stand. True: elsewhere than before.
static bool aim(struct wrtc_peer *peer)
{
    const struct wrtc_ice_path *path = wrtc_ice_nominated(&peer->ice);
    const struct eng_tuple *tuple = path ? &path->tuple : &peer->dtls_tuple;
    if (eng_tuple_equal(tuple, &peer->media_tuple))
        return false;
    peer->media_tuple = *tuple;
    peer->media_worker = path ? path->worker : peer->dtls_worker;
    return true;
}

static void receive_stun(struct wrtc_peer *peer, const struct eng_tuple *tuple, unsigned worker,
                         const uint8_t *data, size_t len, int64_t now_ns)
{
    uint8_t text[WRTC_STUN_REPLY_MAX];
    size_t text_len = wrtc_ice_receive(&peer->ice, tuple, worker, data, len, now_ns, text);
    if (text_len > 0 && peer->reply_count < WRTC_PEER_REPLIES_MAX) {
        struct reply *reply = &peer->reply[peer->reply_count++];
        *reply = (struct reply){.tuple = *tuple, .worker = worker, .len = (uint16_t)text_len};
        memcpy(reply->data, text, text_len);
    } else if (text_len > 0) {
        peer->stats.dropped_replies++;
    }

    if (peer->state == WRTC_PEER_NEW && peer->ice.path_count > 0)
        enter(peer, WRTC_PEER_CHECKED);
    // A move before CONNECTED is taken is part of it.
    if (peer->state == WRTC_PEER_CONNECTED && aim(peer) && !peer->connected_due)
        peer->moved_due = true;
}

// ---- DTLS ----

static void follow_dtls(struct wrtc_peer *peer)
{
    enum wrtc_dtls_state state = wrtc_dtls_state(peer->dtls);
    if (state == WRTC_DTLS_CLOSED) {
        end(peer, wrtc_dtls_reason(peer->dtls));
    } else if (state == WRTC_DTLS_CONNECTED && peer->state == WRTC_PEER_HANDSHAKE) {
        enter(peer, WRTC_PEER_CONNECTED);
        wrtc_dtls_identity_release(peer->identity);
        peer->identity = NULL;
        aim(peer);
        peer->connected_due = true;
    }
}

static void receive_dtls(struct wrtc_peer *peer, const struct eng_tuple *tuple, unsigned worker,
                         const uint8_t *data, size_t len, int64_t now_ns)
{
    if (!wrtc_ice_find(&peer->ice, tuple)) {
        peer->stats.early_dtls++;
        return;
    }
    if (!peer->dtls) {
        if (wrtc_dtls_create(peer->dtls_context, peer->identity, &peer->remote_fingerprint, now_ns,
                             &peer->dtls) != 0) {
            peer->stats.dropped_dtls++;
            return;
        }
        enter(peer, WRTC_PEER_HANDSHAKE);
    }
    wrtc_ice_hold(&peer->ice, tuple);
    peer->dtls_tuple = *tuple;
    peer->dtls_worker = worker;
    if (!wrtc_dtls_receive(peer->dtls, data, len, now_ns))
        peer->stats.dropped_dtls++;
    follow_dtls(peer);
}

// ---- in ----

void wrtc_peer_receive(struct wrtc_peer *peer, const struct eng_tuple *tuple, unsigned worker,
                       const uint8_t *data, size_t len, int64_t now_ns)
{
    bool over = peer->state == WRTC_PEER_CLOSED;
    enum wrtc_datagram kind = over ? WRTC_JUNK : wrtc_datagram_classify(data, len);
    if (kind == WRTC_STUN)
        receive_stun(peer, tuple, worker, data, len, now_ns);
    else if (kind == WRTC_DTLS)
        receive_dtls(peer, tuple, worker, data, len, now_ns);
    else
        peer->stats.strays++;
}

void wrtc_peer_tick(struct wrtc_peer *peer, int64_t now_ns)
{
    if (!peer->dtls || peer->state == WRTC_PEER_CLOSED)
        return;
    wrtc_dtls_tick(peer->dtls, now_ns);
    follow_dtls(peer);
}

int64_t wrtc_peer_deadline_ns(const struct wrtc_peer *peer)
{
    return peer->dtls ? wrtc_dtls_deadline_ns(peer->dtls) : INT64_MAX;
}

void wrtc_peer_close(struct wrtc_peer *peer)
{
    if (peer->state == WRTC_PEER_CLOSED)
        return;
    if (peer->dtls)
        wrtc_dtls_close(peer->dtls);
    end(peer, "closed here");
}

// ---- out ----

static void take_reply(struct wrtc_peer *peer, struct wrtc_action *out)
{
    const struct reply *reply = &peer->reply[0];
    out->type = WRTC_ACTION_SEND;
    out->tuple = reply->tuple;
    out->worker = reply->worker;
    out->len = reply->len;
    memcpy(out->data, reply->data, reply->len);
    peer->reply_count--;
    memmove(&peer->reply[0], &peer->reply[1], peer->reply_count * sizeof(peer->reply[0]));
}

static bool take_dtls(struct wrtc_peer *peer, struct wrtc_action *out)
{
    size_t len = 0;
    if (!peer->dtls || !wrtc_dtls_next(peer->dtls, out->data, &len))
        return false;
    out->type = WRTC_ACTION_SEND;
    out->tuple = peer->dtls_tuple;
    out->worker = peer->dtls_worker;
    out->len = (uint16_t)len;
    return true;
}

bool wrtc_peer_next(struct wrtc_peer *peer, struct wrtc_action *out)
{
    *out = (struct wrtc_action){.tuple = peer->media_tuple, .worker = peer->media_worker};
    if (peer->reply_count > 0) {
        take_reply(peer, out);
        return true;
    }
    if (take_dtls(peer, out))
        return true;
    if (peer->connected_due) {
        peer->connected_due = false;
        out->type = WRTC_ACTION_CONNECTED;
        wrtc_dtls_take_keying(peer->dtls, &out->keying);
        return true;
    }
    if (peer->moved_due) {
        peer->moved_due = false;
        out->type = WRTC_ACTION_MOVED;
        return true;
    }
    if (peer->closed_due) {
        peer->closed_due = false;
        out->type = WRTC_ACTION_CLOSED;
        out->reason = peer->reason;
        return true;
    }
    return false;
}

// ---- asking ----

bool wrtc_peer_knows(const struct wrtc_peer *peer, const struct eng_tuple *tuple)
{
    return wrtc_ice_find(&peer->ice, tuple) != NULL;
}

int64_t wrtc_peer_last_check_ns(const struct wrtc_peer *peer)
{
    const struct wrtc_ice_path *path = wrtc_ice_find(&peer->ice, &peer->media_tuple);
    return path ? path->last_check_ns : 0;
}

void wrtc_peer_read_stats(const struct wrtc_peer *peer, struct wrtc_peer_stats *out)
{
    *out = peer->stats;
    out->checks_passed = peer->ice.passed;
    out->checks_failed = peer->ice.failed;
    out->handshake_failures = peer->dtls ? wrtc_dtls_failures(peer->dtls) : 0;
}
