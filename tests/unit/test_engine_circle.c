// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/circle.h"

static uint64_t turn_and_put(struct eng_circle *circle, uint64_t wanted, uint64_t index)
{
    uint64_t gone = eng_circle_turn(circle, wanted);

    eng_circle_put(circle, index);
    return gone;
}

static void takes_the_oldest_part_when_nobody_wants_it(void **state)
{
    struct eng_circle circle;

    (void)state;
    assert_int_equal(eng_circle_init(&circle, 8), 0);
    // Two packets are wanted at a time: a third part is where the next goes.
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t gone = turn_and_put(&circle, i < 2 ? 0 : i - 2, i);

        assert_int_equal(gone, i < 3 ? 0 : i - 2);
        assert_int_equal(circle.current, i % 3);
    }
    assert_int_equal(circle.used, 3);
    eng_circle_fini(&circle);
}

static void takes_a_fresh_part_when_the_oldest_is_wanted(void **state)
{
    struct eng_circle circle;
    uint64_t index = 0;

    (void)state;
    assert_int_equal(eng_circle_init(&circle, 8), 0);
    for (; index < 10; index++)
        turn_and_put(&circle, index < 2 ? 0 : index - 2, index);
    assert_int_equal(circle.used, 3);
    // Packet 7 is wanted from here on: the parts of 7, 8 and 9 stay.
    for (; index < 15; index++) {
        assert_int_equal(turn_and_put(&circle, 7, index), 0);
        assert_int_equal(circle.current, index - 7);
    }
    assert_int_equal(circle.used, 8);
    // No room for more: in the order of age, and round again.
    for (; index < 100; index++)
        assert_int_equal(turn_and_put(&circle, 7, index), index - 7);
    assert_int_equal(circle.used, 8);
    eng_circle_fini(&circle);
}

static void one_part_is_its_own_next(void **state)
{
    struct eng_circle circle;

    (void)state;
    assert_int_equal(eng_circle_init(&circle, 1), 0);
    assert_int_equal(turn_and_put(&circle, 0, 0), 0);
    assert_int_equal(turn_and_put(&circle, 0, 1), 1);
    assert_int_equal(turn_and_put(&circle, 0, 2), 2);
    eng_circle_fini(&circle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_oldest_part_when_nobody_wants_it),
        cmocka_unit_test(takes_a_fresh_part_when_the_oldest_is_wanted),
        cmocka_unit_test(one_part_is_its_own_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
