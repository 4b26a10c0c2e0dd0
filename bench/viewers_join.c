// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_join.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/viewers_offer.h"
#include "control/clock.h"

#define LINGER_NS INT64_C(3000000000) // a DTLS server's last flight may be lost

enum {
    SOCKET_BUFFER = 1 << 20, // bytes: a keyframe and what follows it, several times over
    CREATED = 201,
    OK = 200, // not what WHEP asks for, but seen
};

// The part of the join that ends here has taken since the state was entered.
static void end_phase(struct viewers_viewer *v, enum viewers_phase phase)
{
    v->phase_ns[phase] = v->common->now_ns - v->entered_ns;
}

// ---- DTLS ----

static void flush_dtls(struct viewers_viewer *v)
{
    uint8_t datagram[WRTC_DGRAM_MTU];
    size_t len;

    while (viewers_dtls_next(v->dtls, datagram, &len))
        (void)send(v->fd, datagram, len, MSG_DONTWAIT);
}

// Keeps a close_notify for the end and frees the SSL object.
static void forget_dtls(struct viewers_viewer *v)
{
    v->forget_ns = INT64_MAX;
    v->farewell_len = (uint8_t)viewers_dtls_farewell(v->dtls, v->farewell, sizeof(v->farewell));
    viewers_dtls_destroy(v->dtls);
    v->dtls = NULL;
}

static void begin_watching(struct viewers_viewer *v)
{
    struct eng_srtp_keying keying;
    bool server = v->answer->transport.setup == WRTC_SETUP_ACTIVE;
    int err;

    viewers_dtls_keying(v->dtls, &keying);
    v->profile = keying.profile;
    err = viewers_media_start(&v->media, &keying, v->common->now_ns);
    explicit_bzero(&keying, sizeof(keying));
    if (err) {
        viewers_viewer_fail(v, "SRTP keys: %s", strerror(-err));
        return;
    }
    end_phase(v, VIEWERS_PHASE_DTLS);
    viewers_viewer_enter(v, VIEWERS_WATCHING);
    free(v->answer);
    v->answer = NULL;
    if (v->unwatched)
        viewers_viewer_join(v);
    if (server)
        v->forget_ns = v->common->now_ns + LINGER_NS;
    else
        forget_dtls(v);
}

static void after_dtls(struct viewers_viewer *v)
{
    const char *failure = viewers_dtls_failure(v->dtls);

    flush_dtls(v);
    if (failure)
        viewers_viewer_fail(v, "DTLS: %s", failure);
    else if (v->state == VIEWERS_HANDSHAKE && viewers_dtls_connected(v->dtls))
        begin_watching(v);
}

void viewers_join_dtls(struct viewers_viewer *v, const uint8_t *data, size_t len)
{
    if (!v->dtls)
        return;
    viewers_dtls_receive(v->dtls, data, len);
    after_dtls(v);
}

static void begin_handshake(struct viewers_viewer *v)
{
    const struct eng_addr *remote = viewers_ice_remote(&v->ice);
    const struct wrtc_transport *t = &v->answer->transport;

    if (connect(v->fd, &remote->sa, eng_addr_len(remote)) != 0) {
        viewers_viewer_fail(v, "connecting the socket: %s", strerror(errno));
        return;
    }
    end_phase(v, VIEWERS_PHASE_ICE);
    viewers_viewer_enter(v, VIEWERS_HANDSHAKE);
    if (viewers_dtls_create(v->common->dtls, &t->fingerprint, t->setup == WRTC_SETUP_ACTIVE,
                            &v->dtls) != 0) {
        viewers_viewer_fail(v, "DTLS: out of memory");
        return;
    }
    viewers_dtls_start(v->dtls);
    after_dtls(v);
}

// ---- ICE ----

static void send_check(void *ctx, const struct eng_addr *to, const uint8_t *data, size_t len)
{
    struct viewers_viewer *v = ctx;

    if (to->sa.sa_family == v->local.sa.sa_family)
        (void)sendto(v->fd, data, len, MSG_DONTWAIT, &to->sa, eng_addr_len(to));
}

void viewers_join_stun(struct viewers_viewer *v, const struct viewers_datagram *datagram)
{
    viewers_ice_receive(&v->ice, datagram->from, datagram->data, datagram->len, v->common->now_ns);
    if (v->state == VIEWERS_CHECKING && v->ice.state == VIEWERS_ICE_CONNECTED)
        begin_handshake(v);
}

// ---- offer and answer ----

// Takes the answer. NULL, or what is wrong with it.
static const char *read_answer(struct viewers_viewer *v, const struct viewers_response *response)
{
    const char *what = "out of memory";

    v->answer = malloc(sizeof(*v->answer));
    if (!v->answer || viewers_answer_parse(response->body, response->body_len, v->answer, &what))
        return what;
    return NULL;
}

static const char *read_location(struct viewers_viewer *v, const struct viewers_response *response)
{
    if (response->location[0] == '\0')
        return NULL; // nothing to delete then: close_notify has to do
    v->session = malloc(sizeof(*v->session));
    if (!v->session)
        return "out of memory";
    if (viewers_url_follow(v->url, response->location, v->session))
        return NULL;
    free(v->session);
    v->session = NULL;
    return "its Location cannot be followed";
}

static void on_posted(void *ctx, const struct viewers_response *response, const char *failure)
{
    struct viewers_viewer *v = ctx;

    v->http = NULL;
    v->common->now_ns = ctl_now_ns();
    if (response && response->status != CREATED && response->status != OK) {
        viewers_viewer_fail(v, "POST: %u %s", response->status, response->reason);
        return;
    }
    if (response) {
        failure = read_location(v, response);
        if (!failure)
            failure = read_answer(v, response);
    }
    if (failure) {
        viewers_viewer_fail(v, "POST: %s", failure);
        return;
    }
    end_phase(v, VIEWERS_PHASE_POST);
    viewers_viewer_enter(v, VIEWERS_CHECKING);
    viewers_media_init(&v->media, &v->common->env, v->answer, v->index);
    viewers_ice_start(&v->ice, v->answer, v->common->now_ns);
}

static int open_socket(struct viewers_viewer *v, struct eng_addr *host)
{
    int err = 0;

    if (v->local.sa.sa_family == AF_UNSPEC) {
        v->local.sa.sa_family = v->url->addr.sa.sa_family;
        err = viewers_socket_route(&v->url->addr, host);
    } else {
        *host = v->local;
    }
    if (err)
        return err;
    v->fd = viewers_socket_open(&v->local, SOCKET_BUFFER);
    if (v->fd < 0)
        return v->fd;
    eng_addr_set_port(host, viewers_socket_port(v->fd));
    v->readable =
        event_new(v->common->base, v->fd, EV_READ | EV_PERSIST, viewers_viewer_readable, v);
    if (v->readable && event_add(v->readable, NULL) == 0)
        return 0;
    return -ENOMEM;
}

void viewers_join_begin(struct viewers_viewer *v)
{
    struct viewers_offer offer = {
        .session_id = v->index + UINT64_C(1),
        .ufrag = v->ice.ufrag,
        .pwd = v->ice.pwd,
        .fingerprint = viewers_dtls_context_fingerprint(v->common->dtls),
        .nack = v->common->options->nack,
    };
    char text[VIEWERS_OFFER_MAX];
    int err;

    v->forget_ns = INT64_MAX;
    viewers_ice_init(&v->ice, send_check, v);
    err = open_socket(v, &offer.local);
    if (!err)
        err = viewers_viewer_request(v, "POST", v->url, text, viewers_offer_write(&offer, text),
                                     on_posted);
    if (err)
        viewers_viewer_fail(v, "opening a socket: %s", strerror(-err));
}

// ---- time ----

static void give_up(struct viewers_viewer *v)
{
    switch (v->state) {
    case VIEWERS_POSTING:
        viewers_viewer_fail(v, "POST: timed out");
        break;
    case VIEWERS_CHECKING:
        if (v->ice.pair_count == 0)
            viewers_viewer_fail(v, "ICE: no candidate in the answer but %u that cannot be used",
                                v->answer->unusable);
        else if (v->ice.error)
            viewers_viewer_fail(v, "ICE: checks are refused with %u", v->ice.error);
        else
            viewers_viewer_fail(v, "ICE: no candidate answers");
        break;
    case VIEWERS_HANDSHAKE:
        viewers_viewer_fail(v, "DTLS: timed out");
        break;
    default:
        viewers_viewer_fail(v, "media: no %s", v->media.first_packet_ns ? "keyframe" : "packet");
    }
}

void viewers_join_tick(struct viewers_viewer *v)
{
    int64_t now_ns = v->common->now_ns;

    if (v->deadline_ns <= now_ns) {
        give_up(v);
        return;
    }
    if (v->state >= VIEWERS_CHECKING)
        viewers_ice_tick(&v->ice, now_ns);
    if (v->forget_ns <= now_ns)
        forget_dtls(v);
    if (v->state == VIEWERS_HANDSHAKE && viewers_dtls_next_ns(v->dtls, now_ns) <= now_ns) {
        viewers_dtls_tick(v->dtls);
        after_dtls(v);
    }
}

int64_t viewers_join_next_ns(const struct viewers_viewer *v)
{
    int64_t next = v->deadline_ns, other = INT64_MAX;

    if (v->state >= VIEWERS_CHECKING)
        other = viewers_ice_next_ns(&v->ice);
    next = other < next ? other : next;
    if (v->state == VIEWERS_HANDSHAKE)
        other = viewers_dtls_next_ns(v->dtls, v->common->now_ns);
    next = other < next ? other : next;
    return v->forget_ns < next ? v->forget_ns : next;
}
