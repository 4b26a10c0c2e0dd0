// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "webrtc/h264_profile.h"

static enum wrtc_h264_profile profile(unsigned idc, unsigned flags)
{
    return wrtc_h264_profile_of((const uint8_t[]){(uint8_t)idc, (uint8_t)flags, 31});
}

static int distance(unsigned live, unsigned offered)
{
    const uint8_t a[] = {(uint8_t)(live >> 8), (uint8_t)live, live ? 40 : 0};
    const uint8_t b[] = {(uint8_t)(offered >> 8), (uint8_t)offered, 31};

    return wrtc_h264_distance(a, b);
}

// RFC 6184 8.1, table 5; x bits tried both ways.
static void test_table_5(void **state)
{
    (void)state;
    for (unsigned x = 0; x < 2; x++) {
        for (unsigned y = 0; y < 2; y++) {
            unsigned set0 = x << 7, set1 = x << 6, set2 = y << 5;

            assert_int_equal(profile(0x42, 0x40 | set0 | set2), WRTC_H264_CONSTRAINED_BASELINE);
            assert_int_equal(profile(0x4d, 0x80 | set1 | set2), WRTC_H264_CONSTRAINED_BASELINE);
            assert_int_equal(profile(0x58, 0xc0 | set2), WRTC_H264_CONSTRAINED_BASELINE);
            assert_int_equal(profile(0x42, set0 | set2), WRTC_H264_BASELINE);
            assert_int_equal(profile(0x58, 0x80 | set2), WRTC_H264_BASELINE);
            assert_int_equal(profile(0x4d, set1), WRTC_H264_MAIN);
            assert_int_equal(profile(0x58, set2), WRTC_H264_EXTENDED);
        }
    }
    assert_int_equal(profile(0x64, 0x00), WRTC_H264_HIGH);
    assert_int_equal(profile(0x6e, 0x00), WRTC_H264_HIGH_10);
    assert_int_equal(profile(0x7a, 0x00), WRTC_H264_HIGH_422);
    assert_int_equal(profile(0xf4, 0x00), WRTC_H264_HIGH_444);
    assert_int_equal(profile(0x6e, 0x10), WRTC_H264_OTHER);
    assert_int_equal(profile(0x2c, 0x10), WRTC_H264_OTHER);
}

static void test_constrained_high(void **state)
{
    (void)state;
    assert_int_equal(profile(0x64, 0x0c), WRTC_H264_CONSTRAINED_HIGH);
    assert_int_equal(profile(0x64, 0x08), WRTC_H264_HIGH); // progressive only
    assert_int_equal(profile(0x4d, 0x4c), WRTC_H264_MAIN);
}

static void test_same_profile_is_nearest(void **state)
{
    (void)state;
    assert_int_equal(distance(0x42c0, 0x42e0), 0);
    assert_int_equal(distance(0x4d80, 0x4240), 0);
    assert_int_equal(distance(0x4d40, 0x4d00), 0);
    assert_int_equal(distance(0x6400, 0x6400), 0);
    assert_int_equal(distance(0x6e10, 0x6e10), 0); // intra-only fits itself
    assert_int_equal(distance(0x6e10, 0x6e00), -1);
    assert_int_not_equal(distance(0x4200, 0x42e0), 0);
}

static void test_containing_profiles(void **state)
{
    (void)state;
    // A Main stream: High before High 4:4:4 before those that cannot decode it.
    assert_in_range(distance(0x4d00, 0x6400), 1, WRTC_H264_BEYOND - 1);
    assert_true(distance(0x4d00, 0x6400) < distance(0x4d00, 0xf400));
    assert_true(distance(0x4d00, 0xf400) < WRTC_H264_BEYOND);
    assert_true(distance(0x4d00, 0x640c) >= WRTC_H264_BEYOND); // no interlace, no B slices
    assert_true(distance(0x4d00, 0x42e0) >= WRTC_H264_BEYOND);
    // Constrained Baseline is in all.
    assert_in_range(distance(0x42e0, 0x4200), 1, WRTC_H264_BEYOND - 1);
    assert_in_range(distance(0x42e0, 0x640c), 1, WRTC_H264_BEYOND - 1);
    // Baseline's tools are in Extended only, and Extended's in none.
    assert_true(distance(0x4200, 0x4d00) >= WRTC_H264_BEYOND);
    assert_true(distance(0x5800, 0x6400) >= WRTC_H264_BEYOND);
    assert_in_range(distance(0x640c, 0x6400), 1, WRTC_H264_BEYOND - 1);
}

static void test_beyond_nearest_first(void **state)
{
    (void)state;
    // High under Safari's offer and under Chromium's without High.
    assert_true(distance(0x6400, 0x640c) < distance(0x6400, 0x42e0));
    assert_true(distance(0x6400, 0x4d00) < distance(0x6400, 0x42e0));
    // Baseline: Constrained Baseline before Main.
    assert_true(distance(0x4200, 0x42e0) < distance(0x4200, 0x4d00));
    // Ten bits or 4:2:2 are shown by no decoder below.
    assert_int_equal(distance(0x6e00, 0x6400), -1);
    assert_int_equal(distance(0x7a00, 0x42e0), -1);
    assert_int_equal(distance(0xf400, 0x7a00), -1);
    assert_in_range(distance(0x6e00, 0x7a00), 1, WRTC_H264_BEYOND - 1);
}

static void test_unknown_live_profile(void **state)
{
    (void)state;
    assert_int_equal(distance(0, 0x42e0), 0);
    assert_in_range(distance(0, 0x6400), 1, WRTC_H264_BEYOND - 1);
    assert_int_equal(distance(0, 0x2c10), -1);
}

static void test_params(void **state)
{
    struct wrtc_h264_params params;

    (void)state;
    assert_int_equal(wrtc_h264_params_parse("", &params), 0);
    assert_memory_equal(params.profile_level_id, "\x42\x00\x0a", 3);
    assert_int_equal(params.packetization_mode, 0);
    assert_false(params.level_asymmetry_allowed);

    assert_int_equal(wrtc_h264_params_parse("level-asymmetry-allowed=1;packetization-mode=1;"
                                            "profile-level-id=64001f",
                                            &params),
                     0);
    assert_memory_equal(params.profile_level_id, "\x64\x00\x1f", 3);
    assert_int_equal(params.packetization_mode, 1);
    assert_true(params.level_asymmetry_allowed);

    assert_int_equal(wrtc_h264_params_parse(" Profile-Level-ID=42E01F ; packetization-mode = 1;;"
                                            "sprop-parameter-sets=Z0IAKeKQ==,aM48gA==;x",
                                            &params),
                     0);
    assert_memory_equal(params.profile_level_id, "\x42\xe0\x1f", 3);
    assert_int_equal(params.packetization_mode, 1);
}

static void test_level_asymmetry_said_to_be_off(void **state)
{
    struct wrtc_h264_params params;

    (void)state;
    assert_int_equal(wrtc_h264_params_parse("level-asymmetry-allowed=0", &params), 0);
    assert_false(params.level_asymmetry_allowed);
}

static void test_params_refused(void **state)
{
    static const char *const broken[] = {
        "profile-level-id=42e01",     "profile-level-id=42e01f0", "profile-level-id=42e01g",
        "profile-level-id",           "packetization-mode=3",     "packetization-mode=",
        "packetization-mode=-1",      "packetization-mode=1 1",   "level-asymmetry-allowed=2",
        "level-asymmetry-allowed=yes"};
    struct wrtc_h264_params params;

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        if (wrtc_h264_params_parse(broken[i], &params) != -EINVAL)
            fail_msg("taken: %s", broken[i]);
    }
}

static void test_answer_level(void **state)
{
    struct wrtc_h264_params offered = {{0x42, 0xe0, 0x1f}, 1, true};
    const uint8_t above[] = {0x42, 0xc0, 0x28}, below[] = {0x42, 0xc0, 0x1e}, unknown[3] = {0};
    uint8_t out[3];

    (void)state;
    wrtc_h264_answer(&offered, above, out);
    assert_memory_equal(out, "\x42\xe0\x28", 3);
    wrtc_h264_answer(&offered, below, out);
    assert_memory_equal(out, "\x42\xe0\x1e", 3);
    wrtc_h264_answer(&offered, unknown, out);
    assert_memory_equal(out, "\x42\xe0\x1f", 3);
    offered.level_asymmetry_allowed = false;
    wrtc_h264_answer(&offered, above, out);
    assert_memory_equal(out, "\x42\xe0\x1f", 3);
    wrtc_h264_answer(&offered, below, out);
    assert_memory_equal(out, "\x42\xe0\x1e", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_5),
        cmocka_unit_test(test_constrained_high),
        cmocka_unit_test(test_same_profile_is_nearest),
        cmocka_unit_test(test_containing_profiles),
        cmocka_unit_test(test_beyond_nearest_first),
        cmocka_unit_test(test_unknown_live_profile),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_level_asymmetry_said_to_be_off),
        cmocka_unit_test(test_params_refused),
        cmocka_unit_test(test_answer_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
