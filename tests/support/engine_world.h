// SPDX-License-Identifier: Apache-2.0
//
// The whole engine over loopback, through its doors: packets are published, a viewer made of a UDP
// socket and libsrtp2 receives them. world_run() runs tests with both send backends. Included once
// per test program, after cmocka.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/bytes.h"
#include "engine/engine.h"
#include "tests/support/engine_turn.h"
#include "tests/support/now.h"
#include "tests/support/oracle.h"

enum {
    VIDEO_SSRC = 0x1000,
    AUDIO_SSRC = 0x2000,
    RTX_SSRC = 0x3000,
    PACKETS_PER_FRAME = 8,
    PAYLOAD = 1000,
    PATIENCE_MS = 30000, // a machine with much to do is slow, or stands still
};

struct world {
    struct eng_engine *engine;
    struct eng_stream *stream;
    struct eng_viewer *viewer;
    int fd; // the viewer's socket
    struct eng_tuple tuple;
    struct eng_srtp_keying keying;
    srtp_t receive, send;
    int64_t frame;
    bool rtx;                              // offered
    struct eng_extension_config extension; // of video
};

static enum eng_tx tx; // of the engines that are started

// A viewer starts at a keyframe of so many seconds ago.
static inline void start_with_gop(struct world *w, unsigned seconds)
{
    struct eng_config config = {
        .listen = loopback_addr(0),
        .tx = tx,
        .video_bytes = 1 << 20,
        .video_seconds = seconds,
        .train_max = 16,
        .pace_ms = 16,
    };
    const char *what;

    memset(w, 0, sizeof(*w));
    assert_int_equal(eng_engine_create(&config, &w->engine, &what), 0);
    assert_string_equal(eng_engine_tx_name(w->engine),
                        tx == ENG_TX_SENDMMSG ? "sendmmsg" : "io_uring");
    assert_int_equal(eng_stream_create(w->engine, &w->stream), 0);
    assert_int_equal(eng_engine_start(w->engine), 0);
    w->fd = loopback_socket(&w->tuple.remote);
    w->tuple.local = loopback_addr(eng_engine_port(w->engine));
}

static inline void start(struct world *w)
{
    start_with_gop(w, 10);
}

static inline void add_viewer(struct world *w, enum eng_srtp_profile profile)
{
    struct eng_viewer_config config = {
        .stream = w->stream,
        .tuple = w->tuple,
        .track = {[ENG_VIDEO] = {.on = true,
                                 .payload_type = 96,
                                 .ssrc = VIDEO_SSRC,
                                 .clock_rate = 90000,
                                 .rtx_payload_type = 97,
                                 .rtx_ssrc = w->rtx ? RTX_SSRC : 0,
                                 .extension = w->extension},
                  [ENG_AUDIO] =
                      {.on = true, .payload_type = 111, .ssrc = AUDIO_SSRC, .clock_rate = 48000}},
        .cname = "test",
        .owner = w,
    };

    w->keying.profile = profile;
    for (int i = 0; i < 16; i++) {
        w->keying.send.key[i] = (uint8_t)rand();
        w->keying.receive.key[i] = (uint8_t)rand();
    }
    config.keying = w->keying;
    assert_int_equal(eng_viewer_add(w->engine, &config, &w->viewer), 0);
    w->receive = oracle_create(profile, &w->keying.send, ssrc_any_inbound);
    w->send = oracle_create(profile, &w->keying.receive, ssrc_any_outbound);
}

static inline void wait_for_commands(struct world *w)
{
    wait_for_turn(w->engine, 0);
}

static inline void finish(struct world *w)
{
    eng_engine_destroy(w->engine);
    if (w->receive)
        srtp_dealloc(w->receive);
    if (w->send)
        srtp_dealloc(w->send);
    close(w->fd);
}

// A frame whose every byte tells packet and frame.
static inline void publish_frame(struct world *w, bool keyframe)
{
    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        bool last = i == PACKETS_PER_FRAME - 1;
        struct eng_packet packet = {
            .media_time = w->frame * 3000,
            .capture_ns = w->frame * 33333333,
            .len = last ? PAYLOAD / 2 : PAYLOAD,
            .flags =
                (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) | (last ? ENG_PACKET_MARKER : 0) |
                           (keyframe ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(w->stream, ENG_VIDEO, PAYLOAD), (int)(w->frame * 8 + i) & 0xff,
               packet.len);
        eng_publish_commit(w->stream, ENG_VIDEO, &packet);
    }
    w->frame++;
    eng_publish_flush(w->stream, now_ns());
}

struct got {
    uint8_t data[1600];
    int len;
    bool rtcp;
    uint8_t payload_type;
    bool marker;
    uint16_t seq;
    uint32_t timestamp, ssrc;
};

// The next datagram, unsealed. False: none within the time.
static inline bool receive_raw(int fd, struct got *got, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, timeout_ms) != 1)
        return false;
    got->len = (int)recv(fd, got->data, sizeof(got->data), 0);
    assert_true(got->len > 0);
    return true;
}

static inline bool receive(struct world *w, struct got *got, int timeout_ms)
{
    if (!receive_raw(w->fd, got, timeout_ms))
        return false;
    got->rtcp = got->data[1] >= 192 && got->data[1] <= 223;
    if (got->rtcp) {
        assert_int_equal(srtp_unprotect_rtcp(w->receive, got->data, &got->len), srtp_err_status_ok);
        return true;
    }
    assert_int_equal(srtp_unprotect(w->receive, got->data, &got->len), srtp_err_status_ok);
    got->marker = got->data[1] >> 7;
    got->payload_type = got->data[1] & 0x7f;
    got->seq = eng_get16(got->data + 2);
    got->timestamp = eng_get32(got->data + 4);
    got->ssrc = eng_get32(got->data + 8);
    return true;
}

// The next RTP packet, past any RTCP.
static inline bool receive_rtp(struct world *w, struct got *got, int timeout_ms)
{
    do {
        if (!receive(w, got, timeout_ms))
            return false;
    } while (got->rtcp);
    return true;
}

static inline void send_rtcp(struct world *w, const uint8_t *rtcp, int len, int fd)
{
    uint8_t packet[256];

    memcpy(packet, rtcp, (size_t)len);
    assert_int_equal(srtp_protect_rtcp(w->send, packet, &len), srtp_err_status_ok);
    assert_int_equal(
        sendto(fd, packet, (size_t)len, 0, &w->tuple.local.sa, sizeof(w->tuple.local.in4)), len);
}

static inline uint64_t counter(struct world *w, enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(w->engine, all);
    return all[id];
}

// Waits until a counter has reached a value: counts are written after the datagram has left.
static inline void wait_counter(struct world *w, enum eng_counter id, uint64_t value)
{
    struct timespec ms = {.tv_nsec = 1000000};

    for (int i = 0; i < PATIENCE_MS && counter(w, id) < value; i++)
        nanosleep(&ms, NULL);
    assert_true(counter(w, id) >= value);
}

static inline bool wait_event(struct world *w, struct eng_event *event)
{
    struct pollfd p = {.fd = eng_engine_event_fd(w->engine), .events = POLLIN};

    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (eng_engine_poll(w->engine, event))
            return true;
        poll(&p, 1, 10);
    }
    return false;
}

static inline int world_run(const struct CMUnitTest *tests, size_t count)
{
    int failed;

    if (oracle_init())
        return 1;
    srand(1);
    tx = ENG_TX_IO_URING;
    failed = _cmocka_run_group_tests("io_uring", tests, count, NULL, NULL);
    tx = ENG_TX_SENDMMSG;
    return failed + _cmocka_run_group_tests("sendmmsg", tests, count, NULL, NULL);
}
