// SPDX-License-Identifier: Apache-2.0
//
// The whole engine over loopback, through its doors: packets are published, a viewer made of a UDP
// socket and libsrtp2 receives them. Each test runs with both send backends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
#include "engine/srtp.h"

enum {
    VIDEO_SSRC = 0x1000,
    AUDIO_SSRC = 0x2000,
    RTX_SSRC = 0x3000,
    PACKETS_PER_FRAME = 8,
    PAYLOAD = 1000,
    PATIENCE_MS = 2000,
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
    bool rtx; // offered
};

static enum eng_tx tx;

static struct eng_addr loopback(uint16_t port)
{
    struct eng_addr a = {0};

    a.in4.sin_family = AF_INET;
    a.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.in4.sin_port = htons(port);
    return a;
}

static srtp_t make_srtp(const struct eng_srtp_keying *keying, const struct eng_srtp_key *master,
                        srtp_ssrc_type_t type)
{
    srtp_policy_t policy = {.window_size = 1024, .allow_repeat_tx = 1};
    uint8_t key[30];
    srtp_t session;

    memcpy(key, master->key, 16);
    memcpy(key + 16, master->salt, 14);
    if (keying->profile == ENG_SRTP_AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    policy.key = key;
    policy.ssrc.type = type;
    assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

static int open_viewer_socket(struct eng_addr *addr)
{
    socklen_t len = sizeof(*addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int size = 1 << 20;

    *addr = loopback(0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    assert_int_equal(bind(fd, &addr->sa, sizeof(addr->in4)), 0);
    assert_int_equal(getsockname(fd, &addr->sa, &len), 0);
    return fd;
}

static void start(struct world *w)
{
    struct eng_config config = {
        .listen = loopback(0),
        .tx = tx,
        .video_bytes = 1 << 20,
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
    w->fd = open_viewer_socket(&w->tuple.remote);
    w->tuple.local = loopback(eng_engine_port(w->engine));
}

static void add_viewer(struct world *w, enum eng_srtp_profile profile)
{
    struct eng_viewer_config config = {
        .stream = w->stream,
        .tuple = w->tuple,
        .track = {[ENG_VIDEO] = {.on = true,
                                 .payload_type = 96,
                                 .ssrc = VIDEO_SSRC,
                                 .clock_rate = 90000,
                                 .rtx_payload_type = 97,
                                 .rtx_ssrc = w->rtx ? RTX_SSRC : 0},
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
    w->receive = make_srtp(&w->keying, &w->keying.send, ssrc_any_inbound);
    w->send = make_srtp(&w->keying, &w->keying.receive, ssrc_any_outbound);
}

// Commands are carried out in order: when this datagram comes, those before it are done.
static void wait_for_commands(struct world *w)
{
    struct eng_tuple side = w->tuple;
    int fd = open_viewer_socket(&side.remote);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(eng_engine_send(w->engine, 0, &side, "done", 4), 0);
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    close(fd);
}

static void finish(struct world *w)
{
    eng_engine_destroy(w->engine);
    if (w->receive)
        srtp_dealloc(w->receive);
    if (w->send)
        srtp_dealloc(w->send);
    close(w->fd);
}

// A frame whose every byte tells packet and frame.
static void publish_frame(struct world *w, bool keyframe)
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
    eng_publish_flush(w->stream);
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
static bool receive_raw(int fd, struct got *got, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, timeout_ms) != 1)
        return false;
    got->len = (int)recv(fd, got->data, sizeof(got->data), 0);
    assert_true(got->len > 0);
    return true;
}

static bool receive(struct world *w, struct got *got, int timeout_ms)
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
static bool receive_rtp(struct world *w, struct got *got, int timeout_ms)
{
    do {
        if (!receive(w, got, timeout_ms))
            return false;
    } while (got->rtcp);
    return true;
}

static void send_rtcp(struct world *w, const uint8_t *rtcp, int len, int fd)
{
    uint8_t packet[256];

    memcpy(packet, rtcp, (size_t)len);
    assert_int_equal(srtp_protect_rtcp(w->send, packet, &len), srtp_err_status_ok);
    assert_int_equal(
        sendto(fd, packet, (size_t)len, 0, &w->tuple.local.sa, sizeof(w->tuple.local.in4)), len);
}

static uint64_t counter(struct world *w, enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(w->engine, all);
    return all[id];
}

// Waits until a counter has reached a value: counts are written after the datagram has left.
static void wait_counter(struct world *w, enum eng_counter id, uint64_t value)
{
    struct timespec ms = {.tv_nsec = 1000000};

    for (int i = 0; i < PATIENCE_MS && counter(w, id) < value; i++)
        nanosleep(&ms, NULL);
    assert_true(counter(w, id) >= value);
}

static bool wait_event(struct world *w, struct eng_event *event)
{
    struct pollfd p = {.fd = eng_engine_event_fd(w->engine), .events = POLLIN};

    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (eng_engine_poll(w->engine, event))
            return true;
        poll(&p, 1, 10);
    }
    return false;
}

// ---- tests ----

static void check_stream(enum eng_srtp_profile profile)
{
    struct world w;
    struct got got;
    uint16_t seq = 0;
    uint32_t ts = 0;

    start(&w);
    publish_frame(&w, true);
    publish_frame(&w, false);
    add_viewer(&w, profile);
    // The cached keyframe and what followed, then live, without a gap.
    for (int frame = 0; frame < 12; frame++) {
        if (frame >= 2)
            publish_frame(&w, frame == 6);
        for (int i = 0; i < PACKETS_PER_FRAME; i++) {
            assert_true(receive_rtp(&w, &got, PATIENCE_MS));
            assert_int_equal(got.ssrc, VIDEO_SSRC);
            assert_int_equal(got.payload_type, 96);
            assert_int_equal(got.marker, i == PACKETS_PER_FRAME - 1);
            assert_int_equal(got.data[12], (frame * 8 + i) & 0xff);
            assert_int_equal(got.len, 12 + (got.marker ? PAYLOAD / 2 : PAYLOAD));
            if (frame + i > 0)
                assert_int_equal(got.seq, (uint16_t)(seq + 1));
            else
                assert_true(got.seq < 0x8000);
            if (frame > 0 && i == 0)
                assert_true((int32_t)(got.timestamp - ts) > 0);
            seq = got.seq;
            ts = got.timestamp;
        }
    }
    wait_counter(&w, ENG_COUNTER_PACKETS_VIDEO, 12 * PACKETS_PER_FRAME);
    assert_int_equal(counter(&w, ENG_COUNTER_PACKETS_VIDEO), 12 * PACKETS_PER_FRAME);
    // One message per frame: seven full packets and a shorter last one.
    assert_int_equal(counter(&w, ENG_COUNTER_TRAINS_VIDEO), 12);
    finish(&w);
}

static void carries_a_stream_by_gcm(void **state)
{
    (void)state;
    check_stream(ENG_SRTP_AEAD_AES_128_GCM);
}

static void carries_a_stream_by_cm(void **state)
{
    (void)state;
    check_stream(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
}

static void waits_for_a_keyframe(void **state)
{
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    publish_frame(&w, false);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    publish_frame(&w, false);
    assert_false(receive_rtp(&w, &got, 100));
    assert_true(eng_publish_keyframe_wanted(w.stream));
    assert_false(eng_publish_keyframe_wanted(w.stream));
    publish_frame(&w, true);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.data[12], 2 * 8);
    finish(&w);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// A keyframe of 40 packets goes out 8 at a time, 2 ms apart; a frame that fits a train at once.
static void spreads_what_does_not_fit_a_train(void **state)
{
    struct eng_packet packet = {.len = 500, .flags = ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME};
    int64_t first_ms = 0;
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < 40; i++) {
        memset(eng_publish_reserve(w.stream, ENG_VIDEO, 500), i, 500);
        eng_publish_commit(w.stream, ENG_VIDEO, &packet);
        packet.flags = i == 38 ? ENG_PACKET_MARKER | ENG_PACKET_KEYFRAME : ENG_PACKET_KEYFRAME;
    }
    eng_publish_flush(w.stream);
    for (int i = 0; i < 40; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.data[12], i);
        if (i == 0)
            first_ms = now_ms();
    }
    assert_true(now_ms() - first_ms >= 7); // 4 waits, of which the first may have begun earlier
    wait_counter(&w, ENG_COUNTER_PACKETS_VIDEO, 40);
    assert_int_equal(counter(&w, ENG_COUNTER_TRAINS_VIDEO), 5);
    w.frame = 1;
    publish_frame(&w, false);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    wait_counter(&w, ENG_COUNTER_PACKETS_VIDEO, 40 + PACKETS_PER_FRAME);
    assert_int_equal(counter(&w, ENG_COUNTER_TRAINS_VIDEO), 6);
    finish(&w);
}

static void sends_audio_from_now(void **state)
{
    struct eng_packet packet = {
        .len = 100, .flags = ENG_PACKET_FRAME_START, .capture_ns = 1000000000};
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    for (int i = 0; i < 20; i++) {
        if (i == 10) {
            add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
            wait_for_commands(&w);
        }
        packet.media_time = i * 960;
        memset(eng_publish_reserve(w.stream, ENG_AUDIO, 100), i, 100);
        eng_publish_commit(w.stream, ENG_AUDIO, &packet);
        eng_publish_flush(w.stream);
    }
    for (int i = 10; i < 20; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.ssrc, AUDIO_SSRC);
        assert_int_equal(got.payload_type, 111);
        assert_int_equal(got.data[12], i);
    }
    finish(&w);
}

static void resends_the_identical_packet(void **state)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct got got, first = {.len = 0};
    struct world w;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        assert_true(receive_raw(w.fd, &got, PATIENCE_MS));
        if (i == 3)
            first = got;
    }
    eng_put16(nack + 12, eng_get16(first.data + 2));
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    do {
        assert_true(receive_raw(w.fd, &got, PATIENCE_MS));
    } while (got.data[1] == 200 || got.data[1] == 201);
    assert_int_equal(got.len, first.len);
    assert_memory_equal(got.data, first.data, (size_t)first.len);

    // What was never sent is not there to be resent.
    eng_put16(nack + 12, (uint16_t)(eng_get16(first.data + 2) + 100));
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    wait_counter(&w, ENG_COUNTER_DROP_RESEND_OLD, 1);
    assert_int_equal(counter(&w, ENG_COUNTER_PACKETS_RESENT), 1);
    finish(&w);
}

static void check_rtx(enum eng_srtp_profile profile)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct got got, last = {.len = 0};
    struct world w;

    start(&w);
    w.rtx = true;
    publish_frame(&w, true);
    add_viewer(&w, profile);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &last, PATIENCE_MS));
    eng_put16(nack + 12, last.seq);
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.ssrc, RTX_SSRC);
    assert_int_equal(got.payload_type, 97);
    assert_int_equal(got.timestamp, last.timestamp);
    assert_true(got.marker && got.seq < 0x8000);
    assert_int_equal(eng_get16(got.data + 12), last.seq);
    assert_int_equal(got.len, last.len + 2);
    assert_memory_equal(got.data + 14, last.data + 12, (size_t)last.len - 12);
    finish(&w);
}

static void resends_by_rtx_where_offered(void **state)
{
    (void)state;
    check_rtx(ENG_SRTP_AEAD_AES_128_GCM);
    check_rtx(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
}

static void bounds_resends(void **state)
{
    enum {
        FRAMES = 25
    };
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;
    uint16_t first = 0;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    for (int frame = 0; frame < FRAMES; frame++) {
        publish_frame(&w, frame == 0);
        for (int i = 0; i < PACKETS_PER_FRAME; i++)
            assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        if (frame == 0)
            first = (uint16_t)(got.seq - PACKETS_PER_FRAME + 1);
    }
    for (int i = 0; i < FRAMES * PACKETS_PER_FRAME; i++) {
        eng_put16(nack + 12, (uint16_t)(first + i));
        send_rtcp(&w, nack, sizeof(nack), w.fd);
    }
    wait_counter(&w, ENG_COUNTER_NACKED, FRAMES * PACKETS_PER_FRAME);
    wait_counter(&w, ENG_COUNTER_DROP_RESEND_BUDGET, FRAMES * PACKETS_PER_FRAME - 64);
    assert_int_equal(counter(&w, ENG_COUNTER_PACKETS_RESENT), 64);
    finish(&w);
}

static void restarts_at_the_keyframe_once_a_second(void **state)
{
    static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;
    uint16_t seq = 0;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    publish_frame(&w, false);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < 2 * PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        seq = got.seq;
    }
    for (int i = 0; i < 5; i++)
        send_rtcp(&w, pli, sizeof(pli), w.fd);
    for (int i = 0; i < 2 * PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.seq, (uint16_t)(++seq)); // continuous
        assert_int_equal(got.data[12], i);            // the same frames again
    }
    assert_false(receive_rtp(&w, &got, 100));
    assert_int_equal(counter(&w, ENG_COUNTER_PLI), 5);
    assert_int_equal(counter(&w, ENG_COUNTER_RESTARTS), 1);
    finish(&w);
}

static void does_not_go_back_while_the_camera_is_away(void **state)
{
    static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 100000000}, NULL);
    send_rtcp(&w, pli, sizeof(pli), w.fd);
    wait_counter(&w, ENG_COUNTER_PLI, 1);
    assert_false(receive_rtp(&w, &got, 100));
    finish(&w);
}

static void reports_each_second_and_says_bye(void **state)
{
    struct eng_event event;
    struct world w;
    struct got got;
    int reports = 0;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    while (reports < 2) {
        assert_true(receive(&w, &got, PATIENCE_MS));
        if (!got.rtcp)
            continue;
        reports++;
        assert_int_equal(got.data[1], 200);
        assert_int_equal(eng_get32(got.data + 4), VIDEO_SSRC);
        assert_int_equal(eng_get32(got.data + 20), PACKETS_PER_FRAME);
    }
    assert_int_equal(eng_viewer_remove(w.viewer), 0);
    assert_true(wait_event(&w, &event));
    assert_int_equal(event.type, ENG_EVENT_VIEWER_GONE);
    assert_ptr_equal(event.owner, &w);
    assert_true(receive(&w, &got, PATIENCE_MS));
    assert_true(got.rtcp);
    assert_int_equal(got.data[got.len - 12 + 1], 203);
    // Gone is gone.
    publish_frame(&w, true);
    assert_false(receive(&w, &got, 100));
    finish(&w);
}

static void reads_reports_and_bye_of_viewers(void **state)
{
    uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0, 64, 0, 0, 9};
    static const uint8_t bye[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1};
    struct eng_viewer_stats stats;
    struct eng_event event;
    struct world w;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    send_rtcp(&w, rr, sizeof(rr), w.fd);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 1);
    eng_viewer_read_stats(w.viewer, &stats);
    assert_int_equal(stats.lost, 9);
    assert_int_equal(stats.loss_q8, 64);
    assert_true(stats.last_rtcp_ns > 0);
    send_rtcp(&w, bye, sizeof(bye), w.fd);
    assert_true(wait_event(&w, &event));
    assert_int_equal(event.type, ENG_EVENT_VIEWER_BYE);
    assert_ptr_equal(event.viewer, w.viewer);
    finish(&w);
}

static void passes_strangers_up_and_sends_for_control(void **state)
{
    static const uint8_t stun[20] = {0, 1}, dtls[13] = {22, 0xfe, 0xfd};
    static const uint8_t junk[] = {0x7f, 1, 2}, rtp[12] = {0x80, 96};
    struct eng_event event;
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    for (int i = 0; i < 2; i++) {
        const uint8_t *data = i == 0 ? stun : dtls;
        size_t len = i == 0 ? sizeof(stun) : sizeof(dtls);

        sendto(w.fd, data, len, 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
        assert_true(wait_event(&w, &event));
        assert_int_equal(event.type, ENG_EVENT_DATAGRAM);
        assert_int_equal(event.len, len);
        assert_memory_equal(event.data, data, len);
        assert_true(eng_tuple_equal(&event.tuple, &w.tuple));
    }
    sendto(w.fd, junk, sizeof(junk), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
    sendto(w.fd, rtp, sizeof(rtp), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
    sendto(w.fd, stun, 0, 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
    wait_counter(&w, ENG_COUNTER_DROP_JUNK, 2);
    wait_counter(&w, ENG_COUNTER_DROP_RTP_IN, 1);

    assert_int_equal(eng_engine_send(w.engine, 0, &w.tuple, "hello", 5), 0);
    assert_true(receive_raw(w.fd, &got, PATIENCE_MS));
    assert_int_equal(got.len, 5);
    assert_memory_equal(got.data, "hello", 5);
    finish(&w);
}

// A stranger's flood fills the strangers' queue and nothing else.
static void a_flood_of_strangers_leaves_viewers_heard(void **state)
{
    static const uint8_t stun[20] = {0, 1};
    struct eng_event event;
    struct eng_addr other;
    struct world w;
    int stranger = open_viewer_socket(&other);

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    for (int i = 0; i < 3 * ENG_STRANGER_EVENTS_MAX; i++) {
        sendto(stranger, stun, sizeof(stun), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
        if (i % 64 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    wait_counter(&w, ENG_COUNTER_DROP_STRANGERS_FULL, 1);
    sendto(w.fd, stun, sizeof(stun), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
    wait_counter(&w, ENG_COUNTER_DATAGRAMS_IN, 3 * ENG_STRANGER_EVENTS_MAX + 1);
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    // Heard first, although it came last.
    assert_true(eng_engine_poll(w.engine, &event));
    assert_true(eng_addr_equal(&event.tuple.remote, &w.tuple.remote));
    assert_int_equal(counter(&w, ENG_COUNTER_DROP_EVENTS_FULL), 0);
    close(stranger);
    finish(&w);
}

static void follows_a_viewer_that_moves(void **state)
{
    uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 1};
    struct world w;
    struct got got;
    int old_fd;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    old_fd = w.fd;
    w.fd = open_viewer_socket(&w.tuple.remote);
    assert_int_equal(eng_viewer_move(w.viewer, &w.tuple), 0);
    wait_for_commands(&w);
    publish_frame(&w, false);
    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.data[12], 8 + i);
    }
    // Its RTCP is known by the new address.
    send_rtcp(&w, rr, sizeof(rr), w.fd);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 1);
    close(old_fd);
    finish(&w);
}

static void pauses_and_resumes_at_a_keyframe(void **state)
{
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(eng_viewer_pause(w.viewer, true), 0);
    wait_for_commands(&w);
    publish_frame(&w, true);
    publish_frame(&w, false);
    assert_false(receive_rtp(&w, &got, 100));
    assert_int_equal(eng_viewer_pause(w.viewer, false), 0);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.data[12], 8); // the keyframe that was published meanwhile
    finish(&w);
}

static void hands_in_rtcp_from_elsewhere(void **state)
{
    uint8_t rr[64] = {0x80, 201, 0, 1, 0, 0, 0, 1};
    int len = 8;
    struct world w;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    assert_int_equal(srtp_protect_rtcp(w.send, rr, &len), srtp_err_status_ok);
    assert_int_equal(eng_viewer_deliver(w.viewer, rr, (size_t)len), 0);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 1);
    assert_int_equal(eng_viewer_deliver(w.viewer, rr, (size_t)len), 0);
    wait_counter(&w, ENG_COUNTER_DROP_RTCP_AUTH, 1); // a replay
    finish(&w);
}

static void refuses_a_port_in_use(void **state)
{
    struct eng_config config = {.tx = tx, .video_bytes = 1 << 20, .train_max = 16};
    struct eng_engine *second;
    const char *what;
    struct world w;

    (void)state;
    start(&w);
    config.listen = w.tuple.local;
    assert_int_equal(eng_engine_create(&config, &second, &what), -EADDRINUSE);
    assert_string_equal(what, "bind");
    finish(&w);
}

static int run_with(enum eng_tx backend, const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_stream_by_gcm),
        cmocka_unit_test(carries_a_stream_by_cm),
        cmocka_unit_test(waits_for_a_keyframe),
        cmocka_unit_test(spreads_what_does_not_fit_a_train),
        cmocka_unit_test(sends_audio_from_now),
        cmocka_unit_test(resends_the_identical_packet),
        cmocka_unit_test(resends_by_rtx_where_offered),
        cmocka_unit_test(bounds_resends),
        cmocka_unit_test(restarts_at_the_keyframe_once_a_second),
        cmocka_unit_test(does_not_go_back_while_the_camera_is_away),
        cmocka_unit_test(reports_each_second_and_says_bye),
        cmocka_unit_test(reads_reports_and_bye_of_viewers),
        cmocka_unit_test(passes_strangers_up_and_sends_for_control),
        cmocka_unit_test(a_flood_of_strangers_leaves_viewers_heard),
        cmocka_unit_test(follows_a_viewer_that_moves),
        cmocka_unit_test(pauses_and_resumes_at_a_keyframe),
        cmocka_unit_test(hands_in_rtcp_from_elsewhere),
        cmocka_unit_test(refuses_a_port_in_use),
    };

    tx = backend;
    print_message("with %s\n", name);
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
    struct eng_srtp_keying keying = {.profile = ENG_SRTP_AES128_CM_HMAC_SHA1_80};
    struct eng_srtp srtp;
    int failed;

    // libsrtp2 wants to be initialised once per process, which the compat profile does.
    if (eng_srtp_init(&srtp, &keying, NULL, 0))
        return 1;
    eng_srtp_fini(&srtp);
    srand(1);
    failed = run_with(ENG_TX_IO_URING, "io_uring");
    return failed + run_with(ENG_TX_SENDMMSG, "sendmmsg");
}
