// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_viewer.h"

#include <assert.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/viewers_feedback.h"
#include "bench/viewers_join.h"
#include "control/clock.h"

#define CONSENT_NS INT64_C(30000000000) // RFC 7675 5.1

enum {
    DTLS_ALERT = 21,
    // First bytes (RFC 7983 7).
    STUN_LAST = 3,
    DTLS_FIRST = 20,
    DTLS_LAST = 63,
    RTP_FIRST = 128,
    RTP_LAST = 191,
};

static void count(struct viewers_viewer *v, enum viewers_counter id, uint64_t n)
{
    viewers_count(&v->common->counters, id, n);
}

void viewers_viewer_init(struct viewers_viewer *v, struct viewers_common *common, unsigned index,
                         int64_t *due_ns)
{
    const struct viewers_options *o = common->options;
    const struct viewers_addresses *bind = viewers_options_bind(o, index);

    memset(v, 0, sizeof(*v));
    v->common = common;
    v->index = index;
    v->due_ns = due_ns;
    v->fd = -1;
    v->url = &o->url[index % o->url_count];
    if (bind->count > 0)
        v->local = bind->address[index % bind->count];
    v->unwatched = viewers_options_unwatched(o, index);
    for (int i = 0; i < VIEWERS_PHASES; i++)
        v->phase_ns[i] = -1;
    *due_ns = INT64_MAX;
}

void viewers_viewer_enter(struct viewers_viewer *v, enum viewers_state state)
{
    assert(v->state < state);
    if (v->state == VIEWERS_LEAVING)
        v->common->leaving--;
    if (state == VIEWERS_LEAVING)
        v->common->leaving++;
    v->state = state;
    v->entered_ns = v->common->now_ns;
    v->deadline_ns = v->common->now_ns + VIEWERS_PATIENCE_NS;
    *v->due_ns = 0;
}

// ---- the end ----

static void release(struct viewers_viewer *v)
{
    if (v->readable)
        event_free(v->readable);
    v->readable = NULL;
    if (v->fd >= 0) {
        viewers_viewer_count_drops(v);
        // With a session to delete, the server would have it twice.
        if (v->farewell_len > 0 && !v->session)
            (void)send(v->fd, v->farewell, v->farewell_len, MSG_DONTWAIT);
        close(v->fd);
    }
    v->fd = -1;
    viewers_http_cancel(v->http);
    v->http = NULL;
    viewers_dtls_destroy(v->dtls);
    v->dtls = NULL;
    free(v->answer);
    v->answer = NULL;
}

int viewers_viewer_request(struct viewers_viewer *v, const char *method,
                           const struct viewers_url *url, const char *body, size_t body_len,
                           viewers_http_done done)
{
    static const struct eng_addr anywhere;
    const struct viewers_options *o = v->common->options;
    bool bound = viewers_options_bind(o, v->index)->count > 0;
    struct viewers_http_request request = {
        .method = method,
        .url = url,
        .fields = o->fields,
        .body = body,
        .body_len = body_len,
        .local = bound ? &v->local : &anywhere,
    };

    return viewers_http_start(v->common->base, &request, done, v, &v->http);
}

static void on_deleted(void *ctx, const struct viewers_response *response, const char *failure)
{
    struct viewers_viewer *v = ctx;

    (void)response;
    (void)failure;
    v->http = NULL;
    v->common->now_ns = ctl_now_ns();
    viewers_viewer_enter(v, VIEWERS_GONE);
}

void viewers_viewer_leave(struct viewers_viewer *v)
{
    if (v->state >= VIEWERS_LEAVING)
        return;
    release(v);
    if (v->session && viewers_viewer_request(v, "DELETE", v->session, NULL, 0, on_deleted) == 0)
        viewers_viewer_enter(v, VIEWERS_LEAVING);
    else
        viewers_viewer_enter(v, VIEWERS_GONE);
}

void viewers_viewer_fini(struct viewers_viewer *v)
{
    release(v);
    free(v->session);
    v->session = NULL;
    viewers_srtp_fini(&v->media.srtp);
}

void viewers_viewer_fail(struct viewers_viewer *v, const char *format, ...)
{
    char text[VIEWERS_CAUSE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    viewers_causes_add(&v->common->causes, text, 1);
    count(v, v->joined ? VIEWERS_COUNTER_ENDED : VIEWERS_COUNTER_FAILED, 1);
    v->ended = true;
    viewers_viewer_leave(v);
}

// ---- what comes in ----

void viewers_viewer_join(struct viewers_viewer *v)
{
    const struct viewers_media *m = &v->media;

    v->joined = true;
    v->deadline_ns = INT64_MAX;
    count(v, VIEWERS_COUNTER_JOINED, 1);
    if (v->unwatched) {
        v->media.pli_ns = INT64_MAX;
        return;
    }
    v->phase_ns[VIEWERS_PHASE_PACKET] = m->first_packet_ns - v->entered_ns;
    v->phase_ns[VIEWERS_PHASE_UNTIL_PACKET] = m->first_packet_ns - v->began_ns;
    if (m->expects_video)
        v->phase_ns[VIEWERS_PHASE_KEYFRAME] = m->first_keyframe_ns - m->first_packet_ns;
    v->phase_ns[VIEWERS_PHASE_ALL] = v->common->now_ns - v->began_ns;
}

static void take_media(struct viewers_viewer *v, const struct viewers_datagram *d)
{
    if (v->unwatched)
        return;
    viewers_media_receive(&v->media, d->data, d->len, v->common->now_ns, d->arrived_ns);
    if (!v->joined && viewers_media_seen(&v->media))
        viewers_viewer_join(v);
    if (v->media.bye)
        viewers_viewer_fail(v, "ended by the server: RTCP BYE");
}

// xorshift64*: the same losses in each run with the same seed.
static bool is_lost(struct viewers_common *c)
{
    if (c->options->loss <= 0)
        return false;
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return (double)(c->random * UINT64_C(2685821657736338717) >> 11) * 0x1p-53 < c->options->loss;
}

// Once the handshake's keys are gone, an alert cannot be read; but none comes while all is well.
static bool is_farewell(const struct viewers_viewer *v, const struct viewers_datagram *d)
{
    return v->state == VIEWERS_WATCHING && !v->dtls && d->data[0] == DTLS_ALERT;
}

static bool take_datagram(void *ctx, const struct viewers_datagram *d)
{
    struct viewers_viewer *v = ctx;
    uint8_t first = d->data[0];

    if (is_lost(v->common))
        count(v, VIEWERS_COUNTER_LOST_HERE, 1);
    else if (first >= RTP_FIRST && first <= RTP_LAST && v->state == VIEWERS_WATCHING)
        take_media(v, d);
    else if (first <= STUN_LAST)
        viewers_join_stun(v, d);
    else if (is_farewell(v, d))
        viewers_viewer_fail(v, "ended by the server: DTLS alert");
    else if (first >= DTLS_FIRST && first <= DTLS_LAST)
        viewers_join_dtls(v, d->data, d->len);
    return v->fd >= 0;
}

static int64_t next_ns(const struct viewers_viewer *v)
{
    int64_t join, feedback = INT64_MAX;

    if (v->state == VIEWERS_IDLE || v->state >= VIEWERS_LEAVING)
        return INT64_MAX;
    join = viewers_join_next_ns(v);
    if (v->state == VIEWERS_WATCHING)
        feedback = viewers_feedback_next_ns(&v->media);
    return join < feedback ? join : feedback;
}

void viewers_viewer_readable(int fd, short what, void *ctx)
{
    struct viewers_viewer *v = ctx;
    struct viewers_received received;

    (void)what;
    v->common->now_ns = ctl_now_ns();
    received = viewers_receiver_drain(v->common->receiver, fd, take_datagram, v);
    count(v, VIEWERS_COUNTER_RECEIVE_CALLS, received.calls);
    count(v, VIEWERS_COUNTER_MESSAGES, received.messages);
    *v->due_ns = next_ns(v);
}

// ---- time ----

void viewers_viewer_begin(struct viewers_viewer *v)
{
    v->began_ns = v->common->now_ns;
    viewers_viewer_enter(v, VIEWERS_POSTING);
    viewers_join_begin(v);
}

static void report(struct viewers_viewer *v)
{
    uint8_t out[VIEWERS_FEEDBACK_MAX];
    size_t len;

    if (v->media.report_ns <= v->common->now_ns)
        viewers_viewer_count_drops(v);
    len = viewers_feedback_write(&v->media, v->common->now_ns, v->ice.rtt_ns, out);
    if (len > 0)
        (void)send(v->fd, out, len, MSG_DONTWAIT);
    if (v->common->now_ns - v->ice.answered_ns > CONSENT_NS)
        viewers_viewer_fail(v, "ended: no answer to ICE checks for 30 s");
}

void viewers_viewer_tick(struct viewers_viewer *v)
{
    if (v->state != VIEWERS_IDLE && v->state < VIEWERS_LEAVING)
        viewers_join_tick(v);
    if (v->state == VIEWERS_WATCHING)
        report(v);
    *v->due_ns = next_ns(v);
}

// ---- figures ----

bool viewers_viewer_silent(const struct viewers_viewer *v)
{
    return v->joined && !v->ended && !v->unwatched &&
           v->common->now_ns - v->media.last_packet_ns > VIEWERS_SILENCE_NS;
}

void viewers_viewer_begin_measuring(struct viewers_viewer *v)
{
    viewers_viewer_count_drops(v);
    viewers_media_begin_measuring(&v->media, v->common->now_ns);
}

void viewers_viewer_end_measuring(struct viewers_viewer *v)
{
    viewers_viewer_count_drops(v);
    v->watched = v->joined && !v->ended && !v->unwatched;
    viewers_media_end_measuring(&v->media, v->common->now_ns);
}

void viewers_viewer_count_drops(struct viewers_viewer *v)
{
    uint32_t drops = v->fd >= 0 ? viewers_socket_drops(v->fd) : v->drops;

    count(v, VIEWERS_COUNTER_SOCKET_DROPS, drops - v->drops);
    v->drops = drops;
}
