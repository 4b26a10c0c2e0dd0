// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "tests/support/h264_units.h"
#include "tests/unit/rtsp_recorder.h"

// Of the codec's kinds of parameter sets: their places, and how many of each are remembered.
enum {
    SPS_KIND = 1,
    PPS_KIND = 2,
    SPS_COUNT = 2,
    PPS_COUNT = 8,
};

static void test_parameter_sets_before_each_idr(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, true, BYTES(IDR)); // without
    packet(f, 4, false, BYTES(PPS));
    packet(f, 4, true, BYTES(IDR)); // half
    packet(f, 5, false, BYTES(SEI));
    packet(f, 5, false, BYTES(PPS));
    packet(f, 5, false, BYTES(SPS));
    packet(f, 5, true, BYTES(IDR)); // in another order
    expect(f, "K785 K785 K7865");
    packet(f, 6, false, BYTES(PPS_1));
    packet(f, 6, true, BYTES(P)); // remembered from anywhere, and left in place
    packet(f, 7, true, BYTES(IDR));
    expect(f, "81 K7885");
}

static void test_parameter_sets_of_their_own_timestamp(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, true, BYTES(SPS));
    packet(f, 1, true, BYTES(PPS));
    packet(f, 2, true, BYTES(IDR));
    packet(f, 3, true, BYTES(P));
    expect(f, "K785");
    assert_int_equal(f->au.dropped_units, 0);
}

static void test_parameter_sets_from_elsewhere(void **state)
{
    struct gatherer *f = *state;

    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(SPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0);
    assert_true(rtsp_access_unit_take_set(&f->au, BYTES(SEI)) < 0);
    packet(f, 0, true, BYTES(IDR));
    packet(f, 1, true, BYTES(P));
    expect(f, "K785");
    assert_int_equal(f->au.sets.live.width, 320);
}

static void test_parameter_sets_that_are_too_many_or_too_long(void **state)
{
    struct gatherer *f = *state;
    uint8_t pps[RTSP_PARAMETER_SET_MAX + 1] = {0x68};
    struct rtsp_part view[PPS_COUNT];

    // ids 7 to 14 in seven bits: 000 1xxx
    for (unsigned i = 0; i < PPS_COUNT; i++) {
        pps[1] = (uint8_t)(0x10 | i << 1 | 1);
        assert_int_equal(rtsp_access_unit_take_set(&f->au, pps, 4), 0);
    }
    assert_int_equal(rtsp_parameter_sets_list(&f->au.sets, PPS_KIND, view), PPS_COUNT);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0); // takes the first place
    assert_int_equal(rtsp_parameter_sets_list(&f->au.sets, PPS_KIND, view), PPS_COUNT);
    assert_int_equal(view[0].len, 6);
    pps[1] = 0x80; // id 0, too long: nor is the old one repeated
    assert_true(rtsp_access_unit_take_set(&f->au, pps, sizeof(pps)) < 0);
    assert_int_equal(rtsp_parameter_sets_list(&f->au.sets, PPS_KIND, view), PPS_COUNT - 1);
}

static void test_changed_sps(void **state)
{
    struct gatherer *f = *state;
    struct rtsp_part view[SPS_COUNT];

    begin(f);
    assert_int_equal(f->au.sets.live.width, 320);
    packet(f, 3, false, BYTES(SPS_1080));
    packet(f, 3, false, BYTES(PPS));
    packet(f, 3, true, BYTES(IDR));
    assert_int_equal(f->au.sets.live.width, 1920);
    assert_int_equal(f->au.sets.live.height, 1080);
    assert_int_equal(rtsp_parameter_sets_list(&f->au.sets, SPS_KIND, view), 1);
    assert_int_equal(view[0].data[3], 0x28);
}

static void test_left_out(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(0x09, 0xf0));
    packet(f, 3, false, BYTES(SEI));
    packet(f, 3, false, BYTES(P));
    packet(f, 3, true, BYTES(0x0c, 0xff, 0x80));
    expect(f, "61");
    packet(f, 4, true, BYTES(0x0c, 0xff, 0x80)); // nothing else
    packet(f, 5, true, BYTES(P));
    expect(f, "1");
}

static void test_timing_sei_is_left_out(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(0x06, 0x00, 0x01, 0xaa, 0x80));                   // buffering_period
    packet(f, 3, false, BYTES(0x06, 0x01, 0x02, 0xaa, 0xbb, 0x80));             // pic_timing
    packet(f, 3, false, BYTES(0x06, 0x03, 0x02, 0xff, 0xff, 0x80));             // filler_payload
    packet(f, 3, false, BYTES(0x06, 0x00, 0x01, 0xaa, 0x01, 0x01, 0xbb, 0x80)); // in one
    packet(f, 3, false, BYTES(0x06, 0x01, 0x01, 0xaa, 0x80, 0x00, 0x00));       // and zeros
    packet(f, 3, true, BYTES(P));
    expect(f, "1");
    packet(f, 4, true, BYTES(0x06, 0x01, 0x01, 0xaa, 0x80)); // nothing else
    packet(f, 5, true, BYTES(P));
    expect(f, "1");
    assert_int_equal(f->au.malformed, 0);
}

static void test_other_sei_stays(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(0x06, 0x02, 0x01, 0xaa, 0x80)); // pan_scan_rect
    packet(f, 3, false, BYTES(0x06, 0x04, 0x01, 0xb5, 0x80)); // captions
    packet(f, 3, false, BYTES(0x06, 0x05, 0x01, 0xaa, 0x80)); // user_data_unregistered
    packet(f, 3, false, BYTES(0x06, 0x06, 0x01, 0xc4, 0x80)); // recovery_point
    packet(f, 3, false, BYTES(0x06, 0xff, 0x01, 0x01, 0xaa, 0x80));
    packet(f, 3, true, BYTES(P));
    expect(f, "666661");
    // Beside timing, before and behind it.
    packet(f, 4, false, BYTES(0x06, 0x01, 0x01, 0xaa, 0x06, 0x01, 0xc4, 0x80));
    packet(f, 4, false, BYTES(0x06, 0x05, 0x01, 0xaa, 0x01, 0x01, 0xaa, 0x80));
    packet(f, 4, true, BYTES(P));
    expect(f, "661");
    packet(f, 5, false, BYTES(0x06, 0x01, 0x02, 0xaa, 0x80)); // cut short
    packet(f, 5, true, BYTES(P));
    expect(f, "61");
    assert_int_equal(f->au.malformed, 0);
    packet(f, 6, false, BYTES(0x86, 0x01, 0x01, 0xaa, 0x80)); // forbidden bit
    packet(f, 6, true, BYTES(P));
    expect(f, "1");
    assert_int_equal(f->au.malformed, 1);
}

static void test_nothing_before_the_first_idr(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, true, BYTES(P));
    packet(f, 1, true, BYTES(P));
    packet(f, 2, true, BYTES(IDR)); // of no use without parameter sets
    packet(f, 3, true, BYTES(P));
    packet(f, 4, false, BYTES(SPS));
    packet(f, 4, false, BYTES(PPS));
    packet(f, 4, true, BYTES(IDR));
    expect(f, "K785");
    assert_int_equal(f->au.dropped_units, 4);
    rtsp_access_unit_begin(&f->au, &rtsp_video_h264); // and again in a new session
    packet(f, 5, true, BYTES(P));
    packet(f, 6, true, BYTES(IDR));
    packet(f, 7, true, BYTES(P));
    expect(f, "");
}

static void test_damaged_units(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(P));
    rtsp_access_unit_lost(&f->au, 3);
    packet(f, 3, true, BYTES(P_REST));
    expect(f, "11");
    assert_int_equal(f->au.damaged_units, 1);
    packet(f, 4, false, BYTES(IDR));
    rtsp_access_unit_lost(&f->au, 4);
    packet(f, 4, true, BYTES(IDR_REST));
    packet(f, 5, true, BYTES(P));
    packet(f, 6, true, BYTES(IDR));
    packet(f, 7, true, BYTES(P));
    expect(f, "K785 1");
    assert_int_equal(f->au.dropped_units, 2);
    assert_int_equal(f->au.damaged_units, 1);
}

static void test_loss_between_units(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    rtsp_access_unit_lost(&f->au, 4); // whole units are missing: those left are whole
    packet(f, 4, true, BYTES(IDR));
    expect(f, "K785");
    rtsp_access_unit_lost(&f->au, 5); // the first slice is missing
    packet(f, 5, true, BYTES(IDR_REST));
    expect(f, "");
    packet(f, 6, true, BYTES(IDR));
    packet(f, 7, false, BYTES(IDR));
    rtsp_access_unit_lost(&f->au, 8); // the last one is
    packet(f, 8, true, BYTES(P));
    expect(f, "K785");
    packet(f, 9, true, BYTES(IDR));
    expect(f, "K785");
}

static void test_loss_after_a_marker_that_is_not_believed_yet(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, false, BYTES(SPS));
    packet(f, 0, false, BYTES(PPS));
    packet(f, 0, true, BYTES(IDR));
    rtsp_access_unit_lost(&f->au, 2);
    packet(f, 2, true, BYTES(P));
    expect(f, "K785");
    assert_int_equal(f->au.damaged_units, 0);
}

static void test_b_frames(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    assert_false(f->au.b_frames);
    packet(f, 3, true, BYTES(B));
    assert_true(f->au.b_frames);
    rtsp_access_unit_begin(&f->au, &rtsp_video_h264);
    assert_false(f->au.b_frames);
}

// As x264 writes them: bframes=3, with b-pyramid=none and normal.
static void test_b_frames_are_dropped(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    f->au.drop_b_frames = true;
    packet(f, 3, false, BYTES(SEI));
    packet(f, 3, true, BYTES(0x41, 0x9a, 0x28, 0xd8));
    packet(f, 4, true, BYTES(0x01, 0x9e, 0x42, 0xf2));
    packet(f, 5, false, BYTES(0x01, 0x9e, 0x44, 0xf2));
    packet(f, 5, true, BYTES(0x01, 0x00, 0x50, 0x9e)); // another slice of it
    packet(f, 6, true, BYTES(0x41, 0x9a, 0x50, 0x78));
    expect(f, "61 1");
    assert_int_equal(f->au.dropped_b_frames, 2);
    assert_int_equal(f->au.dropped_units, 0);
    assert_false(f->au.b_frames);
    packet(f, 7, true, BYTES(0x41, 0x9e, 0x42, 0x78)); // others depend on it
    packet(f, 8, true, BYTES(0x01, 0x9e, 0x61, 0x74));
    expect(f, "1");
    assert_true(f->au.b_frames);
    assert_int_equal(f->au.dropped_b_frames, 3);
    packet(f, 9, true, BYTES(0x01, 0x9a, 0x61, 0x74)); // a P-frame, though none depends on it
    expect(f, "1");
}

static void test_malformed(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(0x1f, 1, 2)); // no such type
    packet(f, 3, false, BYTES(0x67, 1));    // an SPS cut short
    packet(f, 3, true, BYTES(P));
    expect(f, "1");
    assert_int_equal(f->au.damaged_units, 0); // the picture is whole
    packet(f, 4, false, BYTES(0x41));         // a slice cut short
    packet(f, 4, false, BYTES(0xc1, 0x9a));   // forbidden bit
    packet(f, 4, true, BYTES(P));
    expect(f, "1");
    assert_int_equal(f->au.damaged_units, 1);
    assert_int_equal(f->au.malformed, 4);
}

static void test_too_many_nals(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    for (unsigned i = 0; i < RTSP_UNIT_PARTS_MAX; i++)
        packet(f, 3, false, BYTES(SEI));
    packet(f, 3, true, BYTES(P));
    expect(f, "");
    assert_int_equal(f->au.oversize_units, 1);
    packet(f, 4, true, BYTES(P));
    expect(f, "1");
}

static void big_nal(struct gatherer *f, uint32_t timestamp, const uint8_t *head, size_t head_len,
                    size_t len)
{
    static uint8_t block[65536];

    memset(block, 0xaa, sizeof(block));
    if (rtsp_access_unit_ends_before(&f->au, timestamp))
        finish(f);
    rtsp_access_unit_open(&f->au, timestamp);
    rtsp_access_unit_part_begin(&f->au);
    rtsp_access_unit_part_append(&f->au, head, head_len);
    len -= head_len;
    while (len > 0) {
        size_t part = len < sizeof(block) ? len : sizeof(block);

        rtsp_access_unit_part_append(&f->au, block, part);
        len -= part;
    }
    rtsp_access_unit_part_end(&f->au);
    if (rtsp_access_unit_ends_after(&f->au, true))
        finish(f);
}

static void test_too_many_bytes(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    big_nal(f, 3, BYTES(P), RTSP_UNIT_BYTES_MAX);
    expect(f, "1");
    big_nal(f, 4, BYTES(P), RTSP_UNIT_BYTES_MAX + 1);
    packet(f, 5, true, BYTES(P));
    expect(f, "1");
    assert_int_equal(f->au.oversize_units, 1);
    big_nal(f, 6, BYTES(IDR), RTSP_UNIT_BYTES_MAX + 1);
    packet(f, 7, true, BYTES(P)); // refers to what no one has
    expect(f, "");
    packet(f, 8, true, BYTES(IDR));
    packet(f, 9, true, BYTES(IDR));
    assert_int_equal(f->au.oversize_units, 2);
    assert_non_null(strstr(f->log, "K785"));
}

static void test_room_is_held_while_the_unit_is_open(void **state)
{
    struct gatherer *f = *state;
    struct rtsp_unit unit;

    assert_int_equal(f->pool.borrowed, 0);
    begin(f);
    assert_int_equal(f->pool.borrowed, 0); // a marker has ended the last unit
    assert_int_equal(f->pool.idle_count, 1);
    packet(f, 3, false, BYTES(P));
    packet(f, 3, false, BYTES(P_REST));
    assert_int_equal(f->pool.borrowed, 1);
    packet(f, 4, false, BYTES(P)); // and holds no second one
    assert_int_equal(f->pool.borrowed, 1);
    assert_true(rtsp_access_unit_finish(&f->au, &unit)); // the caller has it now
    assert_int_equal(f->pool.borrowed, 1);
    assert_memory_equal(unit.part[0].data, ((const uint8_t[]){P}), 4);
    rtsp_access_unit_release(&f->au);
    rtsp_access_unit_release(&f->au);
    assert_int_equal(f->pool.borrowed, 0);
    packet(f, 5, false, BYTES(P));
    rtsp_access_unit_begin(&f->au, &rtsp_video_h264); // a session that ended in the middle of it
    assert_int_equal(f->pool.borrowed, 0);
    packet(f, 6, false, BYTES(P)); // and one that nobody ends: see teardown()
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_parameter_sets_before_each_idr),
        TEST(test_parameter_sets_of_their_own_timestamp),
        TEST(test_parameter_sets_from_elsewhere),
        TEST(test_parameter_sets_that_are_too_many_or_too_long),
        TEST(test_changed_sps),
        TEST(test_left_out),
        TEST(test_timing_sei_is_left_out),
        TEST(test_other_sei_stays),
        TEST(test_nothing_before_the_first_idr),
        TEST(test_damaged_units),
        TEST(test_loss_between_units),
        TEST(test_loss_after_a_marker_that_is_not_believed_yet),
        TEST(test_b_frames),
        TEST(test_b_frames_are_dropped),
        TEST(test_malformed),
        TEST(test_too_many_nals),
        TEST(test_too_many_bytes),
        TEST(test_room_is_held_while_the_unit_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
