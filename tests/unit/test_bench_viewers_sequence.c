// SPDX-License-Identifier: Apache-2.0
//
// What bench/viewers makes of sequence numbers, and when it asks for those that are missing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench/viewers_nack.h"
#include "bench/viewers_sequence.h"

#define MS INT64_C(1000000)

static struct viewers_sequence s;
static uint32_t missing;

static enum viewers_arrival take(uint16_t seq)
{
    return viewers_sequence_take(&s, viewers_sequence_index(&s, seq), &missing);
}

static int begin(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    return 0;
}

static void test_in_order_over_the_wrap(void **state)
{
    (void)state;
    for (uint32_t i = 65000; i < 65000 + 3 * 65536; i++) {
        assert_int_equal(take((uint16_t)i), VIEWERS_NEXT);
        assert_int_equal(missing, 0);
        assert_int_equal(s.newest, i); // ROC << 16 | SEQ
    }
}

static void test_loss_and_repair(void **state)
{
    (void)state;
    take(65534);
    assert_int_equal(take(2), VIEWERS_NEXT);
    assert_int_equal(missing, 3);
    assert_int_equal(take(0), VIEWERS_LATE);
    assert_int_equal(missing, 0);
    assert_int_equal(take(0), VIEWERS_DUPLICATE);
    assert_int_equal(take(65535), VIEWERS_LATE);
    assert_int_equal(take(2), VIEWERS_DUPLICATE);
    assert_int_equal(take(65534), VIEWERS_DUPLICATE);
    assert_int_equal(take(3), VIEWERS_NEXT);
    assert_int_equal(missing, 0);
    assert_int_equal(take(1), VIEWERS_LATE);
}

static void test_before_the_first(void **state)
{
    (void)state;
    take(0);
    assert_true(viewers_sequence_index(&s, 65535) < 0);
    assert_int_equal(take(65535), VIEWERS_TOO_LATE);
    assert_int_equal(take(1), VIEWERS_NEXT);
    assert_int_equal(missing, 0);
}

static void test_beyond_the_window(void **state)
{
    (void)state;
    take(10);
    take(12);
    for (uint16_t i = 13; i < 11 + VIEWERS_SEQUENCE_WINDOW; i++)
        take(i);
    assert_int_equal(take(11), VIEWERS_LATE); // the oldest that is remembered
    begin(NULL);
    take(10);
    take(12);
    for (uint16_t i = 13; i <= 11 + VIEWERS_SEQUENCE_WINDOW; i++)
        take(i);
    assert_int_equal(take(11), VIEWERS_TOO_LATE);
}

// What was received a window ago does not stand for what is missing now.
static void test_window_is_used_again(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3 * VIEWERS_SEQUENCE_WINDOW; i++) {
        if (i != 2 * VIEWERS_SEQUENCE_WINDOW + 100)
            take(i);
    }
    assert_int_equal(take(2 * VIEWERS_SEQUENCE_WINDOW + 100), VIEWERS_LATE);
}

// A gap longer than the window leaves nothing of what lay in it.
static void test_long_gap(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 100; i++)
        take(i);
    assert_int_equal(take(20000), VIEWERS_NEXT);
    assert_int_equal(missing, 19900);
    assert_int_equal(take(19999), VIEWERS_LATE);
    assert_int_equal(take(20000 - VIEWERS_SEQUENCE_WINDOW + 1), VIEWERS_LATE);
    assert_int_equal(take(50), VIEWERS_TOO_LATE);
}

// ---- asking again ----

static struct viewers_nack nack;
static uint16_t due[VIEWERS_NACK_MAX];
static unsigned given_up;

static size_t ask(int64_t now_ns, int64_t rtt_ns)
{
    return viewers_nack_due(&nack, now_ns, rtt_ns, due, &given_up);
}

static int begin_nack(void **state)
{
    (void)state;
    memset(&nack, 0, sizeof(nack));
    return 0;
}

static void test_asks_soon_and_not_at_once(void **state)
{
    (void)state;
    assert_int_equal(viewers_nack_next_ns(&nack), INT64_MAX);
    assert_int_equal(viewers_nack_add(&nack, 65535, 2, 100 * MS), 0);
    assert_int_equal(viewers_nack_next_ns(&nack), 110 * MS);
    assert_int_equal(ask(109 * MS, 0), 0);
    assert_int_equal(ask(110 * MS, 0), 2);
    assert_int_equal(due[0], 65535);
    assert_int_equal(due[1], 0);
    assert_int_equal(ask(111 * MS, 0), 0);
}

static void test_reordering_is_not_asked_for(void **state)
{
    (void)state;
    viewers_nack_add(&nack, 5, 1, 0);
    assert_false(viewers_nack_remove(&nack, 5)); // came by itself
    assert_int_equal(ask(1000 * MS, 0), 0);
    viewers_nack_add(&nack, 7, 2, 0);
    ask(20 * MS, 0);
    assert_true(viewers_nack_remove(&nack, 7));
    assert_false(viewers_nack_remove(&nack, 7));
    assert_int_equal(nack.count, 1);
}

static void test_repeats_by_round_trip(void **state)
{
    (void)state;
    viewers_nack_add(&nack, 1, 1, 0);
    assert_int_equal(ask(10 * MS, 200 * MS), 1);
    assert_int_equal(viewers_nack_next_ns(&nack), 210 * MS);
    assert_int_equal(ask(210 * MS, 1 * MS), 1);
    assert_int_equal(viewers_nack_next_ns(&nack), 260 * MS); // never sooner
}

static void test_gives_up(void **state)
{
    int64_t now_ns = 10 * MS;

    (void)state;
    viewers_nack_add(&nack, 1, 1, 0);
    for (int i = 0; i < VIEWERS_NACK_TRIES_MAX; i++, now_ns += 50 * MS) {
        assert_int_equal(ask(now_ns, 0), 1);
        assert_int_equal(given_up, 0);
    }
    assert_int_equal(ask(now_ns, 0), 0);
    assert_int_equal(given_up, 1);
    assert_int_equal(nack.count, 0);
}

static void test_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(viewers_nack_add(&nack, 0, VIEWERS_NACK_MAX + 3, 0), 3);
    assert_int_equal(viewers_nack_add(&nack, 500, 1, 0), 1);
    assert_int_equal(ask(10 * MS, 0), VIEWERS_NACK_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_order_over_the_wrap, begin),
        cmocka_unit_test_setup(test_loss_and_repair, begin),
        cmocka_unit_test_setup(test_before_the_first, begin),
        cmocka_unit_test_setup(test_beyond_the_window, begin),
        cmocka_unit_test_setup(test_window_is_used_again, begin),
        cmocka_unit_test_setup(test_long_gap, begin),
        cmocka_unit_test_setup(test_asks_soon_and_not_at_once, begin_nack),
        cmocka_unit_test_setup(test_reordering_is_not_asked_for, begin_nack),
        cmocka_unit_test_setup(test_repeats_by_round_trip, begin_nack),
        cmocka_unit_test_setup(test_gives_up, begin_nack),
        cmocka_unit_test_setup(test_is_bounded, begin_nack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
