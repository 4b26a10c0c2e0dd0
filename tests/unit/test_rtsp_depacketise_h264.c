// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/h264.h"
#include "tests/support/gatherer.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

// NAL units that pass: P slices of first_mb 0.
#define P_SLICE 0x41, 0x9a

static int setup(void **state)
{
    int rc = gatherer_setup(state, &rtsp_video_h264);

    if (rc == 0)
        gatherer_reopen(*state, &rtsp_video_h264);
    return rc;
}

static void test_single(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(P_SLICE, 7, 8));
    assert_int_equal(f->au.part_count, 1);
    gatherer_expect(f, 0, BYTES(P_SLICE, 7, 8));
    assert_false(f->au.damaged);
}

static void test_stap_a(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x78, 0, 3, 0x06, 1, 2, 0, 4, P_SLICE, 3, 4));
    assert_int_equal(f->au.part_count, 2);
    gatherer_expect(f, 0, BYTES(0x06, 1, 2));
    gatherer_expect(f, 1, BYTES(P_SLICE, 3, 4));
}

static void test_stap_a_truncated_at_every_byte(void **state)
{
    static const uint8_t full[] = {0x78, 0, 3, 0x06, 1, 2, 0, 4, P_SLICE, 3, 4};

    for (size_t len = 0; len < sizeof(full); len++) {
        struct gatherer *f;

        setup(state);
        f = *state;
        gatherer_take(f, full, len);
        assert_int_equal(f->au.part_count, len >= 6);
        assert_int_equal(f->d.malformed, len != 0 && len != 1 && len != 6);
        assert_int_equal(f->au.damaged, (len > 2 && len < 6) || len > 7);
        gatherer_teardown(state);
    }
    setup(state);
}

static void test_stap_a_with_padding_loses_nothing(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x78, 0, 4, P_SLICE, 3, 4, 0, 0, 0));
    assert_int_equal(f->au.part_count, 1);
    assert_false(f->au.damaged);
}

static void test_fu_a(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 1));
    gatherer_take(f, BYTES(0x5c, 0x01, 2, 3, 4));
    assert_int_equal(f->au.part_count, 0);
    gatherer_take(f, BYTES(0x5c, 0x41, 5));
    assert_int_equal(f->au.part_count, 1);
    gatherer_expect(f, 0, BYTES(0x41, 0x9a, 1, 2, 3, 4, 5));
    gatherer_take(f, BYTES(0x5c, 0xc1, 0x9a, 9)); // start and end in one
    gatherer_expect(f, 1, BYTES(0x41, 0x9a, 9));
    assert_false(f->au.damaged);
}

static void test_fu_a_lost_fragment(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(P_SLICE, 1));
    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 1));
    rtsp_video_h264.lose(&f->d, &f->au);
    assert_true(f->au.damaged);
    gatherer_take(f, BYTES(0x5c, 0x01, 2));
    gatherer_take(f, BYTES(0x5c, 0x41, 5));
    gatherer_take(f, BYTES(P_SLICE, 2));
    assert_int_equal(f->au.part_count, 2);
    gatherer_expect(f, 0, BYTES(P_SLICE, 1));
    gatherer_expect(f, 1, BYTES(P_SLICE, 2));
    assert_false(f->au.keyframe_lost);
}

static void test_fu_a_lost_idr_is_noted(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x7c, 0x05, 2)); // its start is missing
    assert_true(f->au.damaged);
    assert_true(f->au.keyframe_lost);
}

static void test_fu_a_interrupted(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 1));
    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 2)); // a new start
    gatherer_take(f, BYTES(0x5c, 0x41, 3));
    gatherer_expect(f, 0, BYTES(0x41, 0x9a, 2, 3));
    assert_true(f->au.damaged);
    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 1));
    gatherer_take(f, BYTES(P_SLICE, 4)); // a whole one
    gatherer_take(f, BYTES(0x5c, 0x41, 3));
    gatherer_take(f, BYTES(0x5c, 0x81, 0x9a, 1));
    gatherer_take(f, BYTES(0x7c, 0x45, 3)); // an end of another type
    assert_int_equal(f->au.part_count, 2);
    gatherer_expect(f, 1, BYTES(P_SLICE, 4));
    gatherer_take(f, BYTES(0x5c, 0x81)); // a header and nothing else
    assert_int_equal(f->d.malformed, 1);
}

static void test_interleaved_mode_is_refused(void **state)
{
    struct gatherer *f = *state;

    for (uint8_t type = 25; type <= 31; type++) {
        if (type != RTSP_NAL_FU_A)
            gatherer_take(f, BYTES(0x60 | type, 0, 0, 0, 3, P_SLICE, 1));
    }
    assert_int_equal(f->d.refused, 6);
    assert_int_equal(f->au.part_count, 0);
    assert_true(f->au.damaged);
}

static void test_annex_b(void **state)
{
    struct gatherer *f = *state;

    // As a whole payload, with both start codes, delimiter and filler.
    gatherer_take(f, BYTES(0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x06, 5, 0, 0, 1, 0x0c, 0xff, 0x80,
                           0, 0, 0, 1, P_SLICE, 1));
    assert_int_equal(f->au.part_count, 2);
    gatherer_expect(f, 0, BYTES(0x06, 5));
    gatherer_expect(f, 1, BYTES(P_SLICE, 1));
    // Inside a single NAL unit, then inside fragments.
    gatherer_take(f, BYTES(0x06, 5, 0, 0, 1, P_SLICE, 2));
    gatherer_expect(f, 2, BYTES(0x06, 5));
    gatherer_expect(f, 3, BYTES(P_SLICE, 2));
    gatherer_take(f, BYTES(0x1c, 0x80, 0, 0, 1, 0x06));
    gatherer_take(f, BYTES(0x1c, 0x40, 7, 0, 0, 0, 1, P_SLICE, 3));
    gatherer_expect(f, 4, BYTES(0x06, 7));
    gatherer_expect(f, 5, BYTES(P_SLICE, 3));
    assert_int_equal(f->au.part_count, 6);
    assert_int_equal(f->au.malformed + f->d.malformed, 0);
    assert_false(f->au.damaged);
}

static void test_type_0_is_malformed(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x60, 1, 2, 3, 4, 5));
    gatherer_take(f, BYTES(0, 0, 2, 1, 4, 5));
    assert_int_equal(f->au.malformed, 2);
    assert_int_equal(f->au.part_count, 0);
    assert_false(f->au.damaged);
}

static void test_random_bytes(void **state)
{
    struct gatherer *f = *state;
    uint32_t x = 3;

    for (int round = 0; round < 100000; round++) {
        uint8_t data[64];
        size_t len = (x = x * 1664525 + 1013904223) >> 26;

        for (size_t i = 0; i < len; i++) {
            x = x * 1664525 + 1013904223;
            data[i] = (uint8_t)(x >> 24 & (x & 0x800 ? 0xff : 0x01)); // zeros and ones at times
        }
        if (len > 0 && round & 1)
            data[0] = round & 2 ? 0x7c : 0x78;
        gatherer_take(f, data, len);
        if (round % 100 == 99) {
            struct rtsp_unit unit;

            rtsp_video_h264.lose(&f->d, &f->au);
            rtsp_access_unit_finish(&f->au, &unit);
            rtsp_access_unit_release(&f->au);
            rtsp_access_unit_open(&f->au, (uint32_t)round);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_single),
        TEST(test_stap_a),
        TEST(test_stap_a_with_padding_loses_nothing),
        cmocka_unit_test_teardown(test_stap_a_truncated_at_every_byte, gatherer_teardown),
        TEST(test_fu_a),
        TEST(test_fu_a_lost_fragment),
        TEST(test_fu_a_lost_idr_is_noted),
        TEST(test_fu_a_interrupted),
        TEST(test_interleaved_mode_is_refused),
        TEST(test_annex_b),
        TEST(test_type_0_is_malformed),
        TEST(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
