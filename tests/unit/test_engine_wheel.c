// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "engine/wheel.h"

static void fires_on_time_and_once(void **state)
{
    struct eng_timer timer = {0};
    struct eng_wheel wheel;

    (void)state;
    eng_wheel_init(&wheel, 123456);
    assert_int_equal(eng_wheel_next_ms(&wheel), -1);
    for (unsigned delay = 1; delay <= ENG_WHEEL_DELAY_MAX_MS; delay++) {
        int64_t start = wheel.now_ms;

        eng_wheel_arm(&wheel, &timer, delay);
        assert_int_equal(eng_wheel_next_ms(&wheel), delay);
        assert_null(eng_wheel_expire(&wheel, start + delay - 1));
        assert_int_equal(eng_wheel_next_ms(&wheel), 1);
        assert_ptr_equal(eng_wheel_expire(&wheel, start + delay), &timer);
        assert_null(eng_wheel_expire(&wheel, start + delay));
        assert_false(eng_timer_armed(&timer));
    }
}

static void disarms_and_rearms(void **state)
{
    struct eng_timer a = {0}, b = {0}, c = {0};
    struct eng_wheel wheel;

    (void)state;
    eng_wheel_init(&wheel, 0);
    eng_wheel_arm(&wheel, &a, 5);
    eng_wheel_arm(&wheel, &b, 5);
    eng_wheel_arm(&wheel, &c, 5);
    eng_wheel_disarm(&wheel, &b);
    eng_wheel_disarm(&wheel, &b);
    eng_wheel_arm(&wheel, &c, 7);
    assert_ptr_equal(eng_wheel_expire(&wheel, 6), &a);
    assert_null(eng_wheel_expire(&wheel, 6));
    assert_ptr_equal(eng_wheel_expire(&wheel, 100), &c);
    assert_null(eng_wheel_expire(&wheel, 100));
    assert_int_equal(wheel.now_ms, 100);
}

// A worker that was stopped for longer than a turn of the wheel gets every timer, once.
static void catches_up(void **state)
{
    struct eng_timer timers[500] = {{0}};
    struct eng_wheel wheel;
    unsigned fired = 0;

    (void)state;
    srand(1);
    eng_wheel_init(&wheel, 999);
    for (int i = 0; i < 500; i++)
        eng_wheel_arm(&wheel, &timers[i], 1 + (unsigned)rand() % ENG_WHEEL_DELAY_MAX_MS);
    while (eng_wheel_expire(&wheel, 999 + 100000))
        fired++;
    assert_int_equal(fired, 500);
    assert_int_equal(eng_wheel_next_ms(&wheel), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_on_time_and_once),
        cmocka_unit_test(disarms_and_rearms),
        cmocka_unit_test(catches_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
