// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/pattern.h"

static void names_are_matched(void **state)
{
    (void)state;
    assert_true(ctl_pattern_matches("^hall/cam[0-9]+$", "hall/cam12"));
    assert_true(ctl_pattern_matches("^(hall|yard)/\\w{3}\\d{1,3}$", "yard/cam7"));
    assert_true(ctl_pattern_matches("cam", "hall/cam12"));
    assert_true(ctl_pattern_matches("", "hall/cam12"));
    assert_false(ctl_pattern_matches("^cam", "hall/cam12"));
    assert_false(ctl_pattern_matches("cam$", "hall/cam12"));
    assert_false(ctl_pattern_matches("cam$", "cam\n"));
}

static void nonsense_matches_nothing(void **state)
{
    char longest[CTL_PATTERN_MAX + 2];

    (void)state;
    assert_false(ctl_pattern_matches("(", "("));
    assert_false(ctl_pattern_matches("[z-a]", "z"));
    memset(longest, '.', sizeof(longest));
    memcpy(longest + CTL_PATTERN_MAX - 2, "|a", 3);
    assert_true(ctl_pattern_matches(longest, "a"));
    memcpy(longest + CTL_PATTERN_MAX - 2, "||a", 4);
    assert_false(ctl_pattern_matches(longest, "a"));
}

// Each of them keeps some engine busy for ever, or takes all the memory there is.
static void the_price_is_bounded(void **state)
{
    static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    (void)state;
    assert_false(ctl_pattern_matches("^(a+)+$b", a));
    assert_false(ctl_pattern_matches("^(a|a?)+b", a));
    assert_false(ctl_pattern_matches("^(a*)*\\1*b", a));
    assert_false(ctl_pattern_matches("^h?+++++++++++++++", "h"));
    assert_false(ctl_pattern_matches("^(((((b{1,99}){1,99}){1,99}){1,99}){1,99})$", a));
    assert_false(ctl_pattern_matches("(*LIMIT_MATCH=4000000000)^(a+)+b", a));
    assert_false(ctl_pattern_matches("^(a(?R)?)+b", a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_matched),
        cmocka_unit_test(nonsense_matches_nothing),
        cmocka_unit_test(the_price_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
