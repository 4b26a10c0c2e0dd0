// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/depacketise_av1.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#define SEQUENCE 0x08, 0x00, 0x00, 0x00, 0x03, 0xbd, 0x7c, 0x79 // 176x144
#define KEY      0x30, 0x10, 0x22
#define INTER    0x30, 0x30, 0x33

struct fixture {
    struct rtsp_unit_pool pool;
    struct rtsp_depacketiser d;
    struct rtsp_access_unit au;
};

static void open_unit(struct fixture *f)
{
    rtsp_access_unit_begin(&f->au, &rtsp_video_av1);
    rtsp_access_unit_open(&f->au, 0);
    f->d.in_fragment = false;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (!f)
        return -1;
    rtsp_access_unit_init(&f->au, &f->pool);
    open_unit(f);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rtsp_access_unit_fini(&f->au);
    rtsp_unit_pool_fini(&f->pool);
    free(f);
    return 0;
}

static void take(struct fixture *f, const uint8_t *payload, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1); // so that reading beyond it is seen

    memcpy(copy, payload, len);
    rtsp_depacketise_av1(&f->d, &f->au, &(struct rtsp_rtp){.payload = copy, .payload_len = len});
    free(copy);
}

static void expect_obu(const struct fixture *f, size_t i, const uint8_t *data, size_t len)
{
    assert_true(i < f->au.part_count);
    assert_int_equal(f->au.room->part[i].len, len);
    assert_memory_equal(f->au.room->data + f->au.room->part[i].offset, data, len);
}

static void test_one_obu(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x10, INTER));
    assert_int_equal(f->au.part_count, 1);
    expect_obu(f, 0, BYTES(INTER));
    assert_true(f->au.has_picture);
    assert_false(f->au.keyframe || f->au.damaged);
}

// The last has no size where the header counts them.
static void test_several_obus(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x28, 8, SEQUENCE, KEY));
    take(f, BYTES(0x00, 3, INTER, 3, INTER, 3, INTER, 3, INTER)); // all have one
    take(f, BYTES(0x30, 3, INTER, 0x83, 0x00, INTER, INTER));     // sizes may be longer
    assert_int_equal(f->au.part_count, 2 + 4 + 3);
    expect_obu(f, 0, BYTES(SEQUENCE));
    expect_obu(f, 1, BYTES(KEY));
    for (size_t i = 2; i < 9; i++)
        expect_obu(f, i, BYTES(INTER));
    assert_true(f->au.keyframe);
    assert_false(f->au.damaged);
    assert_int_equal(f->au.sets.live.width, 176);
}

static void test_fragments(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x68, 8, SEQUENCE, 0x30, 0x10));
    assert_int_equal(f->au.part_count, 1);
    take(f, BYTES(0xd0, 0x22));
    take(f, (const uint8_t[1]){0}, 0); // a keepalive
    take(f, BYTES(0xe0, 1, 0x23, 0x30));
    take(f, BYTES(0x90, 0x30, 0x33));
    assert_int_equal(f->au.part_count, 3);
    expect_obu(f, 1, BYTES(KEY, 0x23));
    expect_obu(f, 2, BYTES(INTER));
    // With sizes throughout, and a fragment of nothing at each end.
    take(f, BYTES(0x50));
    take(f, BYTES(0xc0, 2, 0x30, 0x30));
    take(f, BYTES(0x80, 1, 0x33));
    take(f, BYTES(0x50, INTER));
    take(f, BYTES(0x90));
    assert_int_equal(f->au.part_count, 5);
    expect_obu(f, 3, BYTES(INTER));
    expect_obu(f, 4, BYTES(INTER));
    assert_false(f->au.damaged);
    assert_false(f->d.in_fragment);
}

static void test_lost_fragments(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x50, 0x30, 0x30)); // its end is missing
    take(f, BYTES(0x10, INTER));
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    open_unit(f);
    take(f, BYTES(0x50, 0x30, 0x30));
    rtsp_depacketise_av1_break(&f->d, &f->au); // its middle
    take(f, BYTES(0x90, 0x33));
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 0);
    open_unit(f);
    take(f, BYTES(0xa0, 2, 0x33, 0x34, INTER)); // its start
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    expect_obu(f, 0, BYTES(INTER));
}

static void test_sizes_that_cannot_be(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x20, 4, INTER));
    take(f, BYTES(0x00, 3, INTER, 0x80));
    take(f, BYTES(0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    assert_int_equal(f->d.malformed, 3);
    assert_int_equal(f->au.part_count, 1);
    assert_true(f->au.damaged);
}

static void test_what_is_left_out(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x20, 1, 0x10, INTER));                      // temporal delimiter
    take(f, BYTES(0x30, 2, 0x78, 0x00, 2, 0x40, 0x00, INTER)); // padding, tile list
    take(f, BYTES(0x20, 2, 0x48, 0x00, INTER));                // reserved
    assert_int_equal(f->au.part_count, 3);
    assert_int_equal(f->au.malformed, 0);
    take(f, BYTES(0x10, 0x28, 0x01)); // metadata stays
    assert_int_equal(f->au.part_count, 4);
    assert_false(f->au.damaged);
}

// What came with a size has to be as long as it says.
static void test_obus_with_a_size_of_their_own(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x10, 0x32, 2, 0x10, 0x22));
    expect_obu(f, 0, BYTES(0x32, 2, 0x10, 0x22));
    assert_true(f->au.keyframe);
    assert_false(f->au.damaged);
    take(f, BYTES(0x10, 0x32, 1, 0x10, 0x22));
    assert_int_equal(f->au.malformed, 1);
    assert_true(f->au.damaged);
}

static void test_malformed_obus(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES(0x10, 0xb0, 0x30, 0x33)); // forbidden bit
    assert_true(f->au.damaged);
    open_unit(f);
    take(f, BYTES(0x10, 0x30)); // a frame of nothing
    assert_true(f->au.damaged);
    open_unit(f);
    take(f, BYTES(0x20, 2, 0x08, 0x00, INTER)); // half a sequence header
    assert_false(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    assert_int_equal(f->au.malformed, 3);
}

static void test_random_bytes(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 3;

    for (int round = 0; round < 100000; round++) {
        uint8_t data[48];
        size_t len = random_between(&seed, 0, sizeof(data));
        struct rtsp_unit unit;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(next_random(&seed) % (round % 2 ? 256 : 8));
        take(f, data, len);
        if (round % 20 > 0)
            continue;
        rtsp_depacketise_av1_break(&f->d, &f->au);
        rtsp_access_unit_finish(&f->au, &unit);
        open_unit(f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_obu),
        TEST(test_several_obus),
        TEST(test_fragments),
        TEST(test_lost_fragments),
        TEST(test_sizes_that_cannot_be),
        TEST(test_what_is_left_out),
        TEST(test_obus_with_a_size_of_their_own),
        TEST(test_malformed_obus),
        TEST(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
