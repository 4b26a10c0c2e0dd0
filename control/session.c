// SPDX-License-Identifier: Apache-2.0
#include "control/session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control/addr.h"
#include "control/clock.h"
#include "control/consent.h"
#include "control/log.h"
#include "control/random.h"
#include "control/srtp_profile.h"

// 64 random bits in hex, between quotes.
enum {
    ETAG_DIGITS = 16
};

// How soon a command is tried again that the engine's queue had no room for.
static const int64_t RETRY_NS = 10 * CTL_NS_PER_MS;

// What a session is called in the log: its id is the secret of its URL.
static void write_log_name(const struct ctl_session *s, char out[24])
{
    snprintf(out, 24, "viewer %.8s", s->id);
}

// Or has given up: what a handshake needs is freed either way.
static void joined(struct ctl_sessions *all)
{
    all->joining--;
    ctl_trim_want(all->trim);
}

static void set_state(struct ctl_session *s, enum ctl_session_state state)
{
    assert(state == s->state + 1);
    if (s->state == CTL_SESSION_JOINING)
        joined(s->all);
    if (state == CTL_SESSION_LIVE) {
        s->all->stats.connected++;
        s->stream->viewers++;
    } else {
        s->all->stats.connected--;
        s->stream->viewers--;
    }
    s->state = state;
}

// ---- timer ----

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_deadline(const struct ctl_session *s, int64_t now_ns)
{
    int64_t at;

    if (s->state == CTL_SESSION_LEAVING)
        return s->removed ? INT64_MAX : now_ns + RETRY_NS;
    at = earlier(wrtc_peer_deadline_ns(s->peer), s->until_ns);
    if (s->state == CTL_SESSION_JOINING)
        return earlier(at, s->started_ns + CTL_SESSION_JOIN_S * CTL_NS_PER_SECOND);
    if (s->move_due)
        at = earlier(at, now_ns + RETRY_NS);
    return earlier(at, s->consent_due_ns);
}

// A timer that would fire too early is left alone: it looks again then. So the many datagrams that
// only push a deadline out cost nothing here.
static void arm(struct ctl_session *s, int64_t now_ns)
{
    int64_t at = next_deadline(s, now_ns);
    int64_t wait_us;
    struct timeval tv;

    if (at >= s->armed_ns)
        return;
    s->armed_ns = at;
    wait_us = at > now_ns ? (at - now_ns + 999) / 1000 : 0;
    tv.tv_sec = wait_us / 1000000;
    tv.tv_usec = wait_us % 1000000;
    event_add(s->timer, &tv);
}

// ---- the end ----

static const char *plain_reason(const char *reason)
{
    return reason ? reason : "closed";
}

static void count_end(struct ctl_session *s, enum ctl_session_end how)
{
    struct ctl_sessions_stats *stats = &s->all->stats;

    if (s->state == CTL_SESSION_JOINING)
        stats->failed++;
    else if (how == CTL_END_VIEWER)
        stats->ended_by_viewer++;
    else if (how == CTL_END_TIMEOUT)
        stats->ended_by_timeout++;
    else if (how == CTL_END_EXPIRED)
        stats->ended_by_expiry++;
    else if (how == CTL_END_SOURCE)
        stats->ended_by_source++;
    else
        stats->ended_by_server++;
}

static void log_end(const struct ctl_session *s, const char *reason, int64_t now_ns)
{
    char name[24];

    write_log_name(s, name);
    // Anybody who may POST can make sessions fail: not worth a line in a normal log.
    if (s->state == CTL_SESSION_JOINING)
        ctl_log(CTL_LOG_DEBUG, name, "never got to %s: %s", s->stream->name, plain_reason(reason));
    else
        ctl_log(CTL_LOG_INFO, name, "left %s after %.1f s: %s", s->stream->name,
                (double)(now_ns - s->live_ns) / (double)CTL_NS_PER_SECOND, plain_reason(reason));
}

static void send_datagram(struct ctl_session *s, const struct wrtc_action *action)
{
    // What is lost here is sent again by the peer's timers or asked for again by the viewer.
    if (eng_engine_send(s->all->engine, action->worker, &action->tuple, action->data,
                        action->len) != 0)
        s->all->stats.send_failed++;
}

static void remove_viewer(struct ctl_session *s)
{
    if (!s->removed && eng_viewer_remove(s->viewer) == 0)
        s->removed = true;
}

// The last datagram of the peer is its close_notify.
static void drop_peer(struct ctl_session *s)
{
    struct wrtc_action *action = &s->all->action;

    wrtc_peer_close(s->peer);
    while (wrtc_peer_next(s->peer, action))
        if (action->type == WRTC_ACTION_SEND)
            send_datagram(s, action);
    explicit_bzero(&action->keying, sizeof(action->keying));
    wrtc_peer_destroy(s->peer);
    s->peer = NULL;
}

void ctl_session_end(struct ctl_session *s, enum ctl_session_end how, const char *reason)
{
    int64_t now_ns = ctl_now_ns();

    if (s->state == CTL_SESSION_LEAVING)
        return;
    count_end(s, how);
    log_end(s, reason, now_ns);
    ctl_sessions_unlist(s);
    if (s->state == CTL_SESSION_JOINING) {
        drop_peer(s);
        ctl_session_free(s);
        return;
    }
    // The BYE goes first: after close_notify a viewer may not listen any more.
    set_state(s, CTL_SESSION_LEAVING);
    remove_viewer(s);
    drop_peer(s);
    arm(s, now_ns);
}

// ---- actions of the peer ----

static bool start_media(struct ctl_session *s, const struct wrtc_action *action, int64_t now_ns)
{
    struct eng_viewer_config config = {
        .stream = s->stream->engine_stream,
        .worker = action->worker,
        .tuple = action->tuple,
        .keying = action->keying,
        .owner = s,
    };
    char name[24], addr[CTL_ADDR_TEXT_MAX];
    int rc;

    memcpy(config.track, s->track, sizeof(config.track));
    memcpy(config.cname, s->cname, sizeof(s->cname));
    rc = eng_viewer_add(s->all->engine, &config, &s->viewer);
    explicit_bzero(&config.keying, sizeof(config.keying));
    if (rc != 0) {
        ctl_session_end(s, CTL_END_FAILED, "the engine has no room for another viewer");
        return false;
    }
    s->live_ns = now_ns;
    s->profile = action->keying.profile;
    s->media = action->tuple;
    s->consent_due_ns = now_ns + CTL_CONSENT_PAUSE_S * CTL_NS_PER_SECOND;
    set_state(s, CTL_SESSION_LIVE);
    write_log_name(s, name);
    ctl_log(CTL_LOG_INFO, name, "plays %s at %s, %s, %.0f ms after its offer", s->stream->name,
            ctl_addr_format(&action->tuple.remote, addr), ctl_srtp_profile_name(s->profile),
            (double)(now_ns - s->started_ns) / (double)CTL_NS_PER_MS);
    return true;
}

static void move_media(struct ctl_session *s)
{
    s->move_due = s->state == CTL_SESSION_LIVE && eng_viewer_move(s->viewer, &s->media) != 0;
}

static bool closed_by_peer(struct ctl_session *s, const char *reason)
{
    ctl_session_end(s, CTL_END_VIEWER, reason);
    return false;
}

// False: the session has ended and must not be touched.
static bool carry_out(struct ctl_session *s, const struct wrtc_action *action, int64_t now_ns)
{
    switch (action->type) {
    case WRTC_ACTION_SEND:
        send_datagram(s, action);
        return true;
    case WRTC_ACTION_CONNECTED:
        return start_media(s, action, now_ns);
    case WRTC_ACTION_MOVED:
        s->media = action->tuple;
        move_media(s);
        return true;
    case WRTC_ACTION_CLOSED:
        return closed_by_peer(s, action->reason);
    }
    return true;
}

static bool take_actions(struct ctl_session *s, int64_t now_ns)
{
    struct wrtc_action *action = &s->all->action;
    bool alive = true;

    while (alive && wrtc_peer_next(s->peer, action)) {
        bool keys = action->type == WRTC_ACTION_CONNECTED;

        alive = carry_out(s, action, now_ns);
        if (keys)
            explicit_bzero(&action->keying, sizeof(action->keying));
    }
    return alive;
}

// ---- consent ----

static void set_paused(struct ctl_session *s, bool paused, int64_t now_ns)
{
    char name[24];

    if (s->paused == paused)
        return;
    if (eng_viewer_pause(s->viewer, paused) != 0) {
        s->consent_due_ns = now_ns + RETRY_NS;
        return;
    }
    s->paused = paused;
    s->pauses += paused;
    write_log_name(s, name);
    ctl_log(CTL_LOG_DEBUG, name, paused ? "paused: not heard of for %d s" : "heard again",
            CTL_CONSENT_PAUSE_S);
}

// False: the session has ended.
static bool watch_consent(struct ctl_session *s, int64_t now_ns)
{
    struct eng_viewer_stats stats;
    int64_t heard_ns = wrtc_peer_last_check_ns(s->peer);

    eng_viewer_read_stats(s->viewer, &stats);
    if (stats.last_rtcp_ns > heard_ns)
        heard_ns = stats.last_rtcp_ns;
    if (s->live_ns > heard_ns)
        heard_ns = s->live_ns;
    switch (ctl_consent_judge(heard_ns, now_ns, &s->consent_due_ns)) {
    case CTL_CONSENT_GIVEN:
        set_paused(s, false, now_ns);
        return true;
    case CTL_CONSENT_SILENT:
        set_paused(s, true, now_ns);
        return true;
    case CTL_CONSENT_OVER:
        break;
    }
    ctl_session_end(s, CTL_END_TIMEOUT, "not heard of for 30 s");
    return false;
}

// ---- what makes it run ----

static bool run_deadlines(struct ctl_session *s, int64_t now_ns)
{
    if (wrtc_peer_deadline_ns(s->peer) <= now_ns) {
        wrtc_peer_tick(s->peer, now_ns);
        if (!take_actions(s, now_ns))
            return false;
    }
    if (now_ns >= s->until_ns) {
        ctl_session_end(s, CTL_END_EXPIRED, "its token has expired");
        return false;
    }
    if (s->state == CTL_SESSION_JOINING) {
        if (now_ns - s->started_ns < CTL_SESSION_JOIN_S * CTL_NS_PER_SECOND)
            return true;
        ctl_session_end(s, CTL_END_FAILED, "no handshake within 15 s of the offer");
        return false;
    }
    if (s->move_due)
        move_media(s);
    return now_ns < s->consent_due_ns || watch_consent(s, now_ns);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_session *s = ctx;
    int64_t now_ns = ctl_now_ns();

    (void)fd;
    (void)what;
    s->armed_ns = INT64_MAX;
    if (s->state == CTL_SESSION_LEAVING)
        remove_viewer(s);
    else if (!run_deadlines(s, now_ns))
        return;
    arm(s, now_ns);
}

void ctl_session_begin(struct ctl_session *s, int64_t now_ns)
{
    arm(s, now_ns);
}

// Somebody follows up the offer.
static void prove(struct ctl_session *s, int64_t now_ns)
{
    if (s->checked_ns != 0)
        return;
    TAILQ_REMOVE(&s->all->unproven, s, by_age);
    s->checked_ns = now_ns;
    ctl_budget_promise(&s->all->budget, s->stream->packets.per_second);
}

void ctl_session_receive(struct ctl_session *s, const struct eng_event *event,
                         enum wrtc_datagram kind, int64_t now_ns)
{
    wrtc_peer_receive(s->peer, &event->tuple, event->worker, event->data, event->len, now_ns);
    if (kind == WRTC_STUN && wrtc_peer_knows(s->peer, &event->tuple)) {
        ctl_demux_learn(s, &event->tuple);
        prove(s, now_ns);
    }
    if (!take_actions(s, now_ns))
        return;
    if (s->paused && !watch_consent(s, now_ns))
        return;
    arm(s, now_ns);
}

// ---- heap ----

void ctl_session_renew_etag(struct ctl_session *s)
{
    s->etag[0] = '"';
    ctl_random_hex(s->etag + 1, ETAG_DIGITS);
    s->etag[1 + ETAG_DIGITS] = '"';
}

int ctl_session_create(struct ctl_sessions *all, struct ctl_stream *stream,
                       const struct wrtc_transport *remote, const char *local_ufrag,
                       const char *local_pwd, int64_t now_ns, struct ctl_session **out)
{
    struct wrtc_peer_config config = {
        .dtls = all->dtls,
        .local_ufrag = local_ufrag,
        .local_pwd = local_pwd,
        .remote_ufrag = remote->ufrag,
        .remote_fingerprint = remote->fingerprint,
        .now_ns = now_ns,
    };
    struct ctl_session *s = calloc(1, sizeof(*s));
    int rc = -ENOMEM;

    if (!s)
        return rc;
    s->all = all;
    s->stream = stream;
    s->started_ns = now_ns;
    s->armed_ns = INT64_MAX;
    ctl_random_hex(s->id, CTL_SESSION_ID_LEN);
    ctl_random_hex(s->cname, sizeof(s->cname) - 1);
    ctl_session_renew_etag(s);
    s->timer = event_new(all->base, -1, 0, on_timer, s);
    if (!s->timer)
        goto fail;
    rc = wrtc_peer_create(&config, &s->peer);
    if (rc != 0)
        goto fail;
    LIST_INSERT_HEAD(&all->list, s, link);
    TAILQ_INSERT_TAIL(&all->unproven, s, by_age);
    ctl_stream_hold(stream);
    all->stats.sessions++;
    all->joining++;
    *out = s;
    return 0;

fail:
    if (s->timer)
        event_free(s->timer);
    free(s);
    return rc;
}

void ctl_session_free(struct ctl_session *s)
{
    struct ctl_sessions *all = s->all;

    if (s->state == CTL_SESSION_JOINING)
        joined(all);
    LIST_REMOVE(s, link);
    if (s->checked_ns == 0)
        TAILQ_REMOVE(&all->unproven, s, by_age);
    ctl_stream_release(s->stream);
    all->stats.sessions--;
    wrtc_peer_destroy(s->peer);
    event_free(s->timer);
    free(s);
    ctl_sessions_left(all);
}
