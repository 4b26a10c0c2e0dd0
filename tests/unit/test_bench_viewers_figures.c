// SPDX-License-Identifier: Apache-2.0
//
// What bench/viewers reports is made of: histograms, reasons.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bench/viewers_causes.h"
#include "bench/viewers_histogram.h"

static void test_empty(void **state)
{
    static struct viewers_histogram h;

    (void)state;
    assert_int_equal(viewers_histogram_percentile(&h, 0.99), 0);
}

static void test_exact_where_small(void **state)
{
    static struct viewers_histogram h;

    (void)state;
    for (int i = 1; i <= 100; i++)
        viewers_histogram_add(&h, i);
    assert_int_equal(viewers_histogram_percentile(&h, 0.50), 50);
    assert_int_equal(viewers_histogram_percentile(&h, 0.99), 99);
    assert_int_equal(viewers_histogram_percentile(&h, 0.999), 100);
    assert_int_equal(viewers_histogram_percentile(&h, 1.0), 100);
    assert_int_equal(h.count, 100);
    assert_int_equal(h.max_ns, 100);
}

// Whatever the size, a step is at most 1/64 of it, and no step lies below its value.
static void test_precision(void **state)
{
    (void)state;
    for (int64_t ns = 1; ns < INT64_C(1) << VIEWERS_HISTOGRAM_TOP_BITS; ns += ns / 7 + 1) {
        struct viewers_histogram h = {0};

        viewers_histogram_add(&h, ns);
        viewers_histogram_add(&h, 2 * ns); // the longest is exact in itself
        int64_t got = viewers_histogram_percentile(&h, 0.5);
        assert_true(got >= ns && got <= ns + ns / 64);
        assert_int_equal(viewers_histogram_percentile(&h, 1), 2 * ns);
    }
}

static void test_beyond_the_top(void **state)
{
    static struct viewers_histogram h;

    (void)state;
    viewers_histogram_add(&h, INT64_MAX);
    viewers_histogram_add(&h, 0);
    assert_int_equal(viewers_histogram_percentile(&h, 0.5), 0);
    assert_int_equal(viewers_histogram_percentile(&h, 0.999), INT64_MAX);
}

static void test_merge(void **state)
{
    static struct viewers_histogram a, b;

    (void)state;
    for (int i = 0; i < 10; i++)
        viewers_histogram_add(&a, 10);
    for (int i = 0; i < 10; i++)
        viewers_histogram_add(&b, 1000000);
    viewers_histogram_merge(&a, &b);
    assert_int_equal(a.count, 20);
    assert_int_equal(a.max_ns, 1000000);
    assert_int_equal(viewers_histogram_percentile(&a, 0.5), 10);
    assert_int_equal(viewers_histogram_percentile(&a, 0.51), 1000000);
}

static void test_what_came_since(void **state)
{
    static struct viewers_histogram before, now, out;
    int64_t end_ns;

    (void)state;
    viewers_histogram_add(&now, 10);
    viewers_histogram_merge(&before, &now);
    viewers_histogram_add(&now, 10);
    viewers_histogram_add(&now, 100);
    viewers_histogram_since(&out, &now, &before);
    assert_int_equal(out.count, 2);
    assert_int_equal(viewers_histogram_step(&out, 10, &end_ns), 1);
    assert_int_equal(end_ns, 10);
    assert_int_equal(viewers_histogram_step(&out, 11, &end_ns), 0);
    assert_int_equal(viewers_histogram_percentile(&out, 1), 100);
}

static void test_causes(void **state)
{
    static struct viewers_causes causes, sum;
    char text[32];

    (void)state;
    viewers_causes_add(&causes, "POST: 404 Not Found", 1);
    viewers_causes_add(&causes, "DTLS: timed out", 1);
    viewers_causes_add(&causes, "POST: 404 Not Found", 1);
    viewers_causes_merge(&sum, &causes);
    viewers_causes_merge(&sum, &causes);
    assert_int_equal(sum.count, 2);
    assert_string_equal(sum.cause[0].text, "POST: 404 Not Found");
    assert_int_equal(sum.cause[0].viewers, 4);
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "cause %d", i);
        viewers_causes_add(&sum, text, 1);
    }
    assert_int_equal(sum.count, VIEWERS_CAUSES_MAX);
    unsigned viewers = 0;
    for (size_t i = 0; i < sum.count; i++)
        viewers += sum.cause[i].viewers;
    assert_int_equal(viewers, 6 + 100);
    assert_string_equal(sum.cause[VIEWERS_CAUSES_MAX - 1].text, "other reasons");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),     cmocka_unit_test(test_exact_where_small),
        cmocka_unit_test(test_precision), cmocka_unit_test(test_beyond_the_top),
        cmocka_unit_test(test_merge),     cmocka_unit_test(test_what_came_since),
        cmocka_unit_test(test_causes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
