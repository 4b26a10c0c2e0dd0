// SPDX-License-Identifier: Apache-2.0
#include "control/session.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control/clock.h"

#define CONTAINER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

// ---- 5-tuples ----

// Only what tells addresses apart: a sockaddr has padding and a flow label too.
static size_t write_key(const struct eng_addr *a, uint8_t *out)
{
    uint16_t port = eng_addr_port(a);

    memcpy(out, &port, sizeof(port));
    if (a->sa.sa_family == AF_INET6) {
        memcpy(out + 2, &a->in6.sin6_addr, 16);
        return 18;
    }
    memcpy(out + 2, &a->in4.sin_addr, 4);
    return 6;
}

static uint64_t hash_tuple(const struct ctl_sessions *all, const struct eng_tuple *tuple)
{
    uint8_t key[36];
    size_t len = write_key(&tuple->remote, key);

    len += write_key(&tuple->local, key + len);
    return ctl_table_hash(&all->by_tuple, key, len);
}

static struct ctl_session_tuple *find_tuple(const struct ctl_sessions *all,
                                            const struct eng_tuple *tuple)
{
    struct ctl_table_node *node = ctl_table_first(&all->by_tuple, hash_tuple(all, tuple));

    for (; node; node = ctl_table_next(node)) {
        struct ctl_session_tuple *entry = CONTAINER(node, struct ctl_session_tuple, node);

        if (eng_tuple_equal(&entry->tuple, tuple))
            return entry;
    }
    return NULL;
}

static void forget_tuple(struct ctl_session_tuple *entry)
{
    ctl_table_remove(&entry->session->all->by_tuple, &entry->node);
    entry->session = NULL;
}

// A free entry, else one whose 5-tuple the peer itself has given up.
static struct ctl_session_tuple *take_entry(struct ctl_session *s)
{
    for (size_t i = 0; i < WRTC_PEER_TUPLES_MAX; i++)
        if (!s->tuple[i].session)
            return &s->tuple[i];
    for (size_t i = 0; i < WRTC_PEER_TUPLES_MAX; i++) {
        if (!wrtc_peer_knows(s->peer, &s->tuple[i].tuple)) {
            forget_tuple(&s->tuple[i]);
            return &s->tuple[i];
        }
    }
    return NULL;
}

void ctl_demux_learn(struct ctl_session *s, const struct eng_tuple *tuple)
{
    struct ctl_session_tuple *entry = find_tuple(s->all, tuple);

    if (entry && entry->session == s)
        return;
    // The newest session that was authenticated there has it: a page that was loaded again may
    // use the same port.
    if (entry)
        forget_tuple(entry);
    entry = take_entry(s);
    if (!entry)
        return;
    entry->session = s;
    entry->tuple = *tuple;
    ctl_table_insert(&s->all->by_tuple, &entry->node, hash_tuple(s->all, tuple));
}

// ---- ufrags ----

static void forget_ufrag(struct ctl_session_ufrag *entry)
{
    ctl_table_remove(&entry->session->all->by_ufrag, &entry->node);
    entry->session = NULL;
}

void ctl_demux_name(struct ctl_session *s, struct ctl_session_ufrag *entry, const char *ufrag)
{
    struct ctl_table *table = &s->all->by_ufrag;

    if (entry->session)
        forget_ufrag(entry);
    snprintf(entry->text, sizeof(entry->text), "%s", ufrag);
    entry->session = s;
    ctl_table_insert(table, &entry->node, ctl_table_hash(table, ufrag, strlen(ufrag)));
}

void ctl_demux_forget(struct ctl_session *s)
{
    for (size_t i = 0; i < sizeof(s->ufrag) / sizeof(s->ufrag[0]); i++)
        if (s->ufrag[i].session)
            forget_ufrag(&s->ufrag[i]);
    for (size_t i = 0; i < WRTC_PEER_TUPLES_MAX; i++)
        if (s->tuple[i].session)
            forget_tuple(&s->tuple[i]);
}

// ---- datagrams ----

static struct ctl_session *find_by_tuple(const struct ctl_sessions *all,
                                         const struct eng_tuple *tuple)
{
    struct ctl_session_tuple *entry = find_tuple(all, tuple);

    return entry ? entry->session : NULL;
}

bool ctl_sessions_know(const struct ctl_sessions *all, const struct eng_tuple *tuple)
{
    return find_by_tuple(all, tuple) != NULL;
}

bool ctl_sessions_hold(struct ctl_sessions *all, const struct eng_tuple *tuple, bool held)
{
    struct ctl_session *s = find_by_tuple(all, tuple);

    if (!s || !s->viewer || !eng_tuple_equal(&s->media, tuple))
        return true;
    return eng_viewer_hold(s->viewer, held) == 0;
}

static struct ctl_session *find_by_ufrag(const struct ctl_sessions *all, const char *ufrag)
{
    uint64_t hash = ctl_table_hash(&all->by_ufrag, ufrag, strlen(ufrag));
    struct ctl_table_node *node = ctl_table_first(&all->by_ufrag, hash);

    for (; node; node = ctl_table_next(node)) {
        struct ctl_session_ufrag *entry = CONTAINER(node, struct ctl_session_ufrag, node);

        if (strcmp(entry->text, ufrag) == 0)
            return entry->session;
    }
    return NULL;
}

// Tells an honest client what is wrong; what is no request gets no answer and costs no token.
static void refuse_stun(struct ctl_sessions *all, const struct eng_event *event, int64_t now_ns)
{
    uint8_t reply[ENG_DATAGRAM_MAX];
    size_t len = wrtc_stun_refuse(event->data, event->len, reply, sizeof(reply));

    if (len == 0) {
        all->stats.strays++;
        return;
    }
    if (!ctl_bucket_take(&all->refusals, now_ns)) {
        all->stats.stun_unanswered++;
        return;
    }
    if (eng_engine_send(all->engine, event->worker, &event->tuple, reply, len) == 0)
        all->stats.stun_refused++;
    else
        all->stats.send_failed++;
}

// A check finds its session by the ufrag that it names; other STUN (indications) by its 5-tuple.
static void on_stun(struct ctl_sessions *all, const struct eng_event *event, int64_t now_ns)
{
    char ufrag[WRTC_UFRAG_MAX];
    struct ctl_session *s;

    if (wrtc_stun_local_ufrag(event->data, event->len, ufrag))
        s = find_by_ufrag(all, ufrag);
    else
        s = find_by_tuple(all, &event->tuple);
    if (s)
        ctl_session_receive(s, event, WRTC_STUN, now_ns);
    else
        refuse_stun(all, event, now_ns);
}

// True: it belonged to a handshake.
static bool on_datagram(struct ctl_sessions *all, const struct eng_event *event, int64_t now_ns)
{
    enum wrtc_datagram kind = wrtc_datagram_classify(event->data, event->len);
    struct ctl_session *s;

    if (kind == WRTC_STUN) {
        on_stun(all, event, now_ns);
        return false;
    }
    s = find_by_tuple(all, &event->tuple);
    if (s && kind == WRTC_DTLS) {
        bool joining = s->state == CTL_SESSION_JOINING;

        ctl_session_receive(s, event, kind, now_ns);
        return joining;
    }
    if (s && kind == WRTC_RTCP && s->viewer)
        eng_viewer_deliver(s->viewer, &event->tuple, event->data, event->len);
    else
        all->stats.strays++;
    return false;
}

// True: a datagram of a handshake.
static bool on_event(struct ctl_sessions *all, const struct eng_event *event, int64_t now_ns)
{
    switch (event->type) {
    case ENG_EVENT_DATAGRAM:
        return on_datagram(all, event, now_ns);
    case ENG_EVENT_VIEWER_BYE:
        ctl_session_end(event->owner, CTL_END_VIEWER, "it said RTCP BYE");
        break;
    case ENG_EVENT_VIEWER_GONE:
        ctl_session_free(event->owner);
        break;
    }
    return false;
}

void ctl_demux_poll(struct ctl_sessions *all, int64_t now_ns)
{
    int handshakes = 0;

    for (int i = 0; i < CTL_EVENTS_PER_TURN && handshakes < CTL_HANDSHAKES_PER_TURN; i++) {
        if (!eng_engine_poll(all->engine, &all->event))
            return;
        handshakes += on_event(all, &all->event, now_ns);
    }
}
