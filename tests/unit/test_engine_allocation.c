// SPDX-License-Identifier: Apache-2.0
//
// Workers allocate nothing after start, and a viewer is small: the allocator's functions are
// replaced by ones that know which thread calls. libsrtp2 is left out, the known exception.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "engine/io.h"
#include "engine/viewer.h"
#include "tests/support/heap.h"
#include "tests/support/media_viewer.h"

enum {
    // All of the engine's memory that grows with the number of viewers.
    VIEWER_BYTES_MAX = 2560,
    TUPLE_ENTRY_BYTES = 2 * sizeof(void *), // of the worker's table, never more than half full
};

// ---- tests ----

static const struct eng_io_ops *backend;

static void *allocate(void *arg)
{
    void *volatile p = malloc(16);

    free(p);
    return arg;
}

static void the_trap_works(void **state)
{
    pthread_t thread;

    (void)state;
    heap_skip_if_sanitized();
    assert_int_equal(pthread_create(&thread, NULL, allocate, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(heap_caught, 0);
    heap_armed = true;
    assert_int_equal(pthread_create(&thread, NULL, allocate, NULL), 0);
    pthread_join(thread, NULL);
    heap_armed = false;
    assert_true(heap_caught >= 2);
    heap_caught = 0;
}

static void ask(struct media_viewer *viewer)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1}, pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1};
    uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 1};

    eng_put32(nack + 8, viewer->ssrc);
    eng_put16(nack + 12, viewer->seq);
    eng_put32(pli + 8, viewer->ssrc);
    eng_put32(rr + 8, viewer->ssrc);
    media_viewer_say(viewer, nack, sizeof(nack));
    media_viewer_say(viewer, rr, sizeof(rr));
    media_viewer_say(viewer, pli, sizeof(pli));
}

static void join_with_rtx(struct media_world *world, struct media_viewer *viewer, uint32_t ssrc)
{
    struct eng_viewer_config config;

    media_viewer_open(world, viewer, ssrc);
    config = media_viewer_config(world, viewer);
    for (int t = 0; t < ENG_TRACKS; t++) {
        config.track[t].rtx_payload_type = 97;
        config.track[t].rtx_ssrc = ssrc + 2 + (uint32_t)t;
    }
    media_viewer_add(world, viewer, &config);
}

static void leave(struct media_world *world, struct media_viewer *viewer)
{
    struct eng_event event = {.type = ENG_EVENT_DATAGRAM};

    assert_int_equal(eng_viewer_remove(viewer->viewer), 0);
    for (int i = 0; i < MEDIA_PATIENCE_MS && event.type != ENG_EVENT_VIEWER_GONE; i++) {
        while (event.type != ENG_EVENT_VIEWER_GONE && eng_engine_poll(world->engine, &event))
            ;
        media_pause(1);
    }
    assert_int_equal(event.type, ENG_EVENT_VIEWER_GONE);
}

// All that a viewer can do to a worker.
static void live(struct media_world *world, struct media_viewer *viewer)
{
    static const uint8_t stun[20] = {0, 1}, junk[3] = {0x7f};
    uint64_t resent = media_counter(world, ENG_COUNTER_PACKETS_RESENT);
    uint8_t rr[64] = {0x80, 201, 0, 1, 0, 0, 0, 1};
    struct eng_addr *server = &viewer->tuple.local;
    int len = 8;

    for (int i = 0; i < MEDIA_GOP; i++) {
        media_publish(world);
        media_publish_audio(world);
        assert_true(media_viewer_catch_up(world, viewer));
    }
    ask(viewer);
    media_wait_counter(world, ENG_COUNTER_PACKETS_RESENT, resent + 1);
    media_wait_counter(world, ENG_COUNTER_PACKETS_RTCP, 1);
    sendto(viewer->fd, stun, sizeof(stun), 0, &server->sa, sizeof(server->in4));
    sendto(viewer->fd, junk, sizeof(junk), 0, &server->sa, sizeof(server->in4));
    media_wait_counter(world, ENG_COUNTER_DROP_JUNK, 1);
    assert_int_equal(srtp_protect_rtcp(viewer->send, rr, &len), srtp_err_status_ok);
    assert_int_equal(eng_viewer_deliver(viewer->viewer, &viewer->tuple, rr, (size_t)len), 0);
    assert_int_equal(eng_viewer_move(viewer->viewer, &viewer->tuple), 0);
    assert_int_equal(eng_viewer_pause(viewer->viewer, true), 0);
    assert_int_equal(eng_viewer_pause(viewer->viewer, false), 0);
    assert_int_equal(eng_engine_send(world->engine, 0, &viewer->tuple, stun, sizeof(stun)), 0);
}

static void workers_allocate_nothing_after_start(void **state)
{
    struct media_viewer viewers[2];
    struct media_world world;

    (void)state;
    heap_skip_if_sanitized();
    media_start(&world, backend);
    heap_armed = true;
    for (int round = 0; round < 2; round++) {
        media_viewer_join(&world, &viewers[0], 0x1000);
        join_with_rtx(&world, &viewers[1], 0x2000);
        for (int i = 0; i < 2; i++)
            live(&world, &viewers[i]);
        for (int i = 0; i < 2; i++) {
            leave(&world, &viewers[i]);
            media_viewer_close(&viewers[i]);
        }
    }
    heap_armed = false;
    assert_int_equal(heap_caught, 0);
    eng_engine_destroy(world.engine);
}

static void a_viewer_is_small(void **state)
{
    struct media_world world;
    struct media_viewer viewer;
    struct eng_viewer_config config;
    int64_t before;

    (void)state;
    heap_skip_if_sanitized();
    media_start(&world, backend);
    media_viewer_open(&world, &viewer, 0x1000);
    config = media_viewer_config(&world, &viewer);
    before = heap_taken;
    assert_int_equal(eng_viewer_add(world.engine, &config, &viewer.viewer), 0);
    print_message("%ld bytes, of which struct eng_viewer %zu, the expanded key %zu\n",
                  (long)(heap_taken - before + TUPLE_ENTRY_BYTES), sizeof(struct eng_viewer),
                  sizeof(struct eng_gcm));
    assert_true(heap_taken - before + TUPLE_ENTRY_BYTES <= VIEWER_BYTES_MAX);
    eng_engine_destroy(world.engine);
    media_viewer_close(&viewer);
}

static int run_with(const struct eng_io_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trap_works),
        cmocka_unit_test(workers_allocate_nothing_after_start),
        cmocka_unit_test(a_viewer_is_small),
    };

    backend = ops;
    print_message("with %s\n", ops->name);
    return cmocka_run_group_tests_name(ops->name, tests, NULL, NULL);
}

int main(void)
{
    int failed;

    heap_allowed = true;
    if (oracle_init())
        return 1;
    srand(1);
    failed = run_with(&eng_io_uring);
    return failed + run_with(&eng_io_sendmmsg);
}
