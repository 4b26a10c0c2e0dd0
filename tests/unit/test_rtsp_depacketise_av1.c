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
#include "tests/support/gatherer.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#define SEQUENCE 0x08, 0x00, 0x00, 0x00, 0x03, 0xbd, 0x7c, 0x79 // 176x144
#define KEY      0x30, 0x10, 0x22
#define INTER    0x30, 0x30, 0x33

static int setup(void **state)
{
    int rc = gatherer_setup(state, &rtsp_video_av1);

    if (rc == 0)
        gatherer_reopen(*state, &rtsp_video_av1);
    return rc;
}

static void test_one_obu(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x10, INTER));
    assert_int_equal(f->au.part_count, 1);
    gatherer_expect(f, 0, BYTES(INTER));
    assert_true(f->au.has_picture);
    assert_false(f->au.keyframe || f->au.damaged);
}

// The last has no size where the header counts them.
static void test_several_obus(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x28, 8, SEQUENCE, KEY));
    gatherer_take(f, BYTES(0x00, 3, INTER, 3, INTER, 3, INTER, 3, INTER)); // all have one
    gatherer_take(f, BYTES(0x30, 3, INTER, 0x83, 0x00, INTER, INTER));     // sizes may be longer
    assert_int_equal(f->au.part_count, 2 + 4 + 3);
    gatherer_expect(f, 0, BYTES(SEQUENCE));
    gatherer_expect(f, 1, BYTES(KEY));
    for (size_t i = 2; i < 9; i++)
        gatherer_expect(f, i, BYTES(INTER));
    assert_true(f->au.keyframe);
    assert_false(f->au.damaged);
    assert_int_equal(f->au.sets.live.width, 176);
}

static void test_fragments(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x68, 8, SEQUENCE, 0x30, 0x10));
    assert_int_equal(f->au.part_count, 1);
    gatherer_take(f, BYTES(0xd0, 0x22));
    gatherer_take(f, (const uint8_t[1]){0}, 0); // a keepalive
    gatherer_take(f, BYTES(0xe0, 1, 0x23, 0x30));
    gatherer_take(f, BYTES(0x90, 0x30, 0x33));
    assert_int_equal(f->au.part_count, 3);
    gatherer_expect(f, 1, BYTES(KEY, 0x23));
    gatherer_expect(f, 2, BYTES(INTER));
    // With sizes throughout, and a fragment of nothing at each end.
    gatherer_take(f, BYTES(0x50));
    gatherer_take(f, BYTES(0xc0, 2, 0x30, 0x30));
    gatherer_take(f, BYTES(0x80, 1, 0x33));
    gatherer_take(f, BYTES(0x50, INTER));
    gatherer_take(f, BYTES(0x90));
    assert_int_equal(f->au.part_count, 5);
    gatherer_expect(f, 3, BYTES(INTER));
    gatherer_expect(f, 4, BYTES(INTER));
    assert_false(f->au.damaged);
    assert_false(f->d.in_fragment);
}

static void test_lost_fragments(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x50, 0x30, 0x30)); // its end is missing
    gatherer_take(f, BYTES(0x10, INTER));
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    gatherer_reopen(f, &rtsp_video_av1);
    gatherer_take(f, BYTES(0x50, 0x30, 0x30));
    rtsp_depacketise_av1_break(&f->d, &f->au); // its middle
    gatherer_take(f, BYTES(0x90, 0x33));
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 0);
    gatherer_reopen(f, &rtsp_video_av1);
    gatherer_take(f, BYTES(0xa0, 2, 0x33, 0x34, INTER)); // its start
    assert_true(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    gatherer_expect(f, 0, BYTES(INTER));
}

static void test_sizes_that_cannot_be(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x20, 4, INTER));
    gatherer_take(f, BYTES(0x00, 3, INTER, 0x80));
    gatherer_take(f, BYTES(0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    assert_int_equal(f->d.malformed, 3);
    assert_int_equal(f->au.part_count, 1);
    assert_true(f->au.damaged);
}

static void test_what_is_left_out(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x20, 1, 0x10, INTER));                      // temporal delimiter
    gatherer_take(f, BYTES(0x30, 2, 0x78, 0x00, 2, 0x40, 0x00, INTER)); // padding, tile list
    gatherer_take(f, BYTES(0x20, 2, 0x48, 0x00, INTER));                // reserved
    assert_int_equal(f->au.part_count, 3);
    assert_int_equal(f->au.malformed, 0);
    gatherer_take(f, BYTES(0x10, 0x28, 0x01)); // metadata stays
    assert_int_equal(f->au.part_count, 4);
    assert_false(f->au.damaged);
}

// What came with a size has to be as long as it says.
static void test_obus_with_a_size_of_their_own(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x10, 0x32, 2, 0x10, 0x22));
    gatherer_expect(f, 0, BYTES(0x32, 2, 0x10, 0x22));
    assert_true(f->au.keyframe);
    assert_false(f->au.damaged);
    gatherer_take(f, BYTES(0x10, 0x32, 1, 0x10, 0x22));
    assert_int_equal(f->au.malformed, 1);
    assert_true(f->au.damaged);
}

static void test_malformed_obus(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x10, 0xb0, 0x30, 0x33)); // forbidden bit
    assert_true(f->au.damaged);
    gatherer_reopen(f, &rtsp_video_av1);
    gatherer_take(f, BYTES(0x10, 0x30)); // a frame of nothing
    assert_true(f->au.damaged);
    gatherer_reopen(f, &rtsp_video_av1);
    gatherer_take(f, BYTES(0x20, 2, 0x08, 0x00, INTER)); // half a sequence header
    assert_false(f->au.damaged);
    assert_int_equal(f->au.part_count, 1);
    assert_int_equal(f->au.malformed, 3);
}

static void test_random_bytes(void **state)
{
    struct gatherer *f = *state;
    uint64_t seed = 3;

    for (int round = 0; round < 100000; round++) {
        uint8_t data[48];
        size_t len = random_between(&seed, 0, sizeof(data));
        struct rtsp_unit unit;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(next_random(&seed) % (round % 2 ? 256 : 8));
        gatherer_take(f, data, len);
        if (round % 20 > 0)
            continue;
        rtsp_depacketise_av1_break(&f->d, &f->au);
        rtsp_access_unit_finish(&f->au, &unit);
        gatherer_reopen(f, &rtsp_video_av1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
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
