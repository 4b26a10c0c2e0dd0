// SPDX-License-Identifier: Apache-2.0
#include "rtsp/feedback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum {
    OURS = 0x01020304,
    NAMED = 60, // bytes of a report with its SDES
};

static const struct rtsp_reception reception = {0x0a0b0c0d, 0x00010005};
static struct rtsp_track_stats stats;
static uint8_t packet[RTSP_FEEDBACK_MAX];

static struct rtsp_feedback begin(enum rtsp_refresh refresh)
{
    struct rtsp_feedback feedback;

    stats = (struct rtsp_track_stats){
        .rtp_packets = 1000, .rtp_lost = 50, .frames_dropped = 7, .keyframes = 3};
    rtsp_feedback_begin(&feedback, refresh, OURS, &stats, 0);
    return feedback;
}

static size_t write_at(struct rtsp_feedback *feedback, int64_t now_ms)
{
    memset(packet, 0xee, sizeof(packet));
    return rtsp_feedback_write(feedback, &stats, &reception, now_ms, packet);
}

static void test_reports_each_5_s(void **state)
{
    static const uint8_t expected[NAMED] = {
        0x81, 201, 0,    7,   1,   2,   3,   4, // receiver report of ours
        10,   11,  12,   13,                    // about the camera
        64,   0,   0,    25,                    // a quarter of the last interval's, 25 in all
        0,    1,   0,    5,                     // up to this number
        0,    0,   0,    0,   0,   0,   0,   0,   0,   0,
        0,    0,   0x81, 202, 0,   6,   1,   2,   3,   4, // SDES of ours
        1,    15,  'r',  't', 'c', 'f', 'a', 'n', '-', '0',
        '1',  '0', '2',  '0', '3', '0', '4', 0,   0,   0,
    };
    struct rtsp_feedback feedback = begin(RTSP_REFRESH_NONE);

    (void)state;
    assert_int_equal(write_at(&feedback, 4999), 0);
    stats.rtp_packets += 75;
    stats.rtp_lost += 25;
    assert_int_equal(write_at(&feedback, 5000), NAMED);
    assert_memory_equal(packet, expected, NAMED);
    assert_int_equal(write_at(&feedback, 9999), 0);
    // Nothing came, nothing was lost.
    assert_int_equal(write_at(&feedback, 10000), NAMED);
    assert_int_equal(packet[12], 0);
    assert_int_equal(packet[15], 25);
    // All was.
    stats.rtp_lost += 0x1000000;
    assert_int_equal(write_at(&feedback, 15000), NAMED);
    assert_memory_equal(packet + 12, ((uint8_t[]){0xff, 0x7f, 0xff, 0xff}), 4);
}

static void test_asks_once_a_second_until_a_keyframe_comes(void **state)
{
    static const uint8_t pli[] = {0x81, 206, 0, 2, 1, 2, 3, 4, 10, 11, 12, 13};
    struct rtsp_feedback feedback = begin(RTSP_REFRESH_PLI);

    (void)state;
    rtsp_feedback_want(&feedback, &stats);
    assert_int_equal(write_at(&feedback, 1), NAMED + sizeof(pli));
    assert_memory_equal(packet + NAMED, pli, sizeof(pli));
    rtsp_feedback_want(&feedback, &stats);
    assert_int_equal(write_at(&feedback, 1000), 0);
    assert_int_equal(write_at(&feedback, 1001), NAMED + sizeof(pli));
    stats.keyframes++;
    assert_int_equal(write_at(&feedback, 2001), 0);
    // The next wish waits for its second too.
    rtsp_feedback_want(&feedback, &stats);
    assert_int_equal(write_at(&feedback, 2000), 0);
    assert_int_equal(write_at(&feedback, 2001), NAMED + sizeof(pli));
}

static void test_asks_after_pictures_that_could_not_be_shown(void **state)
{
    struct rtsp_feedback feedback = begin(RTSP_REFRESH_PLI);

    (void)state;
    assert_int_equal(write_at(&feedback, 1), 0);
    stats.frames_dropped++;
    assert_true(write_at(&feedback, 2) > NAMED);
    stats.keyframes++;
    assert_int_equal(write_at(&feedback, 1002), 0);
}

static void test_fir_is_numbered(void **state)
{
    static const uint8_t fir[] = {0x84, 206, 0,  4,  1,  2,  3, 4, 0, 0,
                                  0,    0,   10, 11, 12, 13, 1, 0, 0, 0};
    struct rtsp_feedback feedback = begin(RTSP_REFRESH_FIR);

    (void)state;
    rtsp_feedback_want(&feedback, &stats);
    assert_int_equal(write_at(&feedback, 1), NAMED + sizeof(fir));
    assert_memory_equal(packet + NAMED, fir, sizeof(fir));
    // The same wish again (RFC 5104 4.3.1.1), then the next.
    assert_int_equal(write_at(&feedback, 1001), NAMED + sizeof(fir));
    assert_int_equal(packet[NAMED + 16], 1);
    stats.keyframes++;
    write_at(&feedback, 2001);
    rtsp_feedback_want(&feedback, &stats);
    assert_int_equal(write_at(&feedback, 2001), NAMED + sizeof(fir));
    assert_int_equal(packet[NAMED + 16], 2);
}

static void test_does_not_ask_who_does_not_listen(void **state)
{
    struct rtsp_feedback feedback = begin(RTSP_REFRESH_NONE);

    (void)state;
    rtsp_feedback_want(&feedback, &stats);
    stats.frames_dropped++;
    assert_int_equal(write_at(&feedback, 1), 0);
    assert_int_equal(write_at(&feedback, 5000), NAMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_each_5_s),
        cmocka_unit_test(test_asks_once_a_second_until_a_keyframe_comes),
        cmocka_unit_test(test_asks_after_pictures_that_could_not_be_shown),
        cmocka_unit_test(test_fir_is_numbered),
        cmocka_unit_test(test_does_not_ask_who_does_not_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
