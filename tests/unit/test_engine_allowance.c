// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/allowance.h"

enum {
    COST = 10,
    MOST = 50,
};

static int take_all(struct eng_allowance *a, int64_t now_ns)
{
    int taken = 0;

    for (; eng_allowance_left(a, now_ns, MOST); taken++)
        eng_allowance_take(a, now_ns, COST);
    return taken;
}

static void gives_all_at_once_and_then_as_time_goes(void **state)
{
    struct eng_allowance a = {0};
    int64_t now_ns = 1000;

    (void)state;
    assert_int_equal(take_all(&a, now_ns), MOST / COST);
    assert_int_equal(take_all(&a, now_ns), 0);
    assert_int_equal(take_all(&a, now_ns += COST), 1);
    assert_int_equal(take_all(&a, now_ns += 3 * COST), 3);
    // What is not taken is not saved up beyond the whole.
    assert_int_equal(take_all(&a, now_ns += 100 * COST), MOST / COST);
}

static void what_was_taken_too_much_is_missing_later(void **state)
{
    struct eng_allowance a = {0};

    (void)state;
    eng_allowance_take(&a, 0, MOST - 1);
    assert_true(eng_allowance_left(&a, 0, MOST));
    eng_allowance_take(&a, 0, 3 * MOST);
    assert_false(eng_allowance_left(&a, 3 * MOST - 1, MOST));
    assert_true(eng_allowance_left(&a, 3 * MOST, MOST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_all_at_once_and_then_as_time_goes),
        cmocka_unit_test(what_was_taken_too_much_is_missing_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
