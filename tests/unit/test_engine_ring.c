// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ring.h"

static void write_packet(struct eng_ring *ring, uint16_t len, uint16_t flags, int64_t media_time)
{
    struct eng_packet packet = {
        .media_time = media_time, .capture_ns = media_time * 2, .len = len, .flags = flags};
    uint8_t *p = eng_ring_reserve(ring, len);

    // Every byte says which packet it belongs to.
    memset(p, (int)(media_time & 0xff), len);
    eng_ring_commit(ring, &packet);
}

static void is_invisible_before_the_flush(void **state)
{
    struct eng_ring_packet packet;
    struct eng_ring ring;

    (void)state;
    assert_int_equal(eng_ring_init(&ring, 8192, 16), 0);
    assert_false(eng_ring_flush(&ring));
    write_packet(&ring, 100, ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME, 7);
    assert_int_equal(eng_ring_read(&ring, 0, &packet), -EAGAIN);
    assert_int_equal(eng_ring_keyframe(&ring), ENG_RING_NONE);
    assert_true(eng_ring_flush(&ring));
    assert_int_equal(eng_ring_read(&ring, 0, &packet), 0);
    assert_int_equal(packet.len, 100);
    assert_int_equal(packet.frame, 1);
    assert_int_equal(packet.media_time, 7);
    assert_int_equal(packet.capture_ns, 14);
    assert_int_equal(packet.payload[99], 7);
    assert_int_equal(eng_ring_keyframe(&ring), 0);
    assert_int_equal(eng_ring_read(&ring, 1, &packet), -EAGAIN);
    eng_ring_fini(&ring);
}

static void forgets_the_oldest_packets_when_bytes_run_out(void **state)
{
    struct eng_ring_packet packet;
    struct eng_ring ring;
    uint64_t oldest;

    (void)state;
    srand(3);
    assert_int_equal(eng_ring_init(&ring, 10000, 1024), 0);
    for (int i = 0; i < 20000; i++) {
        size_t held = 0;

        write_packet(&ring, (uint16_t)(1 + rand() % ENG_PAYLOAD_MAX), ENG_PACKET_FRAME_START, i);
        eng_ring_flush(&ring);
        oldest = atomic_load(&ring.tail);
        for (uint64_t at = oldest; at <= (uint64_t)i; at++) {
            assert_int_equal(eng_ring_read(&ring, at, &packet), 0);
            assert_int_equal(packet.media_time, at);
            assert_int_equal(packet.payload[0], at & 0xff);
            assert_int_equal(packet.payload[packet.len - 1], at & 0xff);
            held += packet.len;
        }
        if (oldest > 0)
            assert_int_equal(eng_ring_read(&ring, oldest - 1, &packet), -ESTALE);
        // Nothing is thrown away early: what is gone had to make room for one packet and the
        // unused end of the block.
        if (i > 100)
            assert_true(held >= 10000 - 2 * ENG_PAYLOAD_MAX - ENG_PAYLOAD_MAX);
    }
    eng_ring_fini(&ring);
}

static void forgets_the_oldest_packets_when_slots_run_out(void **state)
{
    struct eng_ring_packet packet;
    struct eng_ring ring;

    (void)state;
    assert_int_equal(eng_ring_init(&ring, 1 << 20, 16), 0);
    for (int i = 0; i < 100; i++)
        write_packet(&ring, 10, i % 20 == 0 ? ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME : 0, i);
    eng_ring_flush(&ring);
    assert_int_equal(eng_ring_read(&ring, 99, &packet), 0);
    assert_int_equal(eng_ring_read(&ring, 85, &packet), 0);
    assert_int_equal(eng_ring_read(&ring, 83, &packet), -ESTALE);
    // The last keyframe was packet 80.
    assert_int_equal(eng_ring_keyframe(&ring), ENG_RING_NONE);
    eng_ring_fini(&ring);
}

// ---- a reader that is overtaken again and again never believes what it read ----

struct race {
    struct eng_ring ring;
    _Atomic int done;
    uint64_t read, lapped;
};

static void *read_all(void *arg)
{
    struct race *race = arg;
    uint8_t copy[ENG_PAYLOAD_MAX];
    uint64_t next = 0;

    while (!atomic_load(&race->done)) {
        struct eng_ring_packet packet;
        int err = eng_ring_read(&race->ring, next, &packet);

        if (err == -EAGAIN)
            continue;
        // Volatile: a racing read of the bytes is what this test is about, and what the sealer
        // does. The ring's verdict comes after it.
        for (size_t i = 0; !err && i < packet.len; i++)
            copy[i] = ((const volatile uint8_t *)packet.payload)[i];
        if (err || !eng_ring_holds(&race->ring, next)) {
            race->lapped++;
            next = eng_ring_head(&race->ring);
            continue;
        }
        for (size_t i = 0; i < packet.len; i++)
            assert_int_equal(copy[i], next & 0xff);
        assert_int_equal(packet.media_time, next);
        race->read++;
        next++;
    }
    return NULL;
}

static void notices_when_it_is_overtaken(void **state)
{
    struct race race = {.read = 0};
    pthread_t thread;

    (void)state;
#if defined(__SANITIZE_THREAD__)
    skip(); // the race on the payload is by design; the tail decides what counts
#endif
    assert_int_equal(eng_ring_init(&race.ring, 8192, 16), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_all, &race), 0);
    for (int64_t i = 0; i < 2000000; i++) {
        write_packet(&race.ring, (uint16_t)(100 + i % 900), ENG_PACKET_FRAME_START, i);
        eng_ring_flush(&race.ring);
        if (i % 4096 == 0)
            sched_yield();
    }
    atomic_store(&race.done, 1);
    pthread_join(thread, NULL);
    assert_true(race.lapped > 0);
    assert_true(race.read > 0);
    eng_ring_fini(&race.ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_invisible_before_the_flush),
        cmocka_unit_test(forgets_the_oldest_packets_when_bytes_run_out),
        cmocka_unit_test(forgets_the_oldest_packets_when_slots_run_out),
        cmocka_unit_test(notices_when_it_is_overtaken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
