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

#include "engine/limits.h"
#include "engine/ring.h"

#define MS_NS     INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)

enum {
    FRAME_MS = 40,
    FRAMES_PER_SECOND = 1000 / FRAME_MS,
    HISTORY = 1 << 17, // packets whose time and end the camera remembers, a power of two
};

static void open_ring(struct eng_ring *ring, size_t size, size_t block, size_t packets,
                      int64_t gop_ns)
{
    struct eng_ring_config config = {
        .size = size, .block = block, .packets = packets, .gop_ns = gop_ns};

    assert_int_equal(eng_ring_init(ring, &config), 0);
}

static void write_at(struct eng_ring *ring, uint16_t len, unsigned flags, int64_t capture_ns)
{
    uint64_t index = ring->next;
    struct eng_packet packet = {.media_time = (int64_t)index * 3,
                                .capture_ns = capture_ns,
                                .len = len,
                                .flags = (uint16_t)flags};
    uint8_t *p = eng_ring_reserve(ring, len);

    // Every byte says which packet it belongs to.
    memset(p, (int)(index & 0xff), len);
    eng_ring_commit(ring, &packet);
}

static void check_packet(const struct eng_ring *ring, uint64_t index)
{
    struct eng_ring_packet packet;

    assert_int_equal(eng_ring_read(ring, index, &packet), 0);
    assert_int_equal(packet.index, index);
    assert_int_equal(packet.media_time, index * 3);
    assert_int_equal(packet.payload[0], index & 0xff);
    assert_int_equal(packet.payload[packet.len - 1], index & 0xff);
}

static uint64_t tail_of(const struct eng_ring *ring)
{
    return atomic_load(&ring->tail);
}

static void is_invisible_before_the_flush(void **state)
{
    struct eng_ring_packet packet;
    struct eng_ring ring;

    (void)state;
    open_ring(&ring, 8192, 4096, 64, SECOND_NS);
    assert_false(eng_ring_flush(&ring, 0));
    write_at(&ring, 100, ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME, 14);
    assert_int_equal(eng_ring_read(&ring, 0, &packet), -EAGAIN);
    assert_int_equal(eng_ring_keyframe(&ring), ENG_RING_NONE);
    assert_int_equal(eng_ring_start(&ring), ENG_RING_NONE);
    assert_true(eng_ring_flush(&ring, 0));
    assert_int_equal(eng_ring_read(&ring, 0, &packet), 0);
    assert_int_equal(packet.len, 100);
    assert_int_equal(packet.frame, 1);
    assert_int_equal(packet.media_time, 0);
    assert_int_equal(packet.capture_ns, 14);
    assert_int_equal(packet.payload[99], 0);
    assert_int_equal(eng_ring_keyframe(&ring), 0);
    assert_int_equal(eng_ring_start(&ring), 0);
    assert_int_equal(eng_ring_read(&ring, 1, &packet), -EAGAIN);
    eng_ring_fini(&ring);
}

static void forgets_the_oldest_packets_when_bytes_run_out(void **state)
{
    enum {
        SIZE = 65536,
        BLOCK = 4096
    };
    struct eng_ring_packet packet;
    struct eng_ring ring;

    (void)state;
    srand(3);
    open_ring(&ring, SIZE, BLOCK, 65536, 0);
    for (uint64_t i = 0; i < 5000; i++) {
        size_t held = 0;

        write_at(&ring, (uint16_t)(1 + rand() % ENG_PAYLOAD_MAX), ENG_PACKET_FRAME_START, 0);
        eng_ring_flush(&ring, 0);
        for (uint64_t at = tail_of(&ring); at <= i; at++) {
            check_packet(&ring, at);
            eng_ring_read(&ring, at, &packet);
            held += packet.len;
        }
        if (tail_of(&ring) > 0)
            assert_int_equal(eng_ring_read(&ring, tail_of(&ring) - 1, &packet), -ESTALE);
        // All of this is a moment's, and nothing of it is thrown away early: what is gone had to
        // make room for one block, and at the end of each block something did not fit.
        if (i > 200)
            assert_true(held >= SIZE - BLOCK - SIZE / BLOCK * ENG_PAYLOAD_MAX);
    }
    eng_ring_fini(&ring);
}

static void forgets_the_oldest_packets_when_slots_run_out(void **state)
{
    struct eng_ring_packet packet;
    struct eng_ring ring;

    (void)state;
    open_ring(&ring, 1 << 20, 4096, 2 * ENG_RING_PAGE, SECOND_NS);
    for (unsigned i = 0; i < 2 * ENG_RING_PAGE + 1; i++)
        write_at(&ring, 10, i == 10 ? ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME : 0, 0);
    eng_ring_flush(&ring, 0);
    check_packet(&ring, 2 * ENG_RING_PAGE);
    check_packet(&ring, ENG_RING_PAGE);
    assert_int_equal(eng_ring_read(&ring, ENG_RING_PAGE - 1, &packet), -ESTALE);
    assert_int_equal(eng_ring_keyframe(&ring), ENG_RING_NONE);
    assert_int_equal(eng_ring_start(&ring), ENG_RING_OUTGROWN);
    // What has no descriptor any more takes no bytes.
    for (unsigned i = 0; i < 5000; i++)
        write_at(&ring, 1000, 0, 0);
    assert_true(ring.payload_blocks.used * ring.block <= 2 * ENG_RING_PAGE * 1500);
    eng_ring_fini(&ring);
}

// ---- memory follows the stream ----

// A camera that remembers what it published: when, and how many bytes up to there.
struct camera {
    struct eng_ring ring;
    int64_t now_ns;
    int64_t capture_ns;
    uint64_t key;    // first packet of the newest keyframe
    uint64_t second; // first packet of the last second
    int64_t published_ns[HISTORY];
    uint64_t bytes[HISTORY]; // of all packets before it
    uint64_t wanted_most;    // bytes that were to be kept at one time
};

static void publish_packet(struct camera *c, uint16_t len, unsigned flags)
{
    uint64_t index = c->ring.next;

    c->published_ns[index % HISTORY] = c->now_ns;
    c->bytes[index % HISTORY] = c->ring.bytes_so_far;
    write_at(&c->ring, len, flags, c->capture_ns);
}

// Packets of odd sizes; a keyframe has about four times as many.
static void publish_frame(struct camera *c, bool key, unsigned packets_max)
{
    unsigned count = 1 + (unsigned)rand() % packets_max;
    unsigned flags = key ? ENG_PACKET_KEYFRAME : 0;
    uint64_t wanted;

    if (key) {
        c->key = c->ring.next;
        count += 3 * packets_max;
    }
    for (unsigned i = 0; i < count; i++)
        publish_packet(c, (uint16_t)(1 + rand() % ENG_PAYLOAD_MAX),
                       flags | (i == 0 ? ENG_PACKET_FRAME_START : 0));
    eng_ring_flush(&c->ring, c->now_ns);
    while (c->now_ns - c->published_ns[c->second % HISTORY] >= ENG_RING_TAIL_NS)
        c->second++;
    wanted = c->ring.bytes_so_far - c->bytes[(c->key < c->second ? c->key : c->second) % HISTORY];
    if (wanted > c->wanted_most)
        c->wanted_most = wanted;
    c->now_ns += FRAME_MS * MS_NS;
    c->capture_ns += FRAME_MS * MS_NS;
}

// Whoever starts now, or is up to a second late, reads what was written.
static void check_wanted(const struct camera *c, bool with_key)
{
    uint64_t from = with_key && c->key < c->second ? c->key : c->second;

    for (uint64_t at = from; at < c->ring.next; at++)
        check_packet(&c->ring, at);
}

static size_t payload_used(const struct eng_ring *ring)
{
    return ring->payload_blocks.used * ring->block;
}

static void memory_follows_the_gop(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));
    size_t most;

    (void)state;
    srand(5);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 10 * SECOND_NS);
    for (int gop = 0; gop < 200; gop++) {
        for (int i = 0; i < 2 * FRAMES_PER_SECOND; i++) {
            publish_frame(c, i == 0, 15);
            assert_int_equal(eng_ring_start(&c->ring), c->key);
            assert_int_equal(eng_ring_keyframe(&c->ring), c->key);
            check_wanted(c, true);
        }
    }
    // The most that was ever wanted at one time, the blocks at both ends of it, and what does not
    // fit in front of a block's end.
    most = c->wanted_most + 3 * ENG_VIDEO_BLOCK;
    most += most / ENG_VIDEO_BLOCK * ENG_PAYLOAD_MAX / 2;
    assert_true(payload_used(&c->ring) <= most);
    assert_true(payload_used(&c->ring) >= c->wanted_most);
    assert_true(payload_used(&c->ring) < 700000); // of 4 MiB; about 540,000 are a GOP
    assert_true(c->ring.slot_pages.used * (size_t)ENG_RING_PAGE < 1000);
    // Next to nothing is left of the GOP before.
    for (int i = 0; i < FRAMES_PER_SECOND; i++)
        publish_frame(c, i == 0, 15);
    assert_true(tail_of(&c->ring) < c->key);
    eng_ring_fini(&c->ring);
    free(c);
}

static void memory_of_short_gops_is_a_second(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));

    (void)state;
    srand(6);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 10 * SECOND_NS);
    for (int i = 0; i < 3000; i++) {
        publish_frame(c, true, 5);
        check_wanted(c, true);
    }
    assert_true(payload_used(&c->ring) <= c->wanted_most * 3 / 2 + 3 * ENG_VIDEO_BLOCK);
    eng_ring_fini(&c->ring);
    free(c);
}

static void a_gop_grows_up_to_the_cap_and_is_outgrown(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));
    uint64_t key;

    (void)state;
    srand(7);
    assert_non_null(c);
    open_ring(&c->ring, 1 << 20, ENG_VIDEO_BLOCK, 8192, 60 * SECOND_NS);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2 * FRAMES_PER_SECOND; i++)
            publish_frame(c, i == 0, 15);
        key = c->key;
        while (eng_ring_start(&c->ring) == key) {
            check_wanted(c, true);
            publish_frame(c, false, 15);
        }
        assert_int_equal(eng_ring_start(&c->ring), ENG_RING_OUTGROWN);
        assert_int_equal(eng_ring_keyframe(&c->ring), ENG_RING_NONE);
        // Not before all has been used.
        assert_int_equal(payload_used(&c->ring), 1 << 20);
        assert_true(c->ring.bytes_so_far - c->bytes[key % HISTORY] > (1 << 20) * 9 / 10);
        for (int i = 0; i < 4 * FRAMES_PER_SECOND; i++) {
            publish_frame(c, false, 15);
            check_wanted(c, false);
            assert_int_equal(eng_ring_start(&c->ring), ENG_RING_OUTGROWN);
        }
    }
    publish_frame(c, true, 15);
    assert_int_equal(eng_ring_start(&c->ring), c->key);
    eng_ring_fini(&c->ring);
    free(c);
}

static void a_keyframe_grows_old(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));
    size_t used;

    (void)state;
    srand(8);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 4 * SECOND_NS);
    publish_frame(c, true, 15);
    for (int i = 0; i < 4 * FRAMES_PER_SECOND; i++) {
        publish_frame(c, false, 15);
        assert_int_equal(eng_ring_start(&c->ring), 0);
    }
    used = payload_used(&c->ring);
    // Nobody starts there any more, so nothing is kept for it.
    for (int i = 0; i < 60 * FRAMES_PER_SECOND; i++) {
        publish_frame(c, false, 15);
        assert_int_equal(eng_ring_start(&c->ring), ENG_RING_OLD);
        check_wanted(c, false);
    }
    assert_int_equal(eng_ring_keyframe(&c->ring), ENG_RING_NONE);
    assert_true(payload_used(&c->ring) <= used + ENG_VIDEO_BLOCK);
    publish_frame(c, true, 15);
    assert_int_equal(eng_ring_start(&c->ring), c->key);
    eng_ring_fini(&c->ring);
    free(c);
}

static void without_gops_a_second_is_kept(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));

    (void)state;
    srand(9);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 0);
    publish_frame(c, false, 15);
    assert_int_equal(eng_ring_start(&c->ring), ENG_RING_NONE);
    for (int i = 0; i < 20 * FRAMES_PER_SECOND; i++) {
        publish_frame(c, i % (4 * FRAMES_PER_SECOND) == 0, 15);
        assert_int_equal(eng_ring_start(&c->ring), ENG_RING_OLD);
        check_wanted(c, false);
        // For those that were there before it.
        if (i % (4 * FRAMES_PER_SECOND) < FRAMES_PER_SECOND)
            assert_int_equal(eng_ring_keyframe(&c->ring), c->key);
    }
    assert_true(payload_used(&c->ring) < 450000); // about 290,000 are a second with a keyframe
    eng_ring_fini(&c->ring);
    free(c);
}

static void audio_keeps_a_second(void **state)
{
    struct eng_ring ring;

    (void)state;
    open_ring(&ring, ENG_AUDIO_BYTES, ENG_AUDIO_BLOCK, ENG_AUDIO_PACKETS, 0);
    // 128 kbit/s in packets of 20 ms.
    for (int i = 0; i < 10000; i++) {
        write_at(&ring, 320, ENG_PACKET_FRAME_START, i * 20 * MS_NS);
        eng_ring_flush(&ring, i * 20 * MS_NS);
        check_packet(&ring, ring.next - 1);
        check_packet(&ring, i < 50 ? 0 : ring.next - 50);
    }
    assert_int_equal(eng_ring_start(&ring), ENG_RING_NONE);
    assert_true(payload_used(&ring) <= 20000 + 3 * ENG_AUDIO_BLOCK);
    assert_true(ring.slot_pages.used <= 4);
    eng_ring_fini(&ring);
}

// A camera was held up, and then sends what it has.
static void what_comes_at_once_is_kept(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));
    int64_t now_ns;
    uint64_t first;

    (void)state;
    srand(11);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 10 * SECOND_NS);
    for (int i = 0; i < 10 * FRAMES_PER_SECOND; i++)
        publish_frame(c, i % FRAMES_PER_SECOND == 0, 15);
    now_ns = c->now_ns += 5 * SECOND_NS;
    first = c->ring.next;
    for (int i = 0; i < 5 * FRAMES_PER_SECOND; i++) {
        publish_frame(c, i % FRAMES_PER_SECOND == 0, 15);
        c->now_ns = now_ns += MS_NS;
        for (uint64_t at = first; at < c->ring.next; at++)
            check_packet(&c->ring, at);
    }
    eng_ring_fini(&c->ring);
    free(c);
}

static void a_clock_that_is_set_back_makes_the_keyframe_old(void **state)
{
    struct camera *c = calloc(1, sizeof(*c));
    size_t used;

    (void)state;
    srand(10);
    assert_non_null(c);
    open_ring(&c->ring, 4 << 20, ENG_VIDEO_BLOCK, 8192, 10 * SECOND_NS);
    c->capture_ns = 3600 * SECOND_NS;
    for (int i = 0; i < 4 * FRAMES_PER_SECOND; i++)
        publish_frame(c, i % (2 * FRAMES_PER_SECOND) == 0, 15);
    used = payload_used(&c->ring);
    c->capture_ns = 0;
    publish_frame(c, false, 15);
    assert_int_equal(eng_ring_start(&c->ring), ENG_RING_OLD);
    for (int i = 0; i < 40 * FRAMES_PER_SECOND; i++) {
        publish_frame(c, i % (2 * FRAMES_PER_SECOND) == 0, 15);
        assert_int_equal(eng_ring_start(&c->ring), c->key);
        check_wanted(c, true);
    }
    assert_true(payload_used(&c->ring) <= used * 5 / 4);
    eng_ring_fini(&c->ring);
    free(c);
}

// ---- a reader that is overtaken again and again never believes what it read ----

enum {
    RACE_PACKETS = 2000000,
    PACKET_NS = 10000000, // 100 packets are a second, and wanted
};

struct race {
    struct eng_ring ring;
    _Atomic int done;
    bool payloads; // are read, too
    uint64_t read, lapped;
};

static uint64_t frame_of(uint64_t index)
{
    return index / 3 + 1;
}

static unsigned flags_of(uint64_t index)
{
    return (index % 3 == 0 ? ENG_PACKET_FRAME_START : 0) |
           (index % 300 < 3 ? ENG_PACKET_KEYFRAME : 0);
}

static uint16_t len_of(uint64_t index)
{
    return (uint16_t)(100 + index * 7 % 900);
}

static void check_read(const struct eng_ring_packet *packet, uint64_t index, const uint8_t *copy)
{
    assert_int_equal(packet->media_time, index * 3);
    assert_int_equal(packet->capture_ns, index * PACKET_NS);
    assert_int_equal(packet->frame, frame_of(index));
    assert_int_equal(packet->flags, flags_of(index));
    assert_int_equal(packet->len, len_of(index));
    for (size_t i = 0; copy && i < packet->len; i++)
        assert_int_equal(copy[i], index & 0xff);
}

// Now and then as far back as the ring goes: that is what the writer takes next.
static uint64_t next_place(const struct race *race, uint64_t next)
{
    return next % 97 == 0 ? tail_of(&race->ring) : next + 1;
}

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
        for (size_t i = 0; race->payloads && !err && i < packet.len; i++)
            copy[i] = ((const volatile uint8_t *)packet.payload)[i];
        if (err || !eng_ring_holds(&race->ring, next)) {
            race->lapped++;
            next = tail_of(&race->ring);
            continue;
        }
        check_read(&packet, next, race->payloads ? copy : NULL);
        race->read++;
        next = next_place(race, next);
    }
    return NULL;
}

static void race_packet(struct race *race)
{
    uint64_t index = race->ring.next;
    struct eng_packet packet = {.media_time = (int64_t)index * 3,
                                .capture_ns = (int64_t)index * PACKET_NS,
                                .len = len_of(index),
                                .flags = (uint16_t)flags_of(index)};
    uint8_t *p = eng_ring_reserve(&race->ring, packet.len);

    if (race->payloads)
        memset(p, (int)(index & 0xff), packet.len);
    eng_ring_commit(&race->ring, &packet);
}

static void run_race(bool payloads)
{
    struct race race = {.payloads = payloads};
    pthread_t thread;

    open_ring(&race.ring, 1 << 20, 4096, 1024, SECOND_NS);
    assert_int_equal(pthread_create(&thread, NULL, read_all, &race), 0);
    for (uint64_t i = 0; i < RACE_PACKETS; i++) {
        race_packet(&race);
        if (i % 3 == 2)
            eng_ring_flush(&race.ring, (int64_t)i * PACKET_NS);
        if (i % 4096 == 0)
            sched_yield();
    }
    atomic_store(&race.done, 1);
    pthread_join(thread, NULL);
    assert_true(race.lapped > 0);
    assert_true(race.read > 0);
    assert_true(payload_used(&race.ring) < 200000);
    eng_ring_fini(&race.ring);
}

static void notices_when_payloads_are_overwritten(void **state)
{
    (void)state;
#if defined(__SANITIZE_THREAD__)
    skip(); // the race on the payload is by design; the tail decides what counts
#endif
    run_race(true);
}

// All but the payload, as ThreadSanitizer may see it.
static void notices_when_descriptors_are_overwritten(void **state)
{
    (void)state;
    run_race(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_invisible_before_the_flush),
        cmocka_unit_test(forgets_the_oldest_packets_when_bytes_run_out),
        cmocka_unit_test(forgets_the_oldest_packets_when_slots_run_out),
        cmocka_unit_test(memory_follows_the_gop),
        cmocka_unit_test(memory_of_short_gops_is_a_second),
        cmocka_unit_test(a_gop_grows_up_to_the_cap_and_is_outgrown),
        cmocka_unit_test(a_keyframe_grows_old),
        cmocka_unit_test(without_gops_a_second_is_kept),
        cmocka_unit_test(audio_keeps_a_second),
        cmocka_unit_test(what_comes_at_once_is_kept),
        cmocka_unit_test(a_clock_that_is_set_back_makes_the_keyframe_old),
        cmocka_unit_test(notices_when_payloads_are_overwritten),
        cmocka_unit_test(notices_when_descriptors_are_overwritten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
