// SPDX-License-Identifier: Apache-2.0
//
// What one viewer can make a worker do in a turn is bounded, and its neighbours are served in the
// same turn. Nothing is measured in time: datagrams opened, packets looked up, sends, commands are
// counted. A worker without thread and kernel, on a clock of the test's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "engine/bytes.h"
#include "engine/repair.h"
#include "engine/rtcp.h"
#include "engine/worker.h"
#include "tests/support/fake_io.h"
#include "tests/support/oracle.h"

enum {
    GOP = 30,
    FRAME_MS = 33,
    PACKETS_PER_FRAME = 8,
    PAYLOAD = 200,
    // What a worker takes in one turn.
    FLOOD = ENG_RECEIVES_MAX,
    // The allowance spent on packets alone, and the datagram that goes beyond it.
    NACKED_MAX = ENG_FEEDBACK_BURST * ENG_FEEDBACK_ASKS + ENG_RTCP_NACKS_MAX,
    NACK_ENTRIES = 350, // as many as a datagram holds
};

struct member {
    struct eng_viewer *viewer;
    uint32_t ssrc;
    struct eng_tuple tuple;
    srtp_t send;
    unsigned video, resent, refused; // sends
    unsigned place;                  // of its last video among all sends
    int error;                       // what its sends get
    uint16_t seq;                    // of the last packet of video
};

static struct {
    struct eng_engine *engine;
    struct eng_stream *stream;
    struct eng_worker *worker;
    struct member bad, good;
    unsigned sends;
    int64_t now_ms, frame;
} world;

// ---- in place of the kernel ----

static int fake_io_take(const struct eng_send *send)
{
    struct member *m = send->viewer == world.bad.viewer ? &world.bad : &world.good;

    if (m->error) {
        m->refused++;
        return m->error;
    }
    m->resent += send->kind == ENG_SEND_RESENT;
    world.sends++;
    if (send->kind == ENG_SEND_VIDEO) {
        m->video++;
        m->place = world.sends;
        m->seq = (uint16_t)(eng_get16(send->data + 2) + send->packets - 1);
    }
    return 0;
}

// ---- the world ----

static void join(struct member *m, uint32_t ssrc)
{
    struct eng_viewer_config config = {
        .stream = world.stream,
        .tuple = {.remote = loopback_addr((uint16_t)ssrc), .local = loopback_addr(1)},
        .keying = {.profile = ENG_SRTP_AEAD_AES_128_GCM, .receive.key = {(uint8_t)ssrc}},
        .track =
            {[ENG_VIDEO] = {.on = true, .payload_type = 96, .ssrc = ssrc, .clock_rate = 90000}},
        .cname = "test",
    };

    m->ssrc = ssrc;
    m->tuple = config.tuple;
    assert_int_equal(eng_viewer_add(world.engine, &config, &m->viewer), 0);
    m->send = oracle_create(config.keying.profile, &config.keying.receive, ssrc_any_outbound);
}

static void publish_frame(void)
{
    bool keyframe = world.frame % GOP == 0;

    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        bool last = i == PACKETS_PER_FRAME - 1;
        struct eng_packet packet = {
            .media_time = world.frame * 3000,
            .len = PAYLOAD,
            .flags =
                (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) | (last ? ENG_PACKET_MARKER : 0) |
                           (keyframe ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(world.stream, ENG_VIDEO, PAYLOAD), 0, PAYLOAD);
        eng_publish_commit(world.stream, ENG_VIDEO, &packet);
    }
    world.frame++;
    eng_publish_flush(world.stream, world.worker->mono_ns);
}

static void turn(void)
{
    world.now_ms++;
    world.worker->mono_ns += 1000000;
    world.worker->real_ns += 1000000;
    if (world.now_ms % FRAME_MS == 0)
        publish_frame();
    eng_worker_turn(world.worker);
}

static void run(int ms)
{
    for (int i = 0; i < ms; i++)
        turn();
}

static void start(void)
{
    memset(&world, 0, sizeof(world));
    world.worker = fake_io_start(16, 0, &world.engine, &world.stream);
    join(&world.bad, 0x1000);
    join(&world.good, 0x2000);
    run(2000);
}

static void finish(void)
{
    world.bad.error = 0;
    turn();
    eng_worker_close(world.worker);
    eng_engine_destroy(world.engine);
    srtp_dealloc(world.bad.send);
    srtp_dealloc(world.good.send);
}

static uint64_t counter(enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(world.engine, all);
    return all[id];
}

static void arrive(const struct member *m, const uint8_t *data, size_t len)
{
    fake_io_state.config.received(fake_io_state.config.ctx, &m->tuple, data, len);
}

// A compound of this viewer; forged: of somebody who only knows its address.
static void say(const struct member *m, const uint8_t *rtcp, size_t size, bool forged)
{
    uint8_t packet[ENG_DATAGRAM_MAX];
    int len = (int)size;

    memcpy(packet, rtcp, size);
    assert_int_equal(srtp_protect_rtcp(m->send, packet, &len), srtp_err_status_ok);
    packet[size] ^= forged;
    arrive(m, packet, (size_t)len);
}

// Asks for `entries` times 17 packets, the newest first.
static void nack(const struct member *m, unsigned entries, bool forged)
{
    uint8_t rtcp[12 + 4 * NACK_ENTRIES] = {0x81, 205};

    eng_put16(rtcp + 2, (uint16_t)(2 + entries));
    eng_put32(rtcp + 4, 1);
    eng_put32(rtcp + 8, m->ssrc);
    for (unsigned i = 0; i < entries; i++) {
        eng_put16(rtcp + 12 + 4 * i, (uint16_t)(m->seq - 17 * i - 16));
        eng_put16(rtcp + 14 + 4 * i, 0xffff);
    }
    say(m, rtcp, 12 + 4 * entries, forged);
}

static void nack_newest(const struct member *m)
{
    uint8_t rtcp[16] = {0x81, 205, 0, 3, 0, 0, 0, 1};

    eng_put32(rtcp + 8, m->ssrc);
    eng_put16(rtcp + 12, m->seq);
    say(m, rtcp, sizeof(rtcp), false);
}

static void pli(const struct member *m)
{
    uint8_t rtcp[12] = {0x81, 206, 0, 2, 0, 0, 0, 1};

    eng_put32(rtcp + 8, m->ssrc);
    say(m, rtcp, sizeof(rtcp), false);
}

static void report(const struct member *m)
{
    uint8_t rtcp[32] = {0x81, 201, 0, 7, 0, 0, 0, 1};

    eng_put32(rtcp + 8, m->ssrc);
    eng_put32(rtcp + 16, m->seq);
    say(m, rtcp, sizeof(rtcp), false);
}

static void remb(const struct member *m)
{
    static const uint8_t rtcp[24] = {0x8f, 206, 0, 5,   0,   0,   0,   1, 0,
                                     0,    0,   0, 'R', 'E', 'M', 'B', 1, 14};

    say(m, rtcp, sizeof(rtcp), false);
}

static uint64_t opened(void)
{
    return counter(ENG_COUNTER_RTCP_IN);
}

// In this very turn, whatever arrived before.
static void good_is_heard(void)
{
    uint64_t restarts = counter(ENG_COUNTER_RESTARTS);
    unsigned resent = world.good.resent, video = world.good.video;

    nack_newest(&world.good);
    pli(&world.good);
    turn();
    assert_int_equal(world.good.resent, resent + 1);
    assert_true(counter(ENG_COUNTER_RESTARTS) > restarts);
    assert_true(world.good.video > video);
}

// ---- feedback ----

static void bounds_what_a_flood_of_nacks_costs_a_turn(void **state)
{
    uint64_t before;

    (void)state;
    for (unsigned entries = 1; entries <= NACK_ENTRIES; entries += entries < 40 ? 1 : 10) {
        uint64_t nacked, sends;

        start();
        before = opened();
        for (int i = 0; i < FLOOD; i++)
            nack(&world.bad, entries, false);
        before = opened() - before;
        nacked = counter(ENG_COUNTER_NACKED);
        sends = world.bad.resent + fake_io_state.count;
        assert_true(before > 0 && before <= ENG_FEEDBACK_BURST);
        assert_true(nacked <= NACKED_MAX);
        assert_true(sends > 0 && sends <= ENG_RESEND_BURST);
        assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_FLOOD), FLOOD - before);
        good_is_heard();
        finish();
    }
}

static void bounds_what_a_flood_of_plis_costs_a_turn(void **state)
{
    uint64_t before, restarts;

    (void)state;
    start();
    before = opened();
    restarts = counter(ENG_COUNTER_RESTARTS);
    for (int i = 0; i < FLOOD; i++)
        (i % 2 ? pli : remb)(&world.bad);
    assert_in_range(opened() - before, 60, ENG_FEEDBACK_BURST);
    good_is_heard();
    assert_int_equal(counter(ENG_COUNTER_RESTARTS), restarts + 2);
    finish();
}

static void bounds_what_a_flood_costs_in_time(void **state)
{
    enum {
        SECONDS = 5
    };
    uint64_t before;

    (void)state;
    start();
    before = opened();
    for (int ms = 0; ms < SECONDS * 1000; ms++) {
        for (int i = 0; i < 20; i++)
            nack(&world.bad, 1, false);
        turn();
    }
    // 17 packets weigh half a datagram.
    before = opened() - before;
    assert_in_range(before, SECONDS * ENG_FEEDBACK_RATE / 2,
                    ENG_FEEDBACK_BURST + SECONDS * ENG_FEEDBACK_RATE);
    assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_FLOOD), SECONDS * 20000 - before);
    // It becomes well again by itself.
    run(1000);
    before = opened();
    pli(&world.bad);
    assert_int_equal(opened(), before + 1);
    finish();
}

// More than any browser says: a NACK of 34 packets each 20 ms, and 60 others a second.
static void hears_all_of_an_honest_viewer_with_heavy_loss(void **state)
{
    uint64_t before, said = 0;

    (void)state;
    start();
    before = opened();
    for (int ms = 0; ms < 20000; ms++) {
        if (ms % 20 == 0)
            nack(&world.good, 2, false);
        if (ms % 50 == 0) {
            report(&world.good);
            remb(&world.good);
            pli(&world.good);
        }
        said += (ms % 20 == 0) + 3u * (ms % 50 == 0);
        turn();
    }
    assert_int_equal(opened() - before, said);
    // After an outage of a second, all of it is asked for at once.
    for (int i = 0; i < 2; i++)
        nack(&world.good, 15, false);
    assert_int_equal(opened() - before, said + 2);
    assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_FLOOD), 0);
    finish();
}

static void forgeries_take_nothing_from_whom_they_name(void **state)
{
    uint64_t before;

    (void)state;
    start();
    for (int ms = 0; ms < 1000; ms++) {
        before = opened();
        if (ms % 10 == 0)
            report(&world.bad);
        for (int i = 0; i < FLOOD; i++)
            nack(&world.bad, 1, true);
        assert_int_equal(opened(), before + (ms % 10 == 0));
        assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_AUTH), (uint64_t)(ms + 1) * ENG_FORGED_MAX);
        turn();
    }
    assert_int_equal(counter(ENG_COUNTER_DROP_FORGED_FLOOD), 1000 * (FLOOD - ENG_FORGED_MAX));
    assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_FLOOD), 0);
    // Behind a flood it is lost, once.
    for (int i = 0; i < FLOOD; i++)
        nack(&world.bad, 1, true);
    before = opened();
    report(&world.bad);
    assert_int_equal(opened(), before);
    good_is_heard();
    before = opened();
    report(&world.bad);
    assert_int_equal(opened(), before + 1);
    finish();
}

// ---- what goes up to the control thread ----

static unsigned events_from(const struct member *m)
{
    struct eng_event event;
    unsigned count = 0;

    while (eng_engine_poll(world.engine, &event))
        count += event.type == ENG_EVENT_DATAGRAM && eng_tuple_equal(&event.tuple, &m->tuple);
    return count;
}

static void checks_of_one_leave_room_for_those_of_all(void **state)
{
    static const uint8_t stun[20] = {0, 1}, dtls[20] = {20};
    unsigned passed = 0;

    (void)state;
    start();
    for (int i = 0; i < 2 * ENG_EVENTS_MAX; i++)
        arrive(&world.bad, i % 2 ? stun : dtls, sizeof(stun));
    arrive(&world.good, stun, sizeof(stun));
    assert_int_equal(counter(ENG_COUNTER_DROP_CHECK_FLOOD), 2 * ENG_EVENTS_MAX - ENG_CHECKS_BURST);
    assert_int_equal(counter(ENG_COUNTER_DROP_EVENTS_FULL), 0);
    assert_int_equal(events_from(&world.good), 1);
    (void)events_from(&world.bad);
    for (int ms = 0; ms < 500; ms++) {
        for (int i = 0; i < 4; i++)
            arrive(&world.bad, stun, sizeof(stun));
        turn();
        passed += events_from(&world.bad);
    }
    assert_in_range(passed, ENG_CHECKS_RATE / 2 - 1, ENG_CHECKS_RATE / 2 + 1);
    finish();
}

// ---- commands ----

static int hassle(struct member *m, unsigned i)
{
    struct eng_tuple other = m->tuple;

    eng_addr_set_port(&other.remote, 7);
    switch (i % 4) {
    case 0:
        return eng_viewer_pause(m->viewer, true);
    case 1:
        return eng_viewer_move(m->viewer, &other);
    case 2:
        return eng_viewer_pause(m->viewer, false);
    default:
        return eng_viewer_move(m->viewer, &m->tuple);
    }
}

static void commands_about_one_leave_time_for_the_others(void **state)
{
    unsigned given = 0, video;

    (void)state;
    start();
    while (hassle(&world.bad, given) == 0)
        given++;
    assert_int_equal(given, ENG_COMMANDS_MAX - 1);
    video = world.good.video;
    publish_frame();
    eng_worker_turn(world.worker);
    assert_int_equal(world.good.video, video + 1);
    while (hassle(&world.bad, given) == 0)
        given++;
    assert_int_equal(given, ENG_COMMANDS_MAX - 1 + ENG_TURN_COMMANDS_MAX);
    // None is forgotten.
    run(ENG_COMMANDS_MAX / ENG_TURN_COMMANDS_MAX);
    for (unsigned i = 0; i < ENG_COMMANDS_MAX - 1; i++)
        assert_int_equal(eng_viewer_pause(world.bad.viewer, false), 0);
    run(ENG_COMMANDS_MAX / ENG_TURN_COMMANDS_MAX);
    video = world.bad.video;
    run(2 * GOP * FRAME_MS);
    assert_true(world.bad.video > video);
    finish();
}

// ---- sends ----

// Once refused, one is not tried again before the next keyframe: a send and its repetition by
// pacing at each, and a report each second.
static void one_whose_sends_are_refused_is_left_alone(void **state)
{
    enum {
        SECONDS = 10
    };
    unsigned video, keyframes = SECONDS * 1000 / (GOP * FRAME_MS) + 1;
    int64_t frame;

    (void)state;
    start();
    video = world.good.video;
    frame = world.frame;
    world.bad.error = -ENETUNREACH;
    run(SECONDS * 1000);
    assert_true(world.bad.refused > 0 && world.bad.refused <= 2 * keyframes + SECONDS + 1);
    assert_int_equal(world.good.video - video, world.frame - frame);
    world.bad.error = 0;
    video = world.bad.video;
    run(2 * GOP * FRAME_MS);
    assert_true(world.bad.video > video);
    finish();
}

// So that hundreds who join are not what the others' pictures wait for.
static void serves_first_who_came_first(void **state)
{
    (void)state;
    start();
    run(FRAME_MS);
    assert_true(world.bad.place > 0 && world.good.place > 0);
    assert_true(world.bad.place < world.good.place);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_what_a_flood_of_nacks_costs_a_turn),
        cmocka_unit_test(bounds_what_a_flood_of_plis_costs_a_turn),
        cmocka_unit_test(bounds_what_a_flood_costs_in_time),
        cmocka_unit_test(hears_all_of_an_honest_viewer_with_heavy_loss),
        cmocka_unit_test(forgeries_take_nothing_from_whom_they_name),
        cmocka_unit_test(checks_of_one_leave_room_for_those_of_all),
        cmocka_unit_test(commands_about_one_leave_time_for_the_others),
        cmocka_unit_test(one_whose_sends_are_refused_is_left_alone),
        cmocka_unit_test(serves_first_who_came_first),
    };

    if (oracle_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
