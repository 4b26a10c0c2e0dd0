// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <cmocka.h>

#include "webrtc/h265_profile.h"

static void check(const char *fmtp, uint8_t profile, uint8_t tier, uint8_t level, bool srst)
{
    struct wrtc_h265_params params;

    assert_int_equal(wrtc_h265_params_parse(fmtp, &params), 0);
    assert_int_equal(params.profile[0], profile);
    assert_int_equal(params.profile[1], tier);
    assert_int_equal(params.profile[2], level);
    assert_int_equal(params.srst, srst);
}

static void test_params(void **state)
{
    (void)state;
    check("", 1, 0, 93, true);
    check("level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST", 2, 0, 180, true);
    check(" Profile-ID = 1 ; tier-flag=1; level-id=153 ", 1, 1, 153, true);
    check("tx-mode=MRST", 1, 0, 93, false);
    check("sprop-max-don-diff=0;level-id=120", 1, 0, 120, true);
}

static void test_params_that_cannot_be(void **state)
{
    static const char *const wrong[] = {"profile-id=", "profile-id=32", "tier-flag=2",
                                        "level-id=256", "level-id=3.1"};
    struct wrtc_h265_params params;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(wrtc_h265_params_parse(wrong[i], &params), -EINVAL);
}

static int distance(uint8_t live, uint8_t offered)
{
    return wrtc_h265_distance((const uint8_t[]){live, 0, 93}, (const uint8_t[]){offered, 0, 93});
}

static void test_distance(void **state)
{
    enum {
        MAIN = 1,
        MAIN_10 = 2,
        STILL = 3,
        RANGE_EXTENSIONS = 4
    };

    (void)state;
    assert_int_equal(distance(MAIN, MAIN), 0);
    assert_int_equal(distance(MAIN, MAIN_10), 1);
    assert_int_equal(distance(STILL, MAIN_10), 2);
    assert_int_equal(distance(STILL, MAIN), 1);
    assert_int_equal(distance(MAIN, STILL), -1);
    assert_int_equal(distance(MAIN_10, MAIN), -1);
    assert_int_equal(distance(MAIN, RANGE_EXTENSIONS), -1);
    assert_int_equal(distance(RANGE_EXTENSIONS, MAIN_10), -1);
    assert_int_equal(distance(RANGE_EXTENSIONS, RANGE_EXTENSIONS), 0);
    // A stream of the High tier prefers a High one, and takes what there is.
    assert_int_equal(wrtc_h265_distance((const uint8_t[]){1, 1, 93}, (const uint8_t[]){1, 1, 93}),
                     0);
    assert_true(wrtc_h265_distance((const uint8_t[]){1, 1, 93}, (const uint8_t[]){2, 0, 93}) > 2);
    assert_int_equal(wrtc_h265_distance((const uint8_t[]){1, 0, 93}, (const uint8_t[]){1, 1, 93}),
                     0);
}

static void test_answer(void **state)
{
    uint8_t out[3];

    (void)state;
    wrtc_h265_answer((const uint8_t[]){2, 1, 180}, (const uint8_t[]){1, 0, 123}, out);
    assert_memory_equal(out, "\x02\x01\x7b", 3);
    wrtc_h265_answer((const uint8_t[]){1, 0, 93}, (const uint8_t[]){1, 0, 123}, out);
    assert_memory_equal(out, "\x01\x00\x5d", 3);
    wrtc_h265_answer((const uint8_t[]){1, 0, 93}, (const uint8_t[]){0, 0, 0}, out);
    assert_memory_equal(out, "\x01\x00\x5d", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_params_that_cannot_be),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
