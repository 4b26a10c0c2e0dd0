// SPDX-License-Identifier: Apache-2.0
#include "rtsp/client.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/auth.h"
#include "rtsp/description.h"
#include "rtsp/headers.h"
#include "rtsp/interleaved.h"
#include "rtsp/message.h"
#include "rtsp/outbox.h"
#include "rtsp/redirect.h"
#include "rtsp/refusal.h"
#include "rtsp/reply.h"
#include "rtsp/request.h"
#include "rtsp/transcode.h"

enum state {
    OPTIONS,
    DESCRIBE,
    SETUP,
    PLAY,
    PLAYING,
    TEARDOWN,
    CLOSED
};

enum {
    // Actions that one message can lead to, besides SEND: READY, and an end.
    QUEUE_MAX = 4,
    // How often to look whether the transcoder is there.
    LOADING_MS = 20,
};

struct rtsp_client {
    struct rtsp_url configured;
    struct rtsp_url url; // of this connection
    unsigned redirects;
    struct rtsp_auth auth;
    struct rtsp_interleaved in;
    uint64_t dropped;

    enum state state;
    int64_t now_ms;
    int64_t due_ms; // response, keepalive or teardown
    uint32_t cseq;
    bool get_parameter; // in the camera's Public
    bool waits;         // in DESCRIBE, with nothing asked, for the transcoder
    struct rtsp_description description;
    enum rtsp_transport_kind asked;
    uint16_t port[ENG_TRACKS]; // UDP: ours, of RTP
    bool tcp_too;              // asked may become TCP
    struct rtsp_transport transport[ENG_TRACKS];
    enum eng_track setup;           // the track that is being set up
    char session[RTSP_SESSION_MAX]; // empty: none yet
    uint32_t session_s;

    enum rtsp_action_type queue[QUEUE_MAX];
    unsigned queued;
    char text[RTSP_TEXT_MAX];
    enum rtsp_cause cause;         // of a failure
    enum rtsp_action_type verdict; // what comes of TEARDOWN
    struct rtsp_outbox out;
};

// ---- what comes out ----

static void push(struct rtsp_client *c, enum rtsp_action_type type)
{
    assert(c->queued < QUEUE_MAX);
    c->queue[c->queued++] = type;
}

static void close_with(struct rtsp_client *c, enum rtsp_action_type type)
{
    c->state = CLOSED;
    c->due_ms = INT64_MAX;
    push(c, type);
}

static void enter(struct rtsp_client *c, enum state state);

// Closes, but tears the session down before that if there is one: a camera with few of them would
// have none left when we are back.
static void leave_with(struct rtsp_client *c, enum rtsp_action_type type)
{
    c->verdict = type;
    if (c->session[0] == '\0' || c->state == TEARDOWN)
        close_with(c, type);
    else
        enter(c, TEARDOWN);
}

__attribute__((format(printf, 2, 3))) static void fail(struct rtsp_client *c, const char *format,
                                                       ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->text, sizeof(c->text), format, args);
    va_end(args);
    leave_with(c, RTSP_ACTION_FAILED);
}

static const char *method_of(const struct rtsp_client *c)
{
    static const char *const methods[] = {
        [OPTIONS] = "OPTIONS", [DESCRIBE] = "DESCRIBE", [SETUP] = "SETUP",       [PLAY] = "PLAY",
        [PLAYING] = "OPTIONS", [TEARDOWN] = "TEARDOWN", [CLOSED] = "no request",
    };

    return c->state == PLAYING && c->get_parameter ? "GET_PARAMETER" : methods[c->state];
}

static const char *target_of(const struct rtsp_client *c)
{
    if (c->state == OPTIONS || c->state == DESCRIBE)
        return c->url.request;
    return c->state == SETUP ? c->description.control.track[c->setup]
                             : c->description.control.aggregate;
}

// By which the track that is being set up shall come: the channel or port of RTP.
static uint16_t number_of(const struct rtsp_client *c)
{
    return c->asked == RTSP_TRANSPORT_TCP ? (uint16_t)(c->setup * 2) : c->port[c->setup];
}

// Sends the request of the state that the client is in.
static void ask(struct rtsp_client *c)
{
    char authorization[RTSP_AUTH_HEADER_MAX];
    char transport[RTSP_TRANSPORT_MAX];
    struct rtsp_request request = {.method = method_of(c),
                                   .url = target_of(c),
                                   .cseq = ++c->cseq,
                                   .authorization = authorization,
                                   .session = c->session};
    int rc = rtsp_auth_header(&c->auth, request.method, request.url, authorization,
                              sizeof(authorization));

    c->due_ms = c->now_ms + (c->state == TEARDOWN ? RTSP_TEARDOWN_MS : RTSP_RESPONSE_MS);
    c->waits = false;
    if (c->state == DESCRIBE)
        request.accept = "application/sdp";
    if (c->state == SETUP) {
        rtsp_transport_ask(c->asked, number_of(c), transport);
        request.transport = transport;
    }
    if (c->state == PLAY)
        request.range = "npt=0.000-";
    if (rc < 0 || !rtsp_request_put(&c->out, &request))
        fail(c, "cannot make the %s request for %.64s: %s", request.method, c->url.host,
             rc == -EIO ? "OpenSSL has no such hash" : "URL or credentials are too long");
    explicit_bzero(authorization, sizeof(authorization));
}

static void enter(struct rtsp_client *c, enum state state)
{
    c->state = state;
    if (state == PLAYING)
        c->due_ms = c->now_ms + (int64_t)c->session_s * 1000 / 2;
    else
        ask(c);
}

// ---- what the camera refuses ----

static void refuse(struct rtsp_client *c, const struct rtsp_message *m)
{
    if (m->status == 401 || m->status == 403)
        c->cause = RTSP_CAUSE_AUTH;
    rtsp_refusal_describe(m, method_of(c), c->url.host, c->text, sizeof(c->text));
    leave_with(c, RTSP_ACTION_FAILED);
}

// A 401. In PLAYING and TEARDOWN nothing that it leads to is an error.
static void handle_challenge(struct rtsp_client *c, const struct rtsp_message *m)
{
    int rc = rtsp_auth_challenge(&c->auth, m);

    if (rc == 0) {
        enum state state = c->state;
        int64_t due_ms = c->due_ms;

        ask(c);
        // Neither the keepalive's rhythm nor the patience with a TEARDOWN begins anew.
        if (c->state == state && (state == PLAYING || state == TEARDOWN))
            c->due_ms = due_ms;
    } else if (c->state == TEARDOWN) {
        close_with(c, c->verdict);
    } else if (c->state == PLAYING) {
        return;
    } else if (rc == -EACCES) {
        refuse(c, m);
    } else {
        if (rc == -ENOKEY)
            c->cause = RTSP_CAUSE_AUTH;
        rtsp_refusal_challenge(rc, c->url.host, c->text, sizeof(c->text));
        leave_with(c, RTSP_ACTION_FAILED);
    }
}

// Goes where the camera says. False: that leads nowhere, and c->text says why.
static bool follow(struct rtsp_client *c, const struct rtsp_message *m)
{
    if (rtsp_redirect_follow(m, &c->url, &c->redirects, c->text, sizeof(c->text)) < 0)
        return false;
    leave_with(c, RTSP_ACTION_REDIRECT);
    return true;
}

// ---- what the camera answers ----

static bool has_track(const struct rtsp_client *c, enum eng_track track)
{
    return rtsp_description_has(&c->description, track);
}

// Sets up the first track from this one on, or plays if there is none left.
static void setup_from(struct rtsp_client *c, enum eng_track track)
{
    while (track < ENG_TRACKS && !has_track(c, track))
        track++;
    if (track < ENG_TRACKS) {
        c->setup = track;
        enter(c, SETUP);
        return;
    }
    enter(c, PLAY);
    if (c->state == PLAY)
        push(c, RTSP_ACTION_READY);
}

// Asks for the SDP anew once it is known what can be carried of it.
static void ask_when_known(struct rtsp_client *c)
{
    c->waits = rtsp_transcoder_find() == -EAGAIN;
    if (c->waits)
        c->due_ms = c->now_ms + LOADING_MS;
    else
        ask(c);
}

static void handle_described(struct rtsp_client *c, const struct rtsp_message *m)
{
    const char *why;

    switch (rtsp_description_read(&c->description, c->url.request, m)) {
    case 0:
        setup_from(c, ENG_VIDEO);
        break;
    case -EAGAIN:
        ask_when_known(c);
        break;
    case -ENOENT:
        c->cause = RTSP_CAUSE_CODEC;
        why = rtsp_description_lacks(&c->description);
        if (why)
            fail(c, "%s", why);
        else
            fail(c, "%.64s offers no audio or video; check the path", c->url.host);
        break;
    case -EINVAL:
        fail(c, "%.64s names a control URL with blanks in it or of more than %d bytes", c->url.host,
             RTSP_URL_MAX - 1);
        break;
    default:
        fail(c, "%.64s describes the stream with an SDP that has no media; check the path",
             c->url.host);
        break;
    }
}

// False: the camera will not send as it was asked to.
static bool take_transport(struct rtsp_client *c, const struct rtsp_message *m)
{
    struct rtsp_transport *t = &c->transport[c->setup];

    *t = (struct rtsp_transport){.kind = c->asked,
                                 .rtp_channel = (uint8_t)(c->setup * 2),
                                 .rtcp_channel = (uint8_t)(c->setup * 2 + 1)};
    if (rtsp_transport_read(m, t) < 0)
        return false;
    if (t->kind == RTSP_TRANSPORT_TCP) {
        rtsp_interleaved_expect(&c->in, t->rtp_channel);
        rtsp_interleaved_expect(&c->in, t->rtcp_channel);
        return true; // also where UDP was asked for: it has decided
    }
    return t->kind == c->asked;
}

// Whether the answer to the first SETUP may mean that UDP is what the camera does not want.
static bool refuses_udp(const struct rtsp_client *c, unsigned status)
{
    bool first = c->setup == ENG_VIDEO || !has_track(c, ENG_VIDEO);

    return c->asked != RTSP_TRANSPORT_TCP && c->tcp_too && first &&
           (status == 461 || status == 400 || status >= 500);
}

static void handle_setup(struct rtsp_client *c, const struct rtsp_message *m, bool good)
{
    if (good) {
        rtsp_headers_session(m, c->session, &c->session_s);
        if (take_transport(c, m))
            setup_from(c, c->setup + 1);
        else
            fail(c, "%.64s will not send RTP by %s; allow that in the camera", c->url.host,
                 rtsp_transport_name(c->asked));
    } else if (refuses_udp(c, m->status)) {
        c->asked = RTSP_TRANSPORT_TCP;
        ask(c);
    } else if (c->setup == ENG_AUDIO && has_track(c, ENG_VIDEO)) {
        // A picture without sound is better than neither.
        rtsp_refusal_describe(m, method_of(c), c->url.host, c->description.note[ENG_AUDIO],
                              RTSP_NOTE_MAX);
        c->description.sdp.track[ENG_AUDIO].format.codec = RTSP_CODEC_NONE;
        setup_from(c, ENG_TRACKS);
    } else {
        refuse(c, m);
    }
}

static void handle_response(struct rtsp_client *c, const struct rtsp_message *m)
{
    bool good = m->status / 100 == 2;

    if (m->status < 200)
        return;
    if (m->status == 401) {
        handle_challenge(c, m);
        return;
    }
    rtsp_auth_accept(&c->auth);
    if (m->status / 100 == 3 && m->status != 304 && c->state < PLAY) {
        if (!follow(c, m))
            leave_with(c, RTSP_ACTION_FAILED);
        return;
    }
    switch (c->state) {
    case OPTIONS:
        c->get_parameter = rtsp_headers_public(m, "GET_PARAMETER");
        enter(c, DESCRIBE);
        break;
    case DESCRIBE:
        if (good)
            handle_described(c, m);
        else
            refuse(c, m);
        break;
    case SETUP:
        handle_setup(c, m, good);
        break;
    case PLAY:
        if (good)
            enter(c, PLAYING);
        else
            refuse(c, m);
        break;
    case PLAYING:
        // It said that it knows GET_PARAMETER, and does not.
        if (!good)
            c->get_parameter = false;
        break;
    case TEARDOWN:
        close_with(c, c->verdict);
        break;
    case CLOSED:
        break;
    }
}

// A camera that tears the session down closes the connection after that, or never. One that sends
// us nowhere goes on playing for as long as it likes.
static void handle_request(struct rtsp_client *c, const struct rtsp_message *m)
{
    rtsp_reply_to(m, c->session, &c->out);
    if (rtsp_span_is(m->method, "TEARDOWN"))
        close_with(c, c->state == TEARDOWN ? c->verdict : RTSP_ACTION_CLOSED);
    else if (rtsp_span_is(m->method, "REDIRECT") && c->state == PLAYING && !follow(c, m))
        push(c, RTSP_ACTION_NOTE);
}

// ---- what goes in ----

int rtsp_client_create(const struct rtsp_url *url, struct rtsp_client **out)
{
    struct rtsp_client *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->configured = *url;
    c->state = CLOSED;
    c->due_ms = INT64_MAX;
    rtsp_interleaved_init(&c->in);
    rtsp_client_rewind(c);
    *out = c;
    return 0;
}

void rtsp_client_destroy(struct rtsp_client *client)
{
    if (!client)
        return;
    rtsp_interleaved_fini(&client->in);
    explicit_bzero(client, sizeof(*client));
    free(client);
}

void rtsp_client_rewind(struct rtsp_client *client)
{
    client->url = client->configured;
    client->redirects = 0;
}

const struct rtsp_url *rtsp_client_url(const struct rtsp_client *client)
{
    return &client->url;
}

void rtsp_client_ask_for(struct rtsp_client *client, enum rtsp_transport_kind kind,
                         const uint16_t port[ENG_TRACKS], bool tcp_too)
{
    client->asked = kind;
    if (port)
        memcpy(client->port, port, sizeof(client->port));
    client->tcp_too = tcp_too;
}

static void forget_input(struct rtsp_client *c)
{
    c->dropped += c->in.losses;
    rtsp_interleaved_fini(&c->in);
    rtsp_interleaved_init(&c->in);
}

void rtsp_client_start(struct rtsp_client *client, int64_t now_ms)
{
    forget_input(client);
    rtsp_auth_fini(&client->auth);
    rtsp_auth_init(&client->auth, client->url.user, client->url.password);
    rtsp_outbox_clear(&client->out);
    client->queued = 0;
    client->cseq = 0;
    client->get_parameter = false;
    client->description.sdp = (struct rtsp_sdp){0};
    client->session[0] = '\0';
    client->session_s = RTSP_SESSION_S;
    client->cause = RTSP_CAUSE_PROTOCOL;
    client->now_ms = now_ms;
    enter(client, OPTIONS);
}

void rtsp_client_input(struct rtsp_client *client, const uint8_t *data, size_t len, int64_t now_ms)
{
    client->now_ms = now_ms;
    if (client->state != CLOSED && rtsp_interleaved_push(&client->in, data, len) < 0)
        fail(client, "out of memory");
}

void rtsp_client_tick(struct rtsp_client *client, int64_t now_ms)
{
    client->now_ms = now_ms;
    if (now_ms < client->due_ms)
        return;
    if (client->state == PLAYING) {
        ask(client);
        if (client->state == PLAYING)
            client->due_ms = now_ms + (int64_t)client->session_s * 1000 / 2;
    } else if (client->state == TEARDOWN) {
        close_with(client, client->verdict);
    } else if (client->waits) {
        ask_when_known(client);
    } else if (client->state != CLOSED) {
        client->cause = RTSP_CAUSE_UNREACHABLE;
        fail(client, "no answer to %s from %.64s within %d s; is it an RTSP server, and healthy?",
             method_of(client), client->url.host, RTSP_RESPONSE_MS / 1000);
    }
}

int64_t rtsp_client_due_ms(const struct rtsp_client *client)
{
    return client->due_ms;
}

void rtsp_client_stop(struct rtsp_client *client, int64_t now_ms)
{
    client->now_ms = now_ms;
    if (client->state == TEARDOWN)
        client->verdict = RTSP_ACTION_CLOSED;
    else if (client->state != CLOSED)
        leave_with(client, RTSP_ACTION_CLOSED);
}

void rtsp_client_end(struct rtsp_client *client)
{
    if (client->state == TEARDOWN)
        close_with(client, client->verdict);
}

static bool take_frame(struct rtsp_client *c, const struct rtsp_unit *unit, struct rtsp_action *out)
{
    if (c->state != PLAY && c->state != PLAYING)
        return false;
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct rtsp_transport *transport = &c->transport[t];

        if (!has_track(c, (enum eng_track)t))
            continue;
        if (transport->kind != RTSP_TRANSPORT_TCP ||
            (unit->channel != transport->rtp_channel && unit->channel != transport->rtcp_channel))
            continue;
        *out = (struct rtsp_action){
            .type = unit->channel == transport->rtp_channel ? RTSP_ACTION_RTP : RTSP_ACTION_RTCP,
            .track = (enum eng_track)t,
            .data = unit->data,
            .len = unit->len};
        return true;
    }
    c->dropped++;
    return false;
}

// The actions that are already there. False: none.
static bool take_action(struct rtsp_client *c, struct rtsp_action *out)
{
    *out = (struct rtsp_action){.type = RTSP_ACTION_SEND};
    out->len = rtsp_outbox_take(&c->out, &out->data);
    if (out->len > 0)
        return true;
    if (c->queued == 0)
        return false;
    *out = (struct rtsp_action){.type = c->queue[0], .text = c->text, .cause = c->cause};
    memmove(c->queue, c->queue + 1, --c->queued * sizeof(c->queue[0]));
    return true;
}

// What comes is not RTSP. The answer to TEARDOWN may still be behind it.
static void handle_junk(struct rtsp_client *c, int rc)
{
    forget_input(c);
    if (c->state != TEARDOWN)
        fail(c, "what %.64s sends is %s", c->url.host,
             rc == -ENOMEM ? "more than there is memory for"
                           : "not RTSP; check the port in the source URL");
}

bool rtsp_client_next(struct rtsp_client *client, struct rtsp_action *out)
{
    while (!take_action(client, out)) {
        struct rtsp_unit unit;
        int rc;

        if (client->state == CLOSED)
            return false;
        rc = rtsp_interleaved_next(&client->in, &unit);
        if (rc == 0)
            return false;
        if (rc < 0)
            handle_junk(client, rc);
        else if (unit.frame && take_frame(client, &unit, out))
            return true;
        else if (!unit.frame && unit.message.request)
            handle_request(client, &unit.message);
        else if (!unit.frame)
            handle_response(client, &unit.message);
    }
    return true;
}

const char *rtsp_client_note(const struct rtsp_client *client, enum eng_track track)
{
    return client->description.note[track];
}

const struct rtsp_format *rtsp_client_format(const struct rtsp_client *client, enum eng_track track)
{
    return has_track(client, track) ? &client->description.sdp.track[track].format : NULL;
}

const struct rtsp_transport *rtsp_client_transport(const struct rtsp_client *client,
                                                   enum eng_track track)
{
    return &client->transport[track];
}

uint64_t rtsp_client_dropped(const struct rtsp_client *client)
{
    return client->dropped + client->in.losses;
}
