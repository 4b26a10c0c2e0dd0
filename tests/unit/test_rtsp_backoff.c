// SPDX-License-Identifier: Apache-2.0
#include "rtsp/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_doubles_to_its_bound(void **state)
{
    static const uint32_t middle_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct rtsp_backoff low = {0};
    struct rtsp_backoff high = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(middle_ms) / sizeof(middle_ms[0]); i++) {
        uint32_t spread = middle_ms[i] / 5;

        assert_int_equal(rtsp_backoff_next_ms(&low, 0), middle_ms[i] - spread);
        assert_int_equal(rtsp_backoff_next_ms(&high, spread * 2), middle_ms[i] + spread);
    }
}

static void test_stays_in_its_range(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        struct rtsp_backoff backoff = {0};
        uint32_t ms = rtsp_backoff_next_ms(&backoff, i * 2654435761U);

        assert_in_range(ms, 800, 1200);
    }
}

static void test_is_slow_where_an_account_may_be_locked(void **state)
{
    static const uint32_t wait_ms[] = {30000, 60000, 120000, 240000, 300000, 300000};
    struct rtsp_backoff backoff = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(wait_ms) / sizeof(wait_ms[0]); i++) {
        assert_int_equal(rtsp_backoff_auth_ms(&backoff), wait_ms[i]);
        rtsp_backoff_next_ms(&backoff, 0); // other failures between them change nothing
    }
    rtsp_backoff_reset(&backoff);
    assert_int_equal(rtsp_backoff_auth_ms(&backoff), 30000);
}

static void test_starts_over(void **state)
{
    struct rtsp_backoff backoff = {0};

    (void)state;
    for (int i = 0; i < 10; i++)
        rtsp_backoff_next_ms(&backoff, 0);
    rtsp_backoff_reset(&backoff);
    assert_int_equal(rtsp_backoff_next_ms(&backoff, 200), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_to_its_bound),
        cmocka_unit_test(test_stays_in_its_range),
        cmocka_unit_test(test_is_slow_where_an_account_may_be_locked),
        cmocka_unit_test(test_starts_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
