// SPDX-License-Identifier: Apache-2.0
#include "rtsp/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netdb.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtsp/dial.h"
#include "rtsp/tunnel.h"

enum {
    PIECE = 3 * 1024, // bytes encoded at once: whole groups of three
    CODE = PIECE / 3 * 4,
};

// Of a tunnel, as far as the plain link does not need it.
struct tunnel {
    struct rtsp_tunnel http;
    struct rtsp_url url;
    char address[NI_MAXHOST]; // of the camera that has answered first
    struct rtsp_dial *dial;
    struct event *deadline;
    struct event *pause;
    struct evbuffer *waiting; // for the tunnel to open
    bool answered;            // GET was
    bool open;
    bool confirmed; // POST was answered, too
};

struct rtsp_link {
    struct event_base *base;
    struct rtsp_trust trust;
    struct rtsp_connection_owner owner;
    struct rtsp_connection *down; // what the camera sends
    struct rtsp_connection *up;   // what it is sent, NULL: the same, or not there yet
    struct tunnel *tunnel;        // NULL: none
};

static void hang_up(struct rtsp_link *link)
{
    rtsp_connection_destroy(link->down);
    rtsp_connection_destroy(link->up);
    link->down = link->up = NULL;
    if (!link->tunnel)
        return;
    rtsp_dial_destroy(link->tunnel->dial);
    link->tunnel->dial = NULL;
    event_del(link->tunnel->deadline);
    event_del(link->tunnel->pause);
}

// The owner destroys the link and all texts in it, so that this comes last.
static void end(struct rtsp_link *link, enum rtsp_cause cause, const char *error)
{
    char text[RTSP_TLS_ERROR_MAX];

    snprintf(text, sizeof(text), "%s", error);
    hang_up(link);
    link->owner.on_end(link->owner.ctx, cause, text);
}

static void on_connection_end(void *ctx, enum rtsp_cause cause, const char *error)
{
    struct rtsp_link *link = ctx;
    char text[RTSP_TUNNEL_ERROR_MAX];

    if (cause == RTSP_CAUSE_CLOSED && !link->tunnel->answered) {
        snprintf(text, sizeof(text), "%.64s hangs up on HTTP; does it tunnel RTSP on this port?",
                 link->tunnel->url.host);
        error = text;
    }
    end(link, cause, error);
}

// ---- up ----

static int send_code(struct rtsp_link *link, const uint8_t *data, size_t len)
{
    uint8_t code[CODE + 1];
    int rc = 0;

    for (size_t at = 0; at < len && rc == 0; at += PIECE) {
        int piece = len - at < PIECE ? (int)(len - at) : PIECE;

        rc = rtsp_connection_send(link->up, code, (size_t)EVP_EncodeBlock(code, data + at, piece));
    }
    explicit_bzero(code, sizeof(code)); // of a password, perhaps
    return rc;
}

static int send_head(struct rtsp_link *link, struct rtsp_connection *over, const char *method)
{
    char head[RTSP_TUNNEL_ASK_MAX];
    int len = rtsp_tunnel_ask(&link->tunnel->http, method, head);
    int rc = len < 0 ? len : rtsp_connection_send(over, (const uint8_t *)head, (size_t)len);

    explicit_bzero(head, sizeof(head));
    return rc;
}

// A camera that answers POST at all either refuses it, or goes on as if it had said nothing.
static void on_up_bytes(void *ctx, const uint8_t *data, size_t len)
{
    struct rtsp_link *link = ctx;
    struct tunnel *t = link->tunnel;
    size_t used;

    if (t->confirmed)
        return;
    switch (rtsp_tunnel_take(&t->http, data, len, &used)) {
    case RTSP_TUNNEL_OPEN:
        t->confirmed = true;
        break;
    case RTSP_TUNNEL_FAILED:
        end(link, t->http.cause, t->http.error);
        break;
    case RTSP_TUNNEL_MORE:
    case RTSP_TUNNEL_AGAIN:
        break;
    }
}

static int pause_after_post(struct tunnel *t)
{
    const struct timeval pause = {0, RTSP_LINK_PAUSE_MS * 1000};

    return event_add(t->pause, &pause) < 0 ? -ENOMEM : 0;
}

static int begin_post(struct rtsp_link *link, int fd)
{
    const struct rtsp_connection_owner owner = {
        .on_bytes = on_up_bytes, .on_end = on_connection_end, .ctx = link};
    int rc =
        rtsp_connection_create(link->base, fd, &link->tunnel->url, &link->trust, &owner, &link->up);

    if (rc == 0)
        rc = send_head(link, link->up, "POST");
    return rc < 0 ? rc : pause_after_post(link->tunnel);
}

static void on_pause(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_link *link = ctx;
    struct tunnel *t = link->tunnel;
    size_t len = evbuffer_get_length(t->waiting);
    int rc = 0;

    (void)fd;
    (void)what;
    if (rtsp_connection_unsent(link->up) > 0) { // by a handshake that is not over
        rc = pause_after_post(t);
    } else {
        event_del(t->deadline);
        t->open = true;
        if (len > 0)
            rc = send_code(link, evbuffer_pullup(t->waiting, -1), len);
        evbuffer_drain(t->waiting, len);
    }
    if (rc < 0)
        end(link, RTSP_CAUSE_LOCAL, "out of memory");
}

// ---- down ----

static void on_dialed(void *ctx, int fd, const char *error);

// False: ended.
static bool dial(struct rtsp_link *link)
{
    struct tunnel *t = link->tunnel;

    if (rtsp_dial_start(link->base, t->address, t->url.port, on_dialed, link, &t->dial) == 0)
        return true;
    end(link, RTSP_CAUSE_LOCAL, "out of memory");
    return false;
}

static void on_down_bytes(void *ctx, const uint8_t *data, size_t len)
{
    struct rtsp_link *link = ctx;
    struct tunnel *t = link->tunnel;
    size_t used = 0;

    if (!t->answered) {
        switch (rtsp_tunnel_take(&t->http, data, len, &used)) {
        case RTSP_TUNNEL_MORE:
            return;
        case RTSP_TUNNEL_OPEN:
            t->answered = true;
            if (!dial(link))
                return;
            break;
        case RTSP_TUNNEL_AGAIN:
            rtsp_connection_destroy(link->down);
            link->down = NULL;
            dial(link);
            return;
        case RTSP_TUNNEL_FAILED:
            end(link, t->http.cause, t->http.error);
            return;
        }
    }
    if (len > used)
        link->owner.on_bytes(link->owner.ctx, data + used, len - used);
}

static int begin_get(struct rtsp_link *link, int fd)
{
    const struct rtsp_connection_owner owner = {
        .on_bytes = on_down_bytes, .on_end = on_connection_end, .ctx = link};
    int rc = rtsp_connection_create(link->base, fd, &link->tunnel->url, &link->trust, &owner,
                                    &link->down);

    return rc == 0 ? send_head(link, link->down, "GET") : rc;
}

static void on_dialed(void *ctx, int fd, const char *error)
{
    struct rtsp_link *link = ctx;
    struct tunnel *t = link->tunnel;
    int rc;

    if (fd < 0) {
        end(link, rtsp_dial_cause(fd), error);
        return;
    }
    rtsp_dial_destroy(t->dial);
    t->dial = NULL;
    rc = t->answered ? begin_post(link, fd) : begin_get(link, fd);
    if (rc < 0)
        end(link, RTSP_CAUSE_LOCAL,
            rc == -ENOMEM ? "out of memory" : "cannot make the requests of a tunnel");
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_link *link = ctx;
    char text[RTSP_TUNNEL_ERROR_MAX];

    (void)fd;
    (void)what;
    snprintf(text, sizeof(text),
             "%s to %.64s does not get through within %d s; does it tunnel RTSP on this port?",
             link->tunnel->answered ? "POST" : "GET", link->tunnel->url.host,
             RTSP_LINK_TUNNEL_MS / 1000);
    end(link, RTSP_CAUSE_UNREACHABLE, text);
}

// ---- both ----

static void find_address(struct tunnel *t, int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);

    if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ||
        getnameinfo((struct sockaddr *)&peer, len, t->address, sizeof(t->address), NULL, 0,
                    NI_NUMERICHOST) != 0)
        snprintf(t->address, sizeof(t->address), "%s", t->url.host);
}

// Takes over fd, as rtsp_link_create().
static int open_tunnel(struct rtsp_link *link, int fd, const struct rtsp_url *url)
{
    const struct timeval limit = {RTSP_LINK_TUNNEL_MS / 1000, RTSP_LINK_TUNNEL_MS % 1000 * 1000};
    struct tunnel *t = calloc(1, sizeof(*t));
    int rc = -ENOMEM;

    link->tunnel = t;
    if (t) {
        t->url = *url;
        t->waiting = evbuffer_new();
        t->deadline = evtimer_new(link->base, on_deadline, link);
        t->pause = evtimer_new(link->base, on_pause, link);
        if (t->waiting && t->deadline && t->pause && event_add(t->deadline, &limit) == 0)
            rc = rtsp_tunnel_init(&t->http, url);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    find_address(t, fd);
    return begin_get(link, fd);
}

int rtsp_link_create(struct event_base *base, int fd, const struct rtsp_url *url,
                     const struct rtsp_trust *trust, const struct rtsp_connection_owner *owner,
                     struct rtsp_link **out)
{
    struct rtsp_link *link = calloc(1, sizeof(*link));
    int rc;

    if (!link) {
        close(fd);
        return -ENOMEM;
    }
    link->base = base;
    link->trust = *trust;
    link->owner = *owner;
    rc = url->tunnel ? open_tunnel(link, fd, url)
                     : rtsp_connection_create(base, fd, url, trust, owner, &link->down);
    if (rc < 0) {
        rtsp_link_destroy(link);
        return rc;
    }
    *out = link;
    return 0;
}

int rtsp_link_send(struct rtsp_link *link, const uint8_t *data, size_t len)
{
    struct tunnel *t = link->tunnel;

    if (!t)
        return rtsp_connection_send(link->down, data, len);
    if (t->open)
        return link->up ? send_code(link, data, len) : -EPIPE; // it has ended
    if (evbuffer_get_length(t->waiting) + len > RTSP_CONNECTION_UNSENT_MAX)
        return -ENOBUFS;
    return evbuffer_add(t->waiting, data, len) < 0 ? -ENOMEM : 0;
}

void rtsp_link_destroy(struct rtsp_link *link)
{
    struct tunnel *t;

    if (!link)
        return;
    t = link->tunnel;
    rtsp_connection_destroy(link->down);
    rtsp_connection_destroy(link->up);
    if (t) {
        rtsp_dial_destroy(t->dial);
        if (t->deadline)
            event_free(t->deadline);
        if (t->pause)
            event_free(t->pause);
        if (t->waiting)
            evbuffer_free(t->waiting);
        rtsp_tunnel_fini(&t->http);
        explicit_bzero(&t->url, sizeof(t->url));
        free(t);
    }
    free(link);
}
