// SPDX-License-Identifier: Apache-2.0
//
// Several workers on one port: the kernel spreads 5-tuples over them, a viewer belongs to the
// worker where it arrived first, and what arrives elsewhere later reaches its owner. Each test runs
// with both backends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/io.h"
#include "tests/support/media_viewer.h"

enum {
    WORKERS = 3,
    VIEWERS = 24, // all at one worker: once in 3^23 runs
    TRIES = 100,
};

static const struct eng_io_ops *backend;

struct crowd {
    struct media_world world;
    struct media_viewer viewers[VIEWERS];
    unsigned worker[VIEWERS]; // where each one arrived
};

static struct eng_event next_event(const struct media_world *world)
{
    struct eng_event event;

    for (int i = 0; i < MEDIA_PATIENCE_MS; i++) {
        if (eng_engine_poll(world->engine, &event))
            return event;
        media_pause(1);
    }
    fail_msg("no event");
    return event;
}

// Sends a connectivity check, and returns the worker that it arrived at.
static unsigned knock(const struct media_world *world, int fd, const struct eng_tuple *tuple)
{
    static const uint8_t stun[20] = {0, 1};
    struct eng_event event;

    assert_int_equal(sendto(fd, stun, sizeof(stun), 0, &tuple->local.sa, sizeof(tuple->local.in4)),
                     sizeof(stun));
    event = next_event(world);
    assert_int_equal(event.type, ENG_EVENT_DATAGRAM);
    assert_true(eng_addr_equal(&event.tuple.remote, &tuple->remote));
    return event.worker;
}

static void gather(struct crowd *c)
{
    media_start_workers(&c->world, backend, WORKERS);
    assert_int_equal(eng_engine_workers(c->world.engine), WORKERS);
    for (unsigned i = 0; i < VIEWERS; i++) {
        struct media_viewer *viewer = &c->viewers[i];
        struct eng_viewer_config config;

        media_viewer_open(&c->world, viewer, 0x1000 + 2 * i);
        c->worker[i] = knock(&c->world, viewer->fd, &viewer->tuple);
        config = media_viewer_config(&c->world, viewer);
        config.worker = c->worker[i];
        media_viewer_add(&c->world, viewer, &config);
    }
}

static void disperse(struct crowd *c)
{
    eng_engine_destroy(c->world.engine);
    for (unsigned i = 0; i < VIEWERS; i++) {
        media_viewer_drain(&c->viewers[i]);
        media_viewer_close(&c->viewers[i]);
    }
}

static void play(struct crowd *c, int frames)
{
    for (int i = 0; i < frames; i++) {
        media_publish(&c->world);
        for (unsigned v = 0; v < VIEWERS; v++)
            assert_true(media_viewer_catch_up(&c->world, &c->viewers[v]));
    }
}

static void each_serves_those_who_arrived_there(void **state)
{
    static struct crowd c;
    uint64_t packets = (uint64_t)VIEWERS * MEDIA_PACKETS_PER_FRAME * 2 * MEDIA_GOP;
    bool differ = false;

    (void)state;
    gather(&c);
    play(&c, 2 * MEDIA_GOP);
    for (unsigned i = 0; i < VIEWERS; i++) {
        assert_int_equal(c.viewers[i].jumps, 0);
        differ |= c.worker[i] != c.worker[0];
    }
    assert_true(differ);
    // The sum is over all workers.
    media_wait_counter(&c.world, ENG_COUNTER_PACKETS_VIDEO, packets);
    assert_int_equal(media_counter(&c.world, ENG_COUNTER_PACKETS_VIDEO), packets);
    disperse(&c);
}

// A NAT gives the viewer another port, which the kernel hashes to another worker.
static int move_to_another_worker(struct crowd *c, unsigned v, struct eng_tuple *tuple)
{
    for (int i = 0; i < TRIES; i++) {
        int fd = loopback_socket(&tuple->remote);

        if (knock(&c->world, fd, tuple) != c->worker[v])
            return fd;
        close(fd);
    }
    fail_msg("all ports lead to worker %u", c->worker[v]);
    return -1;
}

static void what_arrives_elsewhere_reaches_the_owner(void **state)
{
    uint8_t rr[32] = {0x80, 201, 0, 1, 0, 0, 0, 1};
    static struct crowd c;
    struct media_viewer *viewer = &c.viewers[0];
    struct eng_tuple tuple;
    struct eng_event event;
    int fd, len = 8;

    (void)state;
    gather(&c);
    play(&c, 1);
    tuple = viewer->tuple;
    fd = move_to_another_worker(&c, 0, &tuple);
    // Its feedback is a stranger's there. The control thread knows better.
    assert_int_equal(srtp_protect_rtcp(viewer->send, rr, &len), srtp_err_status_ok);
    assert_int_equal(sendto(fd, rr, (size_t)len, 0, &tuple.local.sa, sizeof(tuple.local.in4)), len);
    event = next_event(&c.world);
    assert_int_equal(event.type, ENG_EVENT_DATAGRAM);
    assert_int_not_equal(event.worker, c.worker[0]);
    assert_int_equal(media_counter(&c.world, ENG_COUNTER_RTCP_IN), 0);
    assert_int_equal(eng_viewer_deliver(viewer->viewer, &event.tuple, event.data, event.len), 0);
    media_wait_counter(&c.world, ENG_COUNTER_RTCP_IN, 1);
    // It nominates the new 5-tuple: the owner sends there from now on.
    assert_int_equal(eng_viewer_move(viewer->viewer, &tuple), 0);
    wait_for_turn(c.world.engine, c.worker[0]);
    close(viewer->fd);
    viewer->fd = fd;
    play(&c, 2);
    assert_int_equal(viewer->jumps, 0);
    disperse(&c);
}

static void who_leaves_one_worker_disturbs_none(void **state)
{
    static struct crowd c;
    unsigned gone = 0;

    (void)state;
    gather(&c);
    play(&c, 1);
    assert_int_equal(eng_viewer_remove(c.viewers[VIEWERS - 1].viewer), 0);
    while (gone == 0) {
        struct eng_event event = next_event(&c.world);

        gone += event.type == ENG_EVENT_VIEWER_GONE;
        assert_int_equal(event.worker, c.worker[VIEWERS - 1]);
    }
    media_publish(&c.world);
    for (unsigned v = 0; v < VIEWERS - 1; v++) {
        assert_true(media_viewer_catch_up(&c.world, &c.viewers[v]));
        assert_int_equal(c.viewers[v].jumps, 0);
    }
    disperse(&c);
}

static int run_with(const struct eng_io_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_serves_those_who_arrived_there),
        cmocka_unit_test(what_arrives_elsewhere_reaches_the_owner),
        cmocka_unit_test(who_leaves_one_worker_disturbs_none),
    };

    backend = ops;
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
