// SPDX-License-Identifier: Apache-2.0
//
// When the packets of a frame leave, on a clock of the test's own: to one viewer, and to a thousand
// of one stream. A worker without thread and kernel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/worker.h"
#include "tests/support/fake_io.h"
#include "tests/support/oracle.h"

enum {
    TRAIN_MAX = 16,
    PACE_MS = 16,
    PACE_TRAIN = 8, // what a paced frame leaves in
    PAYLOAD = 100,
    FRAME = 8, // packets
    KEYFRAME = 24,
    VIEWERS = 1000,
    FRAME_MS = 33,
};

static struct {
    struct eng_engine *engine;
    struct eng_stream *stream;
    struct eng_worker *worker;
    struct eng_viewer *viewers[VIEWERS];
    unsigned viewer_count;
    int64_t frame;
    unsigned packets; // of video, that left since this was last set to 0
} world;

static int fake_io_take(const struct eng_send *send)
{
    if (send->kind == ENG_SEND_VIDEO)
        world.packets += send->packets;
    return 0;
}

static void start(void)
{
    memset(&world, 0, sizeof(world));
    world.worker = fake_io_start(TRAIN_MAX, PACE_MS, &world.engine, &world.stream);
}

// The worker's turns up to a millisecond's end: as many as it takes to serve all who are queued.
static void run_ms(void)
{
    world.packets = 0;
    do
        eng_worker_turn(world.worker);
    while (world.worker->run_first || atomic_load(&world.worker->bell->called));
    world.worker->mono_ns += 1000000;
}

static void join(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned n = world.viewer_count++;
        struct eng_viewer_config config = {
            .stream = world.stream,
            .tuple = {.remote = loopback_addr((uint16_t)(n + 1)), .local = loopback_addr(1)},
            .keying = {.profile = ENG_SRTP_AEAD_AES_128_GCM},
            .track = {[ENG_VIDEO] =
                          {.on = true, .payload_type = 96, .ssrc = 1 + n, .clock_rate = 90000}},
            .cname = "test",
        };

        assert_int_equal(eng_viewer_add(world.engine, &config, &world.viewers[n]), 0);
        run_ms();
    }
}

static void publish(int packets, bool keyframe)
{
    for (int i = 0; i < packets; i++) {
        struct eng_packet packet = {
            .media_time = world.frame * 3000,
            .len = PAYLOAD,
            .flags = (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) |
                                (i == packets - 1 ? ENG_PACKET_MARKER : 0) |
                                (keyframe ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(world.stream, ENG_VIDEO, PAYLOAD), 0, PAYLOAD);
        eng_publish_commit(world.stream, ENG_VIDEO, &packet);
    }
    world.frame++;
    eng_publish_flush(world.stream, world.worker->mono_ns);
}

static void finish(void)
{
    run_ms();
    eng_worker_close(world.worker);
    eng_engine_destroy(world.engine);
    memset(&world, 0, sizeof(world)); // a viewer that is left is a leak, known to nobody
}

static void a_short_frame_leaves_at_once(void **state)
{
    (void)state;
    start();
    join(1);
    publish(FRAME, true);
    run_ms();
    assert_int_equal(world.packets, FRAME);
    publish(TRAIN_MAX, false);
    run_ms();
    assert_int_equal(world.packets, TRAIN_MAX);
    finish();
}

static void a_long_frame_to_one_leaves_train_by_train(void **state)
{
    unsigned sent = 0, pauses = 0;

    (void)state;
    start();
    join(1);
    publish(FRAME, true);
    run_ms();
    publish(KEYFRAME, true);
    run_ms(); // a lone viewer's begins at once
    assert_int_equal(world.packets, PACE_TRAIN);
    for (sent = world.packets; sent < KEYFRAME; sent += world.packets) {
        run_ms();
        assert_true(world.packets == 0 || world.packets == PACE_TRAIN);
        pauses += world.packets == 0;
    }
    assert_int_equal(sent, KEYFRAME);
    assert_true(pauses > 0);
    finish();
}

static void a_long_frame_to_a_thousand_is_no_burst(void **state)
{
    unsigned all = 0, most = 0;

    (void)state;
    start();
    join(VIEWERS);
    publish(FRAME, true);
    run_ms();
    assert_int_equal(world.packets, VIEWERS * FRAME); // who starts, starts at once
    publish(FRAME, false);
    run_ms();
    assert_int_equal(world.packets, VIEWERS * FRAME); // and so does what fits a train
    publish(KEYFRAME, true);
    for (int ms = 0; ms < FRAME_MS; ms++) {
        run_ms();
        all += world.packets;
        most = world.packets > most ? world.packets : most;
    }
    assert_int_equal(all, VIEWERS * KEYFRAME);
    // Without phases all would begin at once. Of those that begin one after the other, up to three
    // groups have a train in the same millisecond.
    assert_true(most < VIEWERS * PACE_TRAIN * 2 / 3);
    finish();
}

static unsigned count_gone(void)
{
    struct eng_event event;
    unsigned gone = 0;

    while (eng_engine_poll(world.engine, &event))
        gone += event.type == ENG_EVENT_VIEWER_GONE;
    return gone;
}

// More viewers than a turn serves leave while they are queued: each one is told to be gone, and not
// before the queue has let go of it.
static void who_leaves_the_queue_is_let_go(void **state)
{
    unsigned gone = 0;

    (void)state;
    start();
    join(VIEWERS);
    publish(FRAME, true);
    eng_worker_turn(world.worker);
    assert_non_null(world.worker->run_first);
    for (unsigned i = 0; i < VIEWERS; i += 2) {
        assert_int_equal(eng_viewer_remove(world.viewers[i]), 0);
        while (i % 64 == 0 && atomic_load(&world.worker->bell->called)) {
            eng_worker_turn(world.worker);
            gone += count_gone();
        }
    }
    for (int i = 0; i < VIEWERS; i++) {
        run_ms();
        gone += count_gone();
    }
    assert_int_equal(gone, VIEWERS / 2);
    publish(FRAME, false);
    run_ms();
    assert_int_equal(world.packets, VIEWERS / 2 * FRAME);
    finish();
}

// So many that nobody hears that they are gone: the engine frees them at its end.
static void frees_those_of_whom_nobody_heard(void **state)
{
    (void)state;
    start();
    join(VIEWERS);
    publish(FRAME, true);
    for (unsigned i = 0; i < VIEWERS; i++) {
        assert_int_equal(eng_viewer_remove(world.viewers[i]), 0);
        if (i % 64 == 0)
            eng_worker_turn(world.worker);
    }
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_frame_leaves_at_once),
        cmocka_unit_test(a_long_frame_to_one_leaves_train_by_train),
        cmocka_unit_test(a_long_frame_to_a_thousand_is_no_burst),
        cmocka_unit_test(who_leaves_the_queue_is_let_go),
        cmocka_unit_test(frees_those_of_whom_nobody_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
