// SPDX-License-Identifier: Apache-2.0
//
// A small camera that listens on 127.0.0.1, in the event loop of whom it plays to, and the publish
// door behind them, which counts. Include it in one file per program.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/publish.h"

// ---- the engine's door ----

static uint8_t room[ENG_PAYLOAD_MAX];
static unsigned committed;
static unsigned flushed; // packets that were visible at the last flush

uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len)
{
    (void)stream;
    (void)track;
    assert_in_range(len, 1, ENG_PAYLOAD_MAX);
    return room;
}

void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet)
{
    (void)stream;
    assert_int_equal(track, ENG_AUDIO);
    assert_int_equal(packet->len, 160);
    committed++;
}

void eng_publish_flush(struct eng_stream *stream, int64_t now_ns)
{
    (void)stream;
    (void)now_ns;
    flushed = committed;
}

uint64_t eng_publish_next(const struct eng_stream *stream, enum eng_track track)
{
    (void)stream;
    (void)track;
    return 0;
}

int eng_publish_read(const struct eng_stream *stream, enum eng_track track, uint64_t index,
                     struct eng_packet *packet, const uint8_t **payload)
{
    (void)stream;
    (void)track;
    (void)index;
    (void)packet;
    (void)payload;
    return -EAGAIN;
}

static bool keyframe_wanted;

int eng_publish_keyframe_wanted(struct eng_stream *stream)
{
    bool wanted = keyframe_wanted;

    (void)stream;
    keyframe_wanted = false;
    return wanted;
}

// ---- the camera ----

enum {
    MEDIA_US = 20000,
};

struct camera {
    struct event_base *base;
    struct evconnlistener *listener;
    uint16_t port;
    struct bufferevent *peer;
    struct event *media;
    char asked[256];      // first letters of the methods that were asked for
    const char *location; // redirects there
    bool silent;          // plays, but sends no media
    bool chatty;          // asks and asks
    bool video;           // H.264 in place of PCMU, and no picture that could be shown
    bool closed;          // nobody may see it: 403
    bool listens;         // to PLI
    unsigned plis;        // that it heard
    unsigned reports;     // compound packets, those with PLI included
    uint16_t sequence;
};

static inline void hang_up(struct camera *c)
{
    event_del(c->media);
    if (c->peer)
        bufferevent_free(c->peer);
    c->peer = NULL;
}

static inline void on_media(evutil_socket_t fd, short what, void *ctx)
{
    struct camera *c = ctx;
    uint8_t frame[4 + 12 + 160] = {'$', 4, 0, 172, 0x80, c->video ? 96 : 0};
    uint32_t timestamp = c->sequence * 160U;

    (void)fd;
    (void)what;
    if (!c->peer || c->silent)
        return;
    frame[6] = (uint8_t)(c->sequence >> 8);
    frame[7] = (uint8_t)c->sequence;
    frame[8] = (uint8_t)(timestamp >> 24);
    frame[9] = (uint8_t)(timestamp >> 16);
    frame[10] = (uint8_t)(timestamp >> 8);
    frame[11] = (uint8_t)timestamp;
    c->sequence++;
    bufferevent_write(c->peer, frame, sizeof(frame));
    if (c->chatty) // and it does not even read what it asked for
        bufferevent_disable(c->peer, EV_READ);
    for (int i = 0; i < 1000 && c->chatty; i++)
        evbuffer_add_printf(bufferevent_get_output(c->peer), "OPTIONS * RTSP/1.0\r\n\r\n");
}

static inline void answer(struct camera *c, char method)
{
    static const char pcmu[] = "m=audio 0 RTP/AVP 0\r\na=control:a\r\n";
    static const char h264_pli[] = "m=video 0 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                                   "a=rtcp-fb:96 nack pli\r\na=control:v\r\n";
    static const char h264[] = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                               "a=control:v\r\n";
    const char *sdp = c->listens ? h264_pli : c->video ? h264 : pcmu;
    struct evbuffer *out = bufferevent_get_output(c->peer);
    struct timeval interval = {0, MEDIA_US};

    if (method == 'O' && c->location)
        evbuffer_add_printf(out, "RTSP/1.0 302 Moved\r\nLocation: %s\r\n\r\n", c->location);
    else if (method == 'D' && c->closed)
        evbuffer_add_printf(out, "RTSP/1.0 403 Forbidden\r\n\r\n");
    else if (method == 'D')
        evbuffer_add_printf(out, "RTSP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(sdp),
                            sdp);
    else if (method == 'S')
        evbuffer_add_printf(out, "RTSP/1.0 200 OK\r\nSession: 1;timeout=2\r\n"
                                 "Transport: RTP/AVP/TCP;interleaved=4-5\r\n\r\n");
    else
        evbuffer_add_printf(out, "RTSP/1.0 200 OK\r\n\r\n");
    if (method == 'P')
        event_add(c->media, &interval);
}

// What begins with '$' is RTCP on the channel of its own (RFC 2326 10.12). False: none, or not all.
static inline bool take_rtcp(struct camera *c, struct evbuffer *in)
{
    uint8_t frame[256];
    ssize_t have = evbuffer_copyout(in, frame, sizeof(frame));

    if (have < 4 || frame[0] != '$' || have < 4 + frame[3])
        return false;
    assert_int_equal(frame[1], 5);
    assert_int_equal(frame[2], 0);
    c->reports += frame[5] == 201;
    c->plis += frame[3] == 72 && frame[4 + 61] == 206;
    evbuffer_drain(in, 4 + (size_t)frame[3]);
    return true;
}

static inline void on_camera_read(struct bufferevent *peer, void *ctx)
{
    struct camera *c = ctx;
    struct evbuffer *in = bufferevent_get_input(peer);

    for (;;) {
        struct evbuffer_ptr end;
        char method;

        if (take_rtcp(c, in))
            continue;
        end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
        if (end.pos < 0)
            return;
        evbuffer_copyout(in, &method, 1);
        evbuffer_drain(in, (size_t)end.pos + 4);
        if (strlen(c->asked) + 1 < sizeof(c->asked))
            c->asked[strlen(c->asked)] = method;
        answer(c, method);
    }
}

static inline void on_camera_event(struct bufferevent *peer, short what, void *ctx)
{
    struct camera *c = ctx;

    (void)what;
    if (c->peer == peer)
        hang_up(c);
}

static inline void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                             struct sockaddr *from, int len, void *ctx)
{
    struct camera *c = ctx;

    (void)listener;
    (void)from;
    (void)len;
    hang_up(c);
    c->peer = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->peer, on_camera_read, NULL, on_camera_event, c);
    bufferevent_enable(c->peer, EV_READ | EV_WRITE);
}

// Listens; on the same port as before if there was one.
static inline void switch_on(struct camera *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(c->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    c->listener =
        evconnlistener_new_bind(c->base, on_accept, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                -1, (struct sockaddr *)&address, sizeof(address));
    assert_non_null(c->listener);
    getsockname(evconnlistener_get_fd(c->listener), (struct sockaddr *)&address, &len);
    c->port = ntohs(address.sin_port);
}

static inline void switch_off(struct camera *c)
{
    hang_up(c);
    if (c->listener)
        evconnlistener_free(c->listener);
    c->listener = NULL;
}
