// SPDX-License-Identifier: Apache-2.0
//
// What comes of a viewer's feedback, on a clock of the test's own: a worker without thread and
// kernel, whose packets libsrtp2 opens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/rtcp.h"
#include "engine/worker.h"
#include "tests/support/fake_io.h"
#include "tests/support/oracle.h"

enum {
    VIDEO_SSRC = 0x1000,
    RTX_SSRC = 0x3000,
    VIDEO_PT = 96,
    RTX_PT = 97,
    FRAME_MS = 33,
    GOP = 30,
    PACKETS_PER_FRAME = 4,
    PACKET_MAX = 300,
    SENT_MAX = 32768,
};

// A packet that left the worker, as it left and opened.
struct sent {
    uint8_t raw[PACKET_MAX];
    uint8_t data[PACKET_MAX];
    size_t raw_len, len;
    uint16_t seq;
    bool rtx;
};

static struct {
    struct eng_engine *engine;
    struct eng_stream *stream;
    struct eng_worker *worker;
    struct eng_viewer *viewer;
    srtp_t receive, send;
    int64_t now_ms;
    int64_t frame;
    bool camera; // publishes
    struct sent *sent;
    size_t count;
    size_t first[2][1 << 16];  // of each stream and sequence number: 1 + its place in sent
    uint32_t reported_packets; // by the newest sender report
} world;

// ---- in place of the kernel ----

static void take_rtcp(const struct eng_send *send)
{
    uint8_t data[PACKET_MAX];
    int len = (int)send->len;

    memcpy(data, send->data, send->len);
    assert_int_equal(srtp_unprotect_rtcp(world.receive, data, &len), srtp_err_status_ok);
    if (data[1] == 200) {
        assert_int_equal(eng_get32(data + 4), VIDEO_SSRC);
        world.reported_packets = eng_get32(data + 20);
    }
}

// Whatever is sent twice under one SSRC and sequence number is the same.
static void take_rtp(const struct eng_send *send)
{
    struct sent *s = &world.sent[world.count];
    int len = (int)send->len;
    size_t *first;

    assert_true(world.count < SENT_MAX && send->len <= PACKET_MAX);
    memcpy(s->raw, send->data, send->len);
    memcpy(s->data, send->data, send->len);
    s->raw_len = send->len;
    s->seq = eng_get16(s->data + 2);
    s->rtx = eng_get32(s->data + 8) == RTX_SSRC;
    assert_true(s->rtx || eng_get32(s->data + 8) == VIDEO_SSRC);
    first = &world.first[s->rtx][s->seq];
    if (*first > 0) {
        const struct sent *before = &world.sent[*first - 1];

        assert_false(s->rtx);
        assert_int_equal(s->raw_len, before->raw_len);
        assert_memory_equal(s->raw, before->raw, s->raw_len);
        memcpy(s->data, before->data, before->len);
        s->len = before->len;
    } else {
        assert_int_equal(srtp_unprotect(world.receive, s->data, &len), srtp_err_status_ok);
        s->len = (size_t)len;
        *first = world.count + 1;
    }
    world.count++;
}

static int fake_io_take(const struct eng_send *send)
{
    if (send->kind == ENG_SEND_RTCP)
        take_rtcp(send);
    else
        take_rtp(send);
    return 0;
}

// ---- the world ----

static void add_viewer(enum eng_srtp_profile profile, bool rtx)
{
    struct eng_viewer_config config = {
        .stream = world.stream,
        .keying = {.profile = profile},
        .track = {[ENG_VIDEO] = {.on = true,
                                 .payload_type = VIDEO_PT,
                                 .ssrc = VIDEO_SSRC,
                                 .clock_rate = 90000,
                                 .rtx_payload_type = rtx ? RTX_PT : 0,
                                 .rtx_ssrc = rtx ? RTX_SSRC : 0}},
        .cname = "test",
    };

    config.tuple.remote.in4.sin_family = AF_INET;
    for (int i = 0; i < 16; i++) {
        config.keying.send.key[i] = (uint8_t)rand();
        config.keying.receive.key[i] = (uint8_t)rand();
    }
    assert_int_equal(eng_viewer_add(world.engine, &config, &world.viewer), 0);
    world.receive = oracle_create(profile, &config.keying.send, ssrc_any_inbound);
    world.send = oracle_create(profile, &config.keying.receive, ssrc_any_outbound);
}

static void start(enum eng_srtp_profile profile, bool rtx)
{
    memset(&world, 0, sizeof(world));
    world.sent = calloc(SENT_MAX, sizeof(*world.sent));
    assert_non_null(world.sent);
    world.worker = fake_io_start(1, 0, &world.engine, &world.stream);
    world.camera = true;
    add_viewer(profile, rtx);
}

static void finish(void)
{
    eng_worker_close(world.worker);
    eng_engine_destroy(world.engine);
    srtp_dealloc(world.receive);
    srtp_dealloc(world.send);
    free(world.sent);
}

static void publish_frame(void)
{
    bool keyframe = world.frame % GOP == 0;

    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        bool last = i == PACKETS_PER_FRAME - 1;
        struct eng_packet packet = {
            .media_time = world.frame * 3000,
            .capture_ns = world.worker->real_ns,
            .len = last ? 100 : 200,
            .flags =
                (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) | (last ? ENG_PACKET_MARKER : 0) |
                           (keyframe ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(world.stream, ENG_VIDEO, packet.len),
               (int)(world.frame * PACKETS_PER_FRAME + i) & 0xff, packet.len);
        eng_publish_commit(world.stream, ENG_VIDEO, &packet);
    }
    world.frame++;
    eng_publish_flush(world.stream, world.worker->mono_ns);
}

static void run(int ms)
{
    for (int i = 0; i < ms; i++) {
        if (world.camera && world.now_ms % FRAME_MS == 0)
            publish_frame();
        eng_worker_turn(world.worker);
        world.now_ms++;
        world.worker->mono_ns += 1000000;
        world.worker->real_ns += 1000000;
    }
}

static void send_rtcp(const uint8_t *rtcp, size_t size)
{
    uint8_t packet[256];
    int len = (int)size;

    memcpy(packet, rtcp, size);
    assert_int_equal(srtp_protect_rtcp(world.send, packet, &len), srtp_err_status_ok);
    assert_int_equal(eng_viewer_deliver(world.viewer, &world.viewer->tuple, packet, (size_t)len),
                     0);
    eng_worker_turn(world.worker);
}

static void nack(uint16_t seq)
{
    uint8_t rtcp[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};

    eng_put16(rtcp + 12, seq);
    send_rtcp(rtcp, sizeof(rtcp));
}

static void pli(void)
{
    static const uint8_t rtcp[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};

    send_rtcp(rtcp, sizeof(rtcp));
}

// A receiver report whose round trip is rtt_ms, 0: unknown.
static void report(uint32_t highest, uint32_t lost, unsigned rtt_ms)
{
    uint64_t ntp = eng_ntp_from_real(world.worker->real_ns - (int64_t)rtt_ms * 1000000);
    uint8_t rtcp[32] = {0x81, 201, 0, 7, 0, 0, 0, 1};

    eng_put32(rtcp + 8, VIDEO_SSRC);
    eng_put32(rtcp + 12, lost);
    eng_put32(rtcp + 16, highest);
    eng_put32(rtcp + 24, rtt_ms > 0 ? (uint32_t)(ntp >> 16) : 0);
    send_rtcp(rtcp, sizeof(rtcp));
}

static uint64_t counter(enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(world.engine, all);
    return all[id];
}

static const struct sent *newest(void)
{
    assert_true(world.count > 0);
    return &world.sent[world.count - 1];
}

// ---- tests ----

static void check_rtx(const struct sent *original, const struct sent *again)
{
    assert_true(again->rtx);
    assert_int_equal(again->data[1], (original->data[1] & 0x80) | RTX_PT);
    assert_memory_equal(again->data + 4, original->data + 4, 4); // timestamp
    assert_int_equal(eng_get16(again->data + 12), original->seq);
    assert_int_equal(again->len, original->len + 2);
    assert_memory_equal(again->data + 14, original->data + 12, original->len - 12);
}

static void check_resends_by_rtx(enum eng_srtp_profile profile)
{
    uint16_t first = 0;

    start(profile, true);
    run(100);
    world.camera = false;
    for (size_t i = 0; i < 2 * PACKETS_PER_FRAME; i++) {
        size_t before = world.count;

        assert_false(world.sent[i].rtx);
        nack(world.sent[i].seq);
        assert_int_equal(world.count, before + 1);
        check_rtx(&world.sent[i], newest());
        if (i == 0)
            first = newest()->seq;
        assert_true(first < 0x8000);
        assert_int_equal(newest()->seq, first + i);
    }
    // Reports are about the media alone.
    run(2000);
    assert_int_equal(world.reported_packets, world.count - 2 * PACKETS_PER_FRAME);
    assert_int_equal(counter(ENG_COUNTER_PACKETS_RESENT), 2 * PACKETS_PER_FRAME);
    // The retransmission stream itself is not resent.
    nack((uint16_t)(world.sent[0].seq - 1));
    assert_int_equal(counter(ENG_COUNTER_DROP_RESEND_OLD), 1);
    finish();
}

static void resends_by_rtx_with_gcm(void **state)
{
    (void)state;
    check_resends_by_rtx(ENG_SRTP_AEAD_AES_128_GCM);
}

static void resends_by_rtx_with_cm(void **state)
{
    (void)state;
    check_resends_by_rtx(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
}

static void check_once(uint16_t seq, int trip_ms)
{
    uint64_t repeated = counter(ENG_COUNTER_DROP_RESEND_REPEATED);
    size_t before = world.count;

    nack(seq);
    assert_int_equal(world.count, before + 1);
    nack(seq);
    run(trip_ms - 2); // reports are exact to 15 us
    nack(seq);
    assert_int_equal(world.count, before + 1);
    assert_int_equal(counter(ENG_COUNTER_DROP_RESEND_REPEATED), repeated + 2);
    run(2);
    nack(seq);
    assert_int_equal(world.count, before + 2);
    run(2000);
}

static void resends_once_a_round_trip(void **state)
{
    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, true);
    run(100);
    world.camera = false;
    run(100);
    check_once(world.sent[3].seq, 100); // round trip unknown
    report(0, 0, 300);
    check_once(world.sent[3].seq, 300);
    report(0, 0, 5);
    check_once(world.sent[3].seq, 20);
    report(0, 0, 60000);
    check_once(world.sent[3].seq, 1000);
    finish();
}

static void another_packet_is_not_a_repetition(void **state)
{
    size_t before;

    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, true);
    run(1000);
    world.camera = false;
    run(10);
    before = world.count;
    // They share a place in the table.
    for (int i = 0; i < 3; i++) {
        nack(world.sent[1].seq);
        nack(world.sent[1 + ENG_RESENT_MAX / ENG_TRACKS].seq);
    }
    assert_int_equal(world.count, before + 6);
    assert_int_equal(counter(ENG_COUNTER_DROP_RESEND_REPEATED), 0);
    finish();
}

// The ledger is in take_rtp.
static void check_contents(enum eng_srtp_profile profile, bool rtx)
{
    size_t resent = 0;

    start(profile, rtx);
    report(0, 0, 20);
    for (int i = 0; i < 2000; i++) {
        run(1 + rand() % 20);
        if (world.count > 0)
            nack((uint16_t)(newest()->seq - rand() % 200));
        nack((uint16_t)rand());
        if (rand() % 50 == 0)
            pli();
    }
    for (size_t i = 0; i < world.count; i++)
        resent += world.sent[i].rtx;
    resent = rtx ? resent : counter(ENG_COUNTER_PACKETS_RESENT);
    assert_true(resent > 200);
    assert_int_equal(counter(ENG_COUNTER_PACKETS_RESENT), resent);
    assert_true(counter(ENG_COUNTER_RESTARTS) > 5);
    assert_true(resent <= (world.count - resent) * 15 / 100 + 64);
    finish();
}

static void never_seals_two_contents_under_one_index(void **state)
{
    (void)state;
    check_contents(ENG_SRTP_AEAD_AES_128_GCM, true);
    check_contents(ENG_SRTP_AEAD_AES_128_GCM, false);
    check_contents(ENG_SRTP_AES128_CM_HMAC_SHA1_80, true);
    check_contents(ENG_SRTP_AES128_CM_HMAC_SHA1_80, false);
}

static void answers_one_request_for_a_keyframe(void **state)
{
    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, false);
    run(500);
    for (int i = 0; i < 10; i++)
        pli();
    assert_int_equal(counter(ENG_COUNTER_RESTARTS), 1);
    assert_int_equal(counter(ENG_COUNTER_PLI), 10);
    assert_int_equal(counter(ENG_COUNTER_PLI_COALESCED), 9);
    finish();
}

static void notes_the_estimate(void **state)
{
    static const uint8_t remb[24] = {0x8f, 206, 0,   5,   0,   0,   0, 1,          0,    0,
                                     0,    0,   'R', 'E', 'M', 'B', 1, 3 << 2 | 2, 0xab, 0xcd};
    struct eng_viewer_stats stats;

    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, false);
    run(10);
    send_rtcp(remb, sizeof(remb));
    eng_viewer_read_stats(world.viewer, &stats);
    assert_int_equal(stats.remb_bps, 0x2abcd << 3);
    finish();
}

// Seconds in which nothing arrives at a viewer that goes on reporting.
static void run_dead(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        run(1000);
        report(1, 0, 50);
    }
}

// Behind the packet `seq`, with whatever was sent after the first `before`.
static void check_resumes_at_the_next_keyframe(size_t before, uint16_t seq)
{
    int64_t keyframe = (world.frame + GOP - 1) / GOP * GOP; // not the one that is there already

    run(GOP * FRAME_MS + 100);
    // Without a gap in the sequence.
    assert_true(world.count > before);
    assert_int_equal(world.sent[before].seq, (uint16_t)(seq + 1));
    assert_int_equal(world.sent[before].data[12], (uint8_t)(keyframe * PACKETS_PER_FRAME));
}

static void rests_when_nothing_arrives_and_resumes_at_a_keyframe(void **state)
{
    struct eng_viewer_stats stats;
    uint64_t dropped;
    size_t before;
    uint16_t seq;

    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, true);
    run_dead(4);
    assert_int_equal(counter(ENG_COUNTER_BREAKER_MEDIA), 1);
    eng_viewer_read_stats(world.viewer, &stats);
    assert_true(stats.resting);
    assert_int_equal(stats.rests, 1);
    dropped = stats.dropped;
    before = world.count;
    seq = newest()->seq;
    // Nothing wakes it, and a pause for another reason neither.
    pli();
    nack(seq);
    assert_int_equal(eng_viewer_pause(world.viewer, true), 0);
    run(10);
    assert_int_equal(eng_viewer_pause(world.viewer, false), 0);
    run(9500);
    assert_int_equal(world.count, before);
    for (int i = 0; i < 1000 && counter(ENG_COUNTER_RESTS_OVER) == 0; i++)
        run(1);
    eng_viewer_read_stats(world.viewer, &stats);
    assert_false(stats.resting);
    check_resumes_at_the_next_keyframe(before, seq);
    eng_viewer_read_stats(world.viewer, &stats);
    assert_true(stats.dropped > dropped + 200);
    finish();
}

static void rests_when_reports_stop(void **state)
{
    size_t before;

    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, false);
    run(1000);
    report(100, 0, 50);
    run(18000);
    assert_int_equal(counter(ENG_COUNTER_BREAKER_RTCP), 1);
    before = world.count;
    run(5000);
    assert_int_equal(world.count, before);
    finish();
}

static void rests_when_the_path_is_too_narrow(void **state)
{
    uint32_t highest = 1, lost = 0;

    (void)state;
    start(ENG_SRTP_AEAD_AES_128_GCM, false);
    // 120 packets a second: with 20 % lost, (120 * 0.3)^2 * 0.2 is above 150.
    for (int i = 0; i < 4; i++) {
        assert_int_equal(counter(ENG_COUNTER_BREAKER_CONGESTION), 0);
        run(1000);
        report(highest += 120, lost += 24, 300);
    }
    assert_int_equal(counter(ENG_COUNTER_BREAKER_CONGESTION), 1);
    finish();
}

static int move(void)
{
    struct eng_tuple other = {.local = {.in4 = {.sin_family = AF_INET, .sin_port = htons(1)}},
                              .remote = {.in4 = {.sin_family = AF_INET, .sin_port = htons(2)}}};

    return eng_viewer_move(world.viewer, &other);
}

static void check_rests_while_held(bool moves)
{
    struct eng_viewer_stats stats;
    size_t before;
    uint16_t seq;

    start(ENG_SRTP_AEAD_AES_128_GCM, true);
    run(500);
    assert_int_equal(eng_viewer_hold(world.viewer, true), 0);
    assert_int_equal(eng_viewer_hold(world.viewer, true), 0);
    run(1);
    before = world.count;
    seq = newest()->seq;
    pli();
    nack(seq);
    run(3000);
    assert_int_equal(world.count, before);
    eng_viewer_read_stats(world.viewer, &stats);
    assert_true(stats.resting);
    assert_int_equal(stats.rests, 1);
    assert_int_equal(counter(ENG_COUNTER_HELD), 1);
    assert_int_equal(moves ? move() : eng_viewer_hold(world.viewer, false), 0);
    run(1);
    eng_viewer_read_stats(world.viewer, &stats);
    assert_false(stats.resting);
    assert_int_equal(counter(ENG_COUNTER_RESTS_OVER), 1);
    check_resumes_at_the_next_keyframe(before, seq);
    finish();
}

static void rests_while_it_is_held(void **state)
{
    (void)state;
    check_rests_while_held(false);
    check_rests_while_held(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resends_by_rtx_with_gcm),
        cmocka_unit_test(resends_by_rtx_with_cm),
        cmocka_unit_test(resends_once_a_round_trip),
        cmocka_unit_test(another_packet_is_not_a_repetition),
        cmocka_unit_test(never_seals_two_contents_under_one_index),
        cmocka_unit_test(answers_one_request_for_a_keyframe),
        cmocka_unit_test(notes_the_estimate),
        cmocka_unit_test(rests_when_nothing_arrives_and_resumes_at_a_keyframe),
        cmocka_unit_test(rests_when_reports_stop),
        cmocka_unit_test(rests_when_the_path_is_too_narrow),
        cmocka_unit_test(rests_while_it_is_held),
    };

    if (oracle_init())
        return 1;
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
