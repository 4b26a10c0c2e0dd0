// SPDX-License-Identifier: Apache-2.0
// What decides whether a viewer is let in: the budget of packets, and how much an address may ask.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "control/budget.h"
#include "control/clock.h"
#include "control/meter.h"
#include "control/visitors.h"

#define SECOND CTL_NS_PER_SECOND

// ---- meter ----

static void a_meter_tells_how_fast_a_counter_runs(void **state)
{
    struct ctl_meter meter = {0};

    (void)state;
    assert_true(ctl_meter_look(&meter, 1000, SECOND));
    assert_true(meter.per_second == 0);
    assert_false(ctl_meter_look(&meter, 9999, SECOND + SECOND / 4));
    assert_true(ctl_meter_look(&meter, 1500, 3 * SECOND));
    assert_true(meter.per_second == 250);
    assert_true(ctl_meter_look(&meter, 1500, 4 * SECOND));
    assert_true(meter.per_second == 0);
}

// ---- budget ----

static void a_budget_counts_what_is_sent_and_what_is_promised(void **state)
{
    struct ctl_budget budget;

    (void)state;
    ctl_budget_init(&budget, 1000);
    assert_true(ctl_budget_has_room(&budget, 1000));
    assert_false(ctl_budget_has_room(&budget, 1001));
    ctl_budget_promise(&budget, 400);
    assert_true(ctl_budget_has_room(&budget, 600));
    assert_false(ctl_budget_has_room(&budget, 601));

    // The viewer plays: after two looks its packets are measured, and the promise is forgotten.
    ctl_budget_look(&budget, 0, 1 * SECOND);
    assert_false(ctl_budget_has_room(&budget, 601));
    ctl_budget_look(&budget, 300, 2 * SECOND);
    assert_true(ctl_budget_has_room(&budget, 700));
    assert_false(ctl_budget_has_room(&budget, 701));
}

static void no_budget_is_no_bound(void **state)
{
    struct ctl_budget budget;

    (void)state;
    ctl_budget_init(&budget, 0);
    ctl_budget_promise(&budget, 1e9);
    assert_true(ctl_budget_has_room(&budget, 1e9));
}

// ---- visitors ----

static int open_visitors(void **state)
{
    struct ctl_visitors *visitors;

    assert_int_equal(ctl_visitors_create(2, &visitors), 0);
    *state = visitors;
    return 0;
}

static int close_visitors(void **state)
{
    ctl_visitors_destroy(*state);
    return 0;
}

static unsigned requests(struct ctl_visitors *visitors, const char *addr, int64_t now_ns)
{
    unsigned count = 0;

    while (count < 100 && ctl_visitors_request(visitors, addr, now_ns))
        count++;
    return count;
}

static void an_address_has_a_burst_and_a_rate(void **state)
{
    struct ctl_visitors *visitors = *state;

    assert_int_equal(requests(visitors, "192.0.2.1", SECOND), 2 * CTL_VISITOR_BURST_S);
    assert_int_equal(requests(visitors, "192.0.2.1", 2 * SECOND), 2);
    assert_int_equal(requests(visitors, "::ffff:192.0.2.1", 3 * SECOND), 2);
    assert_int_equal(requests(visitors, "192.0.2.2", 3 * SECOND), 2 * CTL_VISITOR_BURST_S);
}

static void a_network_of_ipv6_is_one_visitor(void **state)
{
    struct ctl_visitors *visitors = *state;

    assert_int_equal(requests(visitors, "2001:db8:0:1::1", SECOND), 2 * CTL_VISITOR_BURST_S);
    assert_int_equal(requests(visitors, "2001:db8:0:1:ffff::2", SECOND), 0);
    assert_int_equal(requests(visitors, "2001:db8:0:2::1", SECOND), 2 * CTL_VISITOR_BURST_S);
}

static void this_machine_is_not_counted(void **state)
{
    struct ctl_visitors *visitors = *state;

    assert_int_equal(requests(visitors, "127.0.0.1", SECOND), 100);
    assert_int_equal(requests(visitors, "127.9.9.9", SECOND), 100);
    assert_int_equal(requests(visitors, "::ffff:127.0.0.1", SECOND), 100);
    assert_int_equal(requests(visitors, "::1", SECOND), 100);
    assert_int_equal(requests(visitors, "", SECOND), 100);
}

static void wrong_passwords_run_out(void **state)
{
    struct ctl_visitors *visitors = *state;

    for (int i = 0; i < CTL_VISITOR_FAILURES; i++) {
        assert_true(ctl_visitors_may_try(visitors, "192.0.2.1", SECOND));
        ctl_visitors_failed(visitors, "192.0.2.1", SECOND);
    }
    assert_false(ctl_visitors_may_try(visitors, "192.0.2.1", SECOND));
    assert_true(ctl_visitors_may_try(visitors, "192.0.2.2", SECOND));
    assert_true(ctl_visitors_may_try(visitors, "192.0.2.1", 2 * SECOND));
}

static void the_oldest_is_forgotten_for_a_new_one(void **state)
{
    struct ctl_visitors *visitors = *state;
    char addr[32];

    requests(visitors, "192.0.2.1", SECOND);
    for (int i = 0; i < CTL_VISITORS_MAX - 1; i++) {
        snprintf(addr, sizeof(addr), "10.0.%d.%d", i / 256, i % 256);
        assert_true(ctl_visitors_request(visitors, addr, SECOND));
    }
    assert_int_equal(requests(visitors, "192.0.2.1", SECOND), 0);
    // Heard of just now: the first of the others goes.
    assert_true(ctl_visitors_request(visitors, "192.0.2.9", SECOND));
    assert_int_equal(requests(visitors, "192.0.2.1", SECOND), 0);
    assert_int_equal(requests(visitors, "10.0.0.0", SECOND), 2 * CTL_VISITOR_BURST_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_meter_tells_how_fast_a_counter_runs),
        cmocka_unit_test(a_budget_counts_what_is_sent_and_what_is_promised),
        cmocka_unit_test(no_budget_is_no_bound),
        cmocka_unit_test_setup_teardown(an_address_has_a_burst_and_a_rate, open_visitors,
                                        close_visitors),
        cmocka_unit_test_setup_teardown(a_network_of_ipv6_is_one_visitor, open_visitors,
                                        close_visitors),
        cmocka_unit_test_setup_teardown(this_machine_is_not_counted, open_visitors, close_visitors),
        cmocka_unit_test_setup_teardown(wrong_passwords_run_out, open_visitors, close_visitors),
        cmocka_unit_test_setup_teardown(the_oldest_is_forgotten_for_a_new_one, open_visitors,
                                        close_visitors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
