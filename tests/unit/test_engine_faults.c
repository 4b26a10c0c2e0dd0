// SPDX-License-Identifier: Apache-2.0
//
// The kernel refuses to send: every error, some of the time and all of the time, to one of two
// viewers. Each test runs with both backends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/support/fault_io.h"
#include "tests/support/media_viewer.h"

enum {
    // More than a worker has buffers for; no more than a socket holds that got no special favour.
    FLOOD = ENG_RECEIVES_MAX * 5 / 4,
};

static const struct eng_io_ops *backend;

struct pair {
    struct media_world world;
    struct media_viewer victim, other;
};

static void start_pair(struct pair *p)
{
    media_start(&p->world, &fault_io);
    media_viewer_join(&p->world, &p->victim, 0x1000);
    media_viewer_join(&p->world, &p->other, 0x2000);
}

static void finish_pair(struct pair *p)
{
    eng_engine_destroy(p->world.engine);
    // What is still in a socket must be its owner's too.
    media_viewer_drain(&p->victim);
    media_viewer_drain(&p->other);
    media_viewer_close(&p->victim);
    media_viewer_close(&p->other);
}

// Frame by frame: the other viewer gets every packet of each, in order.
static void play(struct pair *p, int frames)
{
    for (int i = 0; i < frames; i++) {
        media_publish(&p->world);
        assert_true(media_viewer_catch_up(&p->world, &p->other));
        media_viewer_drain(&p->victim);
    }
    assert_int_equal(p->other.jumps, 0);
}

static void check_error(int error, unsigned every, int frames)
{
    struct pair p;
    struct eng_viewer_stats victim, other;
    uint64_t refused;

    fault_reset(backend);
    start_pair(&p);
    play(&p, MEDIA_GOP);
    assert_true(media_viewer_catch_up(&p.world, &p.victim));

    fault_script.port = eng_addr_port(&p.victim.tuple.remote);
    fault_script.every = every;
    fault_script.error = error;
    play(&p, frames);
    fault_script.error = 0;
    refused = media_counter(&p.world, ENG_COUNTER_DROP_REFUSED);
    assert_true(refused > 0);

    // Well again: at the latest with the next keyframe the victim has all there is.
    play(&p, MEDIA_GOP);
    assert_true(media_viewer_catch_up(&p.world, &p.victim));
    assert_true(p.victim.jumps > 0);
    eng_viewer_read_stats(p.victim.viewer, &victim);
    eng_viewer_read_stats(p.other.viewer, &other);
    assert_true(victim.dropped >= refused);
    assert_int_equal(other.dropped, 0);
    assert_int_equal(media_counter(&p.world, ENG_COUNTER_SEGMENTS_REFUSED), error == -EIO);
    finish_pair(&p);
}

static void outlives_every_error_of_the_kernel(void **state)
{
    static const int errors[] = {-EAGAIN,   -ENOBUFS,     -EPERM, -ECONNREFUSED,
                                 -EMSGSIZE, -ENETUNREACH, -EIO,   -ECANCELED};

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        check_error(errors[i], 1, 4 * MEDIA_GOP);
        check_error(errors[i], 100, 50 * MEDIA_GOP);
    }
}

// Both get one packet per message from then on, and nothing is lost but time.
static void check_fallback(struct pair *p)
{
    uint64_t packets, trains;

    assert_true(media_viewer_catch_up(&p->world, &p->victim));
    assert_int_equal(media_counter(&p->world, ENG_COUNTER_SEGMENTS_REFUSED), 2);
    assert_true(media_counter(&p->world, ENG_COUNTER_DROP_REFUSED) > 0);
    fault_script.error = 0;
    wait_for_turn(p->world.engine, 0);
    packets = media_counter(&p->world, ENG_COUNTER_PACKETS_VIDEO);
    trains = media_counter(&p->world, ENG_COUNTER_TRAINS_VIDEO);
    play(p, 2);
    assert_true(media_viewer_catch_up(&p->world, &p->victim));
    wait_for_turn(p->world.engine, 0);
    packets = media_counter(&p->world, ENG_COUNTER_PACKETS_VIDEO) - packets;
    trains = media_counter(&p->world, ENG_COUNTER_TRAINS_VIDEO) - trains;
    assert_int_equal(packets, 4 * MEDIA_PACKETS_PER_FRAME);
    assert_int_equal(packets, trains);
    assert_int_equal(media_counter(&p->world, ENG_COUNTER_SEGMENTS_REFUSED), 2);
    finish_pair(p);
}

static void falls_back_to_single_packets(void **state)
{
    static const int errors[] = {-EIO, -EINVAL};
    struct pair p;

    (void)state;
    for (int i = 0; i < 2; i++) {
        fault_reset(backend);
        fault_script.trains_alone = true;
        fault_script.error = errors[i];
        start_pair(&p);
        // No further keyframe is needed: both start over at the one that was refused.
        media_publish(&p.world);
        assert_true(media_viewer_catch_up(&p.world, &p.other));
        check_fallback(&p);
    }
}

// One whose trains are refused costs the other none of its own.
static void falls_back_for_whom_it_must_alone(void **state)
{
    uint64_t trains;
    struct pair p;

    (void)state;
    fault_reset(backend);
    start_pair(&p);
    play(&p, 1);
    fault_script.port = eng_addr_port(&p.victim.tuple.remote);
    fault_script.trains_alone = true;
    fault_script.error = -EINVAL;
    play(&p, MEDIA_GOP);
    assert_true(media_viewer_catch_up(&p.world, &p.victim));
    assert_int_equal(media_counter(&p.world, ENG_COUNTER_SEGMENTS_REFUSED), 1);
    wait_for_turn(p.world.engine, 0); // counts are written after the datagram has left
    trains = media_counter(&p.world, ENG_COUNTER_TRAINS_VIDEO);
    play(&p, 1);
    assert_true(media_viewer_catch_up(&p.world, &p.victim));
    media_wait_counter(&p.world, ENG_COUNTER_TRAINS_VIDEO, trains + 1 + MEDIA_PACKETS_PER_FRAME);
    assert_int_equal(media_counter(&p.world, ENG_COUNTER_TRAINS_VIDEO),
                     trains + 1 + MEDIA_PACKETS_PER_FRAME);
    finish_pair(&p);
}

// The same by the kernel itself: it segments nothing for a socket without checksums.
static void falls_back_when_the_kernel_says_so(void **state)
{
    struct pair p;

    (void)state;
    fault_reset(backend);
    fault_script.no_checksum = true;
    start_pair(&p);
    media_publish(&p.world);
    assert_true(media_viewer_catch_up(&p.world, &p.other));
    check_fallback(&p);
}

// A single packet refused with -EINVAL is that packet's fault.
static void keeps_segmenting_when_single_packets_are_refused(void **state)
{
    struct pair p;

    (void)state;
    fault_reset(backend);
    start_pair(&p);
    play(&p, 1);
    fault_script.error = -EINVAL;
    media_publish_audio(&p.world);
    media_wait_counter(&p.world, ENG_COUNTER_DROP_REFUSED, 1);
    fault_script.error = 0;
    play(&p, 2);
    assert_int_equal(media_counter(&p.world, ENG_COUNTER_SEGMENTS_REFUSED), 0);
    finish_pair(&p);
}

// More arrives than a worker has receive buffers for, while its sends complete.
static void outlives_more_datagrams_than_it_has_buffers_for(void **state)
{
    static const uint8_t junk[3] = {0x7f};
    uint64_t arrived;
    struct eng_addr other;
    struct pair p;
    int stranger = loopback_socket(&other);

    (void)state;
    fault_reset(backend);
    start_pair(&p);
    play(&p, 1);
    for (int round = 0; round < 5; round++) {
        fault_script.stop = true;
        media_publish(&p.world); // wakes it
        while (!fault_script.stopped)
            media_pause(1);
        for (int i = 0; i < FLOOD; i++)
            assert_int_equal(sendto(stranger, junk, sizeof(junk), 0, &p.victim.tuple.local.sa,
                                    sizeof(p.victim.tuple.local.in4)),
                             sizeof(junk));
        arrived = media_counter(&p.world, ENG_COUNTER_DROP_JUNK);
        fault_script.stop = false;
        play(&p, 2);
        media_wait_counter(&p.world, ENG_COUNTER_DROP_JUNK, arrived + FLOOD);
    }
    assert_true(media_viewer_catch_up(&p.world, &p.victim));
    close(stranger);
    finish_pair(&p);
}

static int run_with(const struct eng_io_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlives_every_error_of_the_kernel),
        cmocka_unit_test(falls_back_to_single_packets),
        cmocka_unit_test(falls_back_for_whom_it_must_alone),
        cmocka_unit_test(falls_back_when_the_kernel_says_so),
        cmocka_unit_test(keeps_segmenting_when_single_packets_are_refused),
        cmocka_unit_test(outlives_more_datagrams_than_it_has_buffers_for),
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
