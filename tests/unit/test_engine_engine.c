// SPDX-License-Identifier: Apache-2.0
//
// What viewers get: streams, keyframes, audio, moves, pauses; and what strangers do not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/syscall.h>

#include "engine/worker.h"
#include "tests/support/engine_world.h"

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
    wait_for_commands(&w);
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
    wait_for_commands(&w);
    assert_false(receive_rtp(&w, &got, 100));
    assert_true(eng_publish_keyframe_wanted(w.stream));
    assert_false(eng_publish_keyframe_wanted(w.stream));
    publish_frame(&w, true);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.data[12], 2 * 8);
    finish(&w);
}

// A keyframe of 40 packets goes out 8 at a time, 2 ms apart; a frame that fits a train at once.
static void spreads_what_does_not_fit_a_train(void **state)
{
    struct eng_packet packet = {.len = 500, .flags = ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME};
    int64_t begin_ns;
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
    begin_ns = now_ns();
    eng_publish_flush(w.stream, begin_ns);
    for (int i = 0; i < 40; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.data[12], i);
    }
    // 4 waits, of which the first may have been over before this began, where the worker had been
    // held up in its turn; the second may have begun with a millisecond that was nearly over.
    assert_true(now_ns() - begin_ns >= 5000000);
    wait_for_commands(&w);
    assert_int_equal(counter(&w, ENG_COUNTER_TRAINS_VIDEO), 5);
    w.frame = 1;
    publish_frame(&w, false);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    wait_for_commands(&w);
    assert_int_equal(counter(&w, ENG_COUNTER_TRAINS_VIDEO), 6);
    finish(&w);
}

static void what_was_published_can_be_read_again(void **state)
{
    struct eng_packet packet = {.media_time = 7,
                                .capture_ns = 8,
                                .len = 100,
                                .flags = ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME};
    const uint8_t *payload = NULL;
    struct eng_packet found;
    struct world w;

    (void)state;
    start(&w);
    assert_int_equal(eng_publish_next(w.stream, ENG_VIDEO), 0);
    assert_int_equal(eng_publish_read(w.stream, ENG_VIDEO, 0, &found, &payload), -EAGAIN);
    memset(eng_publish_reserve(w.stream, ENG_VIDEO, 100), 9, 100);
    eng_publish_commit(w.stream, ENG_VIDEO, &packet);
    assert_int_equal(eng_publish_next(w.stream, ENG_VIDEO), 1);
    assert_int_equal(eng_publish_next(w.stream, ENG_AUDIO), 0);
    assert_int_equal(eng_publish_read(w.stream, ENG_VIDEO, 0, &found, &payload), -EAGAIN);
    eng_publish_flush(w.stream, now_ns());
    assert_int_equal(eng_publish_read(w.stream, ENG_VIDEO, 0, &found, &payload), 0);
    assert_int_equal(found.media_time, 7);
    assert_int_equal(found.capture_ns, 8);
    assert_int_equal(found.len, 100);
    assert_int_equal(found.flags, packet.flags);
    assert_int_equal(payload[99], 9);
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
        eng_publish_flush(w.stream, now_ns());
    }
    for (int i = 10; i < 20; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.ssrc, AUDIO_SSRC);
        assert_int_equal(got.payload_type, 111);
        assert_int_equal(got.data[12], i);
    }
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
    int stranger = loopback_socket(&other);

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    for (int i = 0; i < 3 * ENG_STRANGER_EVENTS_MAX; i++) {
        sendto(stranger, stun, sizeof(stun), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
        if (i % 64 == 63) // no more than a socket holds
            wait_counter(&w, ENG_COUNTER_DATAGRAMS_IN, (uint64_t)i + 1);
    }
    wait_counter(&w, ENG_COUNTER_DROP_STRANGERS_FULL, 1);
    sendto(w.fd, stun, sizeof(stun), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
    wait_counter(&w, ENG_COUNTER_DATAGRAMS_IN, 3 * ENG_STRANGER_EVENTS_MAX + 1);
    wait_for_commands(&w); // counted before it is taken
    // Heard first, although it came last.
    assert_true(eng_engine_poll(w.engine, &event));
    assert_true(eng_addr_equal(&event.tuple.remote, &w.tuple.remote));
    assert_int_equal(counter(&w, ENG_COUNTER_DROP_EVENTS_FULL), 0);
    close(stranger);
    finish(&w);
}

// Which worker hears a stranger is the kernel's choice, by its port.
static void hears_workers_in_turns(void **state)
{
    enum {
        STRANGERS = 64
    };
    static const uint8_t stun[20] = {0, 1};
    struct eng_config config = {
        .listen = loopback_addr(0),
        .tx = tx,
        .cores = (int[]){0, 0},
        .core_count = 2,
        .video_bytes = 1 << 20,
        .train_max = 16,
    };
    unsigned left[2] = {0}, heard[STRANGERS];
    struct world w = {0};
    struct eng_event event;
    const char *what;

    (void)state;
    assert_int_equal(eng_engine_create(&config, &w.engine, &what), 0);
    assert_int_equal(eng_engine_start(w.engine), 0);
    w.tuple.local = loopback_addr(eng_engine_port(w.engine));
    for (int i = 0; i < STRANGERS; i++) {
        int fd = loopback_socket(&w.tuple.remote);

        sendto(fd, stun, sizeof(stun), 0, &w.tuple.local.sa, sizeof(w.tuple.local.in4));
        close(fd);
    }
    wait_counter(&w, ENG_COUNTER_DATAGRAMS_IN, STRANGERS);
    for (unsigned i = 0; i < 2; i++) // counted before they are taken
        wait_for_turn(w.engine, i);
    for (int i = 0; i < STRANGERS; i++) {
        assert_true(eng_engine_poll(w.engine, &event));
        heard[i] = event.worker;
        left[event.worker]++;
    }
    assert_false(eng_engine_poll(w.engine, &event));
    assert_true(left[0] > 0 && left[1] > 0);
    for (int i = 0; i + 1 < STRANGERS && left[0] > 1 && left[1] > 1; i++) {
        assert_int_not_equal(heard[i], heard[i + 1]);
        left[heard[i]]--;
    }
    eng_engine_destroy(w.engine);
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
    w.fd = loopback_socket(&w.tuple.remote);
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
    uint8_t rr[64] = {0x80, 201, 0, 1, 0, 0, 0, 1}, again[64] = {0x80, 201, 0, 1, 0, 0, 0, 1};
    struct eng_viewer_stats stats;
    struct eng_tuple elsewhere;
    struct world w;
    int len = 8;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    elsewhere = w.tuple;
    eng_addr_set_port(&elsewhere.remote, 9);
    assert_int_equal(srtp_protect_rtcp(w.send, rr, &len), srtp_err_status_ok);
    assert_int_equal(eng_viewer_deliver(w.viewer, &elsewhere, rr, (size_t)len), 0);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 1);
    assert_int_equal(eng_viewer_deliver(w.viewer, &elsewhere, rr, (size_t)len), 0);
    wait_counter(&w, ENG_COUNTER_DROP_RTCP_AUTH, 1); // a replay
    // It says nothing of whether media is wanted where it goes.
    eng_viewer_read_stats(w.viewer, &stats);
    assert_int_equal(stats.last_rtcp_ns, 0);
    len = 8;
    assert_int_equal(srtp_protect_rtcp(w.send, again, &len), srtp_err_status_ok);
    assert_int_equal(eng_viewer_deliver(w.viewer, &w.tuple, again, (size_t)len), 0);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 2);
    wait_for_commands(&w); // counted before it is read
    eng_viewer_read_stats(w.viewer, &stats);
    assert_true(stats.last_rtcp_ns > 0);
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

// The worker reads the clock before each turn: here it then stands until it was told to stop.
static struct eng_worker *_Atomic halted;

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    struct eng_worker *w = halted;

    if (w && pthread_equal(pthread_self(), w->thread)) {
        while (!atomic_load(&w->stop) || !atomic_load(&w->bell->called))
            sched_yield();
        halted = NULL;
    }
    return (int)syscall(SYS_clock_gettime, clock, ts);
}

// The turn that answers the call to stop is the last: a worker that slept again would not wake.
static void ends_when_told_at_the_beginning_of_a_turn(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    wait_for_commands(&w);
    // Asleep, then woken.
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    halted = eng_engine_worker(w.engine, 0);
    assert_int_equal(eng_engine_send(w.engine, 0, &w.tuple, "wake", 4), 0);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    alarm(20);
    finish(&w);
    alarm(0);
    assert_null(halted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_stream_by_gcm),
        cmocka_unit_test(carries_a_stream_by_cm),
        cmocka_unit_test(waits_for_a_keyframe),
        cmocka_unit_test(what_was_published_can_be_read_again),
        cmocka_unit_test(spreads_what_does_not_fit_a_train),
        cmocka_unit_test(sends_audio_from_now),
        cmocka_unit_test(passes_strangers_up_and_sends_for_control),
        cmocka_unit_test(a_flood_of_strangers_leaves_viewers_heard),
        cmocka_unit_test(hears_workers_in_turns),
        cmocka_unit_test(follows_a_viewer_that_moves),
        cmocka_unit_test(pauses_and_resumes_at_a_keyframe),
        cmocka_unit_test(hands_in_rtcp_from_elsewhere),
        cmocka_unit_test(refuses_a_port_in_use),
        cmocka_unit_test(ends_when_told_at_the_beginning_of_a_turn),
    };

    return world_run(tests, sizeof(tests) / sizeof(*tests));
}
