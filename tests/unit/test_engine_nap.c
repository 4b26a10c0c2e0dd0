// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/nap.h"

enum {
    US = 1000,
    MANY_TURNS = 200,
};

static void take_turns(struct eng_nap *nap, int64_t worked_ns, int64_t rested_ns)
{
    for (int i = 0; i < MANY_TURNS; i++)
        eng_nap_note(nap, worked_ns, rested_ns);
}

static void pays_where_many_streams_bring_little_work(void **state)
{
    struct eng_nap nap = {0};

    (void)state;
    take_turns(&nap, 40 * US, 500 * US);
    assert_true(eng_nap_pays(&nap, ENG_NAP_STREAMS));
    assert_false(eng_nap_pays(&nap, ENG_NAP_STREAMS - 1));
}

static void does_not_pay_once_the_worker_is_busy(void **state)
{
    struct eng_nap nap = {0};

    (void)state;
    take_turns(&nap, 40 * US, 500 * US);
    take_turns(&nap, 180 * US, 340 * US);
    assert_false(eng_nap_pays(&nap, 64));
    // A nap gathers work: its turn is longer, its load the same.
    take_turns(&nap, 1400 * US, 2600 * US);
    assert_false(eng_nap_pays(&nap, 64));
    take_turns(&nap, 400 * US, 3600 * US);
    assert_true(eng_nap_pays(&nap, 64));
}

static void one_long_turn_changes_nothing(void **state)
{
    struct eng_nap nap = {0};

    (void)state;
    take_turns(&nap, 40 * US, 4000 * US);
    eng_nap_note(&nap, 3000 * US, 4000 * US);
    assert_true(eng_nap_pays(&nap, 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pays_where_many_streams_bring_little_work),
        cmocka_unit_test(does_not_pay_once_the_worker_is_busy),
        cmocka_unit_test(one_long_turn_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
