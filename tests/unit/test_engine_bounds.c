// SPDX-License-Identifier: Apache-2.0
//
// Every bound of the engine at its limit: what does not fit is refused or counted, nothing else
// suffers, and all goes on when there is room again. Each test runs with both backends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/support/fault_io.h"
#include "tests/support/media_viewer.h"

static const struct eng_io_ops *backend;

static void start(struct media_world *world)
{
    fault_reset(backend);
    media_start(world, &fault_io);
}

// The worker stands still from here on.
static void stop_worker(struct media_world *world)
{
    fault_script.stop = true;
    media_publish(world); // wakes it, if it has viewers
    while (!fault_script.stopped)
        media_pause(1);
}

static void finish(struct media_world *world, struct media_viewer *viewer)
{
    eng_engine_destroy(world->engine);
    media_viewer_drain(viewer);
    media_viewer_close(viewer);
}

static bool wait_event(const struct media_world *world, enum eng_event_type type,
                       struct eng_event *event)
{
    for (int i = 0; i < MEDIA_PATIENCE_MS; i++) {
        while (eng_engine_poll(world->engine, event)) {
            if (event->type == type)
                return true;
        }
        media_pause(1);
    }
    return false;
}

static void refuses_commands_beyond_its_queue(void **state)
{
    struct media_world world;
    struct media_viewer viewer, late;
    struct eng_viewer_config config;
    struct eng_event event;
    int given = 0;

    (void)state;
    start(&world);
    media_viewer_join(&world, &viewer, 0x1000);
    media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewer));
    stop_worker(&world);
    while (eng_viewer_pause(viewer.viewer, given % 2 == 0) == 0)
        given++;
    assert_int_equal(given, ENG_COMMANDS_MAX - 1);
    // Each kind of command is refused, and nothing comes of it.
    media_viewer_open(&world, &late, 0x2000);
    config = media_viewer_config(&world, &late);
    assert_int_equal(eng_viewer_add(world.engine, &config, &late.viewer), -EAGAIN);
    assert_int_equal(eng_viewer_pause(viewer.viewer, true), -EAGAIN);
    assert_int_equal(eng_viewer_move(viewer.viewer, &late.tuple), -EAGAIN);
    assert_int_equal(eng_viewer_deliver(viewer.viewer, &viewer.tuple, (const uint8_t *)"", 1),
                     -EAGAIN);
    assert_int_equal(eng_engine_send(world.engine, 0, &late.tuple, "x", 1), -EAGAIN);
    assert_int_equal(eng_viewer_remove(viewer.viewer), -EAGAIN);
    fault_script.stop = false;

    while (eng_viewer_pause(viewer.viewer, false) != 0)
        media_pause(1);
    for (int i = 0; i < MEDIA_GOP; i++)
        media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewer));
    assert_int_equal(recv(late.fd, &event, sizeof(event), MSG_DONTWAIT), -1);
    assert_int_equal(eng_viewer_remove(viewer.viewer), 0);
    assert_true(wait_event(&world, ENG_EVENT_VIEWER_GONE, &event));
    media_viewer_close(&late);
    finish(&world, &viewer);
}

static void check(const struct media_viewer *viewer)
{
    static const uint8_t stun[20] = {0, 1};

    assert_int_equal(sendto(viewer->fd, stun, sizeof(stun), 0, &viewer->tuple.local.sa,
                            sizeof(viewer->tuple.local.in4)),
                     sizeof(stun));
}

static void counts_events_beyond_its_queue_and_keeps_last_words(void **state)
{
    enum {
        VIEWERS = 2 * ENG_EVENTS_MAX / ENG_CHECKS_BURST,
        ALL = VIEWERS * ENG_CHECKS_BURST
    };
    struct media_viewer viewers[VIEWERS];
    struct media_world world;
    struct eng_event event;
    uint64_t dropped;
    int datagrams = 0;

    (void)state;
    start(&world);
    for (unsigned i = 0; i < VIEWERS; i++)
        media_viewer_join(&world, &viewers[i], 0x1000 + 2 * i);
    media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewers[VIEWERS - 1]));
    for (unsigned i = 0; i < VIEWERS; i++) {
        for (int j = 0; j < ENG_CHECKS_BURST; j++)
            check(&viewers[i]);
        media_wait_counter(&world, ENG_COUNTER_DATAGRAMS_IN, (i + 1) * ENG_CHECKS_BURST);
    }
    media_wait_counter(&world, ENG_COUNTER_DROP_EVENTS_FULL, ALL - (ENG_EVENTS_MAX - 1));
    dropped = media_counter(&world, ENG_COUNTER_DROP_EVENTS_FULL);
    assert_int_equal(media_counter(&world, ENG_COUNTER_DROP_STRANGERS_FULL), 0);
    // Goodbye finds no room, and waits for it.
    assert_int_equal(eng_viewer_remove(viewers[0].viewer), 0);
    media_pause(20);
    while (eng_engine_poll(world.engine, &event) && event.type == ENG_EVENT_DATAGRAM)
        datagrams++;
    if (event.type != ENG_EVENT_VIEWER_GONE)
        assert_true(wait_event(&world, ENG_EVENT_VIEWER_GONE, &event));
    assert_int_equal(datagrams + (int)dropped, ALL);
    for (unsigned i = 1; i < VIEWERS; i++) {
        media_viewer_drain(&viewers[i]);
        media_viewer_close(&viewers[i]);
    }
    finish(&world, &viewers[0]);
}

static void waits_for_send_buffers(void **state)
{
    struct media_world world;
    struct media_viewer viewer;

    (void)state;
    start(&world);
    media_viewer_join(&world, &viewer, 0x1000);
    media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewer));
    fault_script.hold = true;
    for (int i = 0; i < MEDIA_PATIENCE_MS; i++) {
        if (media_counter(&world, ENG_COUNTER_DROP_NO_BUFFER) > 0)
            break;
        media_publish_audio(&world);
        media_pause(1);
    }
    assert_true(media_counter(&world, ENG_COUNTER_DROP_NO_BUFFER) > 0);
    for (int i = 0; i < 2 * MEDIA_GOP; i++)
        media_publish(&world);
    media_pause(10);
    fault_script.hold = false;
    // Late, but whole: the ring kept it.
    assert_true(media_viewer_catch_up(&world, &viewer));
    assert_int_equal(viewer.jumps, 0);
    finish(&world, &viewer);
}

static void leaves_out_what_the_ring_overwrote(void **state)
{
    struct media_world world;
    struct media_viewer viewer;
    struct eng_viewer_stats stats;

    (void)state;
    start(&world);
    media_viewer_join(&world, &viewer, 0x1000);
    media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewer));
    stop_worker(&world);
    for (int i = 0; i < 2 * ENG_VIDEO_PACKETS_MIN / MEDIA_PACKETS_PER_FRAME; i++)
        media_publish(&world);
    fault_script.stop = false;
    // The next to be seen is a keyframe: media_viewer_take() looks.
    media_wait_counter(&world, ENG_COUNTER_DROP_LAPPED, 1);
    for (int i = 0; i < MEDIA_GOP; i++)
        media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &viewer));
    assert_int_equal(viewer.jumps, 1);
    eng_viewer_read_stats(viewer.viewer, &stats);
    assert_true(stats.dropped >= media_counter(&world, ENG_COUNTER_DROP_LAPPED));
    finish(&world, &viewer);
}

static void refuses_viewers_beyond_its_table(void **state)
{
    struct media_world world;
    struct media_viewer first, other;
    struct eng_viewer_config config;
    struct eng_event event;
    struct eng_viewer *viewer;
    int err;

    (void)state;
    start(&world);
    media_viewer_join(&world, &first, 0x1000);
    // Nobody listens there, and nothing is published: they are only to be many.
    media_viewer_open(&world, &other, 0x2000);
    config = media_viewer_config(&world, &other);
    config.track[ENG_VIDEO].on = config.track[ENG_AUDIO].on = false;
    for (unsigned i = 1; i < ENG_WORKER_VIEWERS_MAX;) {
        config.tuple.remote.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i / 60000);
        eng_addr_set_port(&config.tuple.remote, (uint16_t)(1024 + i % 60000));
        err = eng_viewer_add(world.engine, &config, &viewer);
        assert_true(err == 0 || err == -EAGAIN);
        i += err == 0;
        if (err)
            media_pause(1);
    }
    assert_int_equal(eng_viewer_add(world.engine, &config, &viewer), -ENOSPC);
    assert_int_equal(media_counter(&world, ENG_COUNTER_DROP_VIEWERS_FULL), 1);
    media_publish(&world);
    assert_true(media_viewer_catch_up(&world, &first));
    // One goes, one comes.
    while (eng_viewer_remove(first.viewer) != 0)
        media_pause(1);
    assert_true(wait_event(&world, ENG_EVENT_VIEWER_GONE, &event));
    assert_int_equal(eng_viewer_add(world.engine, &config, &viewer), 0);
    media_viewer_close(&other);
    finish(&world, &first);
}

static void refuses_streams_beyond_its_bitmap(void **state)
{
    struct eng_config config = {
        .listen = loopback_addr(0), .video_bytes = 1 << 16, .train_max = 16, .io = backend};
    struct eng_engine *engine;
    struct eng_stream *stream;
    const char *what;

    (void)state;
    assert_int_equal(eng_engine_create(&config, &engine, &what), 0);
    for (int i = 0; i < ENG_STREAMS_MAX; i++)
        assert_int_equal(eng_stream_create(engine, &stream), 0);
    assert_int_equal(eng_stream_create(engine, &stream), -ENOSPC);
    eng_engine_destroy(engine);
}

static int run_with(const struct eng_io_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_commands_beyond_its_queue),
        cmocka_unit_test(counts_events_beyond_its_queue_and_keeps_last_words),
        cmocka_unit_test(waits_for_send_buffers),
        cmocka_unit_test(leaves_out_what_the_ring_overwrote),
        cmocka_unit_test(refuses_viewers_beyond_its_table),
        cmocka_unit_test(refuses_streams_beyond_its_bitmap),
    };

    backend = ops;
    print_message("with %s\n", ops->name);
    return cmocka_run_group_tests_name(ops->name, tests, NULL, NULL);
}

int main(void)
{
    int failed;

    if (oracle_init())
        return 1;
    srand(1);
    failed = run_with(&eng_io_uring);
    return failed + run_with(&eng_io_sendmmsg);
}
