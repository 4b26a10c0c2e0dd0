// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/breaker.h"

#define SECOND INT64_C(1000000000)

// A viewer with a path: each second so many packets are sent, of which some get lost.
struct path {
    struct eng_breaker breaker;
    struct eng_rtcp_report report;
    int64_t now_ns;
    uint32_t sent;
    bool reports;
};

static void start(struct path *p)
{
    *p = (struct path){.now_ns = 100 * SECOND, .reports = true};
    p->report.highest = 0x00017ff0; // across a wrap of the 16 bits
    p->report.lost = 7;
    p->sent = UINT32_MAX - 100; // across a wrap of the 32 bits
}

// One second; what tripped the breaker in it.
static enum eng_breaker_cause second(struct path *p, uint32_t packets, uint32_t lost,
                                     uint32_t rtt_ms)
{
    enum eng_breaker_cause cause;

    p->now_ns += SECOND;
    p->sent += packets;
    cause = eng_breaker_beat(&p->breaker, p->now_ns, p->sent);
    if (cause != ENG_BREAKER_NONE || !p->reports)
        return cause;
    if (lost < packets)
        p->report.highest += packets;
    p->report.lost += (int32_t)lost;
    return eng_breaker_report(&p->breaker, p->now_ns, &p->report, p->sent, rtt_ms * 1000);
}

static void expect_none(struct path *p, int seconds, uint32_t packets, uint32_t lost,
                        uint32_t rtt_ms)
{
    for (int i = 0; i < seconds; i++)
        assert_int_equal(second(p, packets, lost, rtt_ms), ENG_BREAKER_NONE);
    assert_false(p->breaker.open);
}

static void stays_closed_on_paths_that_work(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 100, 200, 0, 50);
    expect_none(&p, 100, 200, 4, 50);   // 2 % lost
    expect_none(&p, 100, 200, 100, 50); // half of it, but (200 * 0.05)^2 / 2 = 50
    expect_none(&p, 100, 200, 100, 0);  // round trip unknown
    expect_none(&p, 100, 5, 4, 300);    // hardly anything sent
    p.report.lost -= 2000;              // duplicates
    expect_none(&p, 100, 1000, 0, 1000);
}

static void trips_on_congestion(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 10, 200, 0, 200);
    // (200 * 0.2)^2 * p > 150: p above 0.094.
    expect_none(&p, 10, 200, 18, 200);
    expect_none(&p, 2, 200, 20, 200);
    expect_none(&p, 1, 200, 0, 200); // one good interval: counting starts again
    expect_none(&p, 2, 200, 20, 200);
    assert_int_equal(second(&p, 200, 20, 200), ENG_BREAKER_CONGESTION);
    assert_true(p.breaker.open);
}

static void judges_a_second_at_a_time(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 2, 200, 0, 200);
    // Ten reports a second, each with half of its packets lost.
    for (int i = 0; i < 29; i++) {
        p.now_ns += SECOND / 10;
        p.sent += 20;
        p.report.highest += 20;
        p.report.lost += 10;
        assert_int_equal(eng_breaker_report(&p.breaker, p.now_ns, &p.report, p.sent, 200000),
                         ENG_BREAKER_NONE);
    }
    p.now_ns += SECOND / 10;
    p.sent += 20;
    assert_int_equal(eng_breaker_report(&p.breaker, p.now_ns, &p.report, p.sent, 200000),
                     ENG_BREAKER_CONGESTION);
}

static void trips_when_nothing_arrives(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 10, 200, 0, 50);
    expect_none(&p, 2, 200, 200, 50);
    expect_none(&p, 1, 200, 0, 50);
    expect_none(&p, 20, 0, 0, 50); // nothing is sent, so nothing can arrive
    expect_none(&p, 2, 200, 200, 50);
    assert_int_equal(second(&p, 200, 200, 50), ENG_BREAKER_MEDIA_TIMEOUT);
}

static void lets_a_slow_stream_be_late(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 5, 1, 0, 50);
    // A packet every other second, which the report after the next one knows of.
    for (int i = 0; i < 50; i++) {
        p.report.highest -= 1;
        expect_none(&p, 1, 1, 0, 50);
        p.report.highest += 1;
        expect_none(&p, 1, 0, 0, 50);
    }
}

static void trips_when_reports_stop(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 5, 200, 0, 50);
    p.reports = false;
    expect_none(&p, 14, 200, 0, 50);
    expect_none(&p, 60, 0, 0, 50); // the camera is away: no reports are due
    assert_int_equal(second(&p, 200, 0, 50), ENG_BREAKER_RTCP_TIMEOUT);

    // Who never reported is left to consent.
    start(&p);
    p.reports = false;
    expect_none(&p, 100, 200, 0, 50);
}

// Loses all until the breaker opens, then rests. Returns the seconds of rest.
static int fail_and_rest(struct path *p)
{
    int seconds = 0;

    for (int i = 0; i < 10 && !p->breaker.open; i++)
        (void)second(p, 200, 200, 50);
    assert_true(p->breaker.open);
    while (!eng_breaker_close(&p->breaker, p->now_ns)) {
        assert_int_equal(second(p, 0, 0, 50), ENG_BREAKER_NONE);
        seconds++;
    }
    assert_false(p->breaker.open);
    assert_false(eng_breaker_close(&p->breaker, p->now_ns));
    return seconds;
}

static void rests_longer_each_time(void **state)
{
    static const int expected[] = {10, 20, 40, 80, 80};
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 5, 200, 0, 50);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(fail_and_rest(&p), expected[i]);
    expect_none(&p, 61, 200, 0, 50);
    assert_int_equal(fail_and_rest(&p), 10);
}

static void forgets_the_past_after_a_rest(void **state)
{
    struct path p;

    (void)state;
    start(&p);
    expect_none(&p, 5, 200, 0, 200);
    (void)fail_and_rest(&p);
    // The first report after it, that nothing has moved since, is about the time before.
    expect_none(&p, 3, 200, 200, 200);
    assert_int_equal(second(&p, 200, 200, 200), ENG_BREAKER_MEDIA_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_closed_on_paths_that_work),
        cmocka_unit_test(trips_on_congestion),
        cmocka_unit_test(judges_a_second_at_a_time),
        cmocka_unit_test(trips_when_nothing_arrives),
        cmocka_unit_test(lets_a_slow_stream_be_late),
        cmocka_unit_test(trips_when_reports_stop),
        cmocka_unit_test(rests_longer_each_time),
        cmocka_unit_test(forgets_the_past_after_a_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
