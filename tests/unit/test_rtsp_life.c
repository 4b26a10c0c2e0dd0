// SPDX-License-Identifier: Apache-2.0
#include "rtsp/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    MIDDLE = 200, // of the jitter of the first wait: 1 s exactly
};

static void take(struct rtsp_life *life, enum rtsp_event event, int64_t now_ms,
                 enum rtsp_state state)
{
    enum rtsp_state before = life->state;

    assert_int_equal(rtsp_life_take(life, event, now_ms), before != state);
    assert_int_equal(life->state, state);
}

static void test_goes_through_its_states(void **state)
{
    struct rtsp_life life = {0};

    (void)state;
    take(&life, RTSP_EVENT_START, 0, RTSP_CONNECTING);
    take(&life, RTSP_EVENT_QUIET, 0, RTSP_STALLED);
    take(&life, RTSP_EVENT_QUIET, 0, RTSP_STALLED);
    take(&life, RTSP_EVENT_MEDIA, 5, RTSP_LIVE);
    take(&life, RTSP_EVENT_MEDIA, 6, RTSP_LIVE);
    assert_int_equal(life.live_since_ms, 5);
    take(&life, RTSP_EVENT_QUIET, 0, RTSP_STALLED);
    take(&life, RTSP_EVENT_END, 0, RTSP_WAITING);
    assert_false(life.was_live);
    take(&life, RTSP_EVENT_DUE, 0, RTSP_CONNECTING);
    take(&life, RTSP_EVENT_END, 0, RTSP_WAITING);
    take(&life, RTSP_EVENT_STOP, 0, RTSP_IDLE);
    take(&life, RTSP_EVENT_START, 0, RTSP_CONNECTING);
    take(&life, RTSP_EVENT_STOP, 0, RTSP_IDLE);
}

static struct rtsp_life live_since(int64_t now_ms)
{
    struct rtsp_life life = {0};

    rtsp_life_take(&life, RTSP_EVENT_START, now_ms);
    rtsp_life_take(&life, RTSP_EVENT_MEDIA, now_ms);
    return life;
}

static void test_a_clean_end_is_no_failure(void **state)
{
    struct rtsp_life life = live_since(1000);

    (void)state;
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_CLOSED, 1000 + RTSP_STEADY_MS, MIDDLE), 0);
    // Once: the attempt that follows is closed before there was media.
    take(&life, RTSP_EVENT_END, 2000, RTSP_WAITING);
    take(&life, RTSP_EVENT_DUE, 2000, RTSP_CONNECTING);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_CLOSED, 9000, MIDDLE), 1000);
    // A camera that sends a packet and hangs up is not asked more than once a second.
    life = live_since(1000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_CLOSED, 1000 + RTSP_STEADY_MS - 1, MIDDLE),
                     1000);
    // What is no clean end waits, however long it was live.
    life = live_since(1000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_SILENCE, 99000, MIDDLE), 1000);
}

static void test_what_ended_it_decides_the_wait(void **state)
{
    struct rtsp_life life = {0};

    (void)state;
    take(&life, RTSP_EVENT_START, 0, RTSP_CONNECTING);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_NO_UDP, 0, MIDDLE), 0);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_AUTH, 0, MIDDLE), 30000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_REFUSED, 0, MIDDLE), 1000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_AUTH, 0, MIDDLE), 60000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_CODEC, 0, 400), 2000);
    // Media makes the next wait short again.
    take(&life, RTSP_EVENT_MEDIA, 0, RTSP_LIVE);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_SILENCE, 0, MIDDLE), 1000);
    assert_int_equal(rtsp_life_wait_ms(&life, RTSP_CAUSE_AUTH, 0, MIDDLE), 30000);
}

static void test_all_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < RTSP_STATES; i++)
        assert_non_null(rtsp_state_name((enum rtsp_state)i));
    for (int i = 0; i < RTSP_CAUSES; i++)
        assert_non_null(rtsp_cause_name((enum rtsp_cause)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_through_its_states),
        cmocka_unit_test(test_a_clean_end_is_no_failure),
        cmocka_unit_test(test_what_ended_it_decides_the_wait),
        cmocka_unit_test(test_all_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
