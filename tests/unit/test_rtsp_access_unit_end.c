// SPDX-License-Identifier: Apache-2.0
//
// Where an access unit ends: markers, timestamps, and what to believe of both.
#include "tests/support/h264_units.h"
#include "tests/unit/rtsp_recorder.h"

static void test_marker_is_believed_after_proof(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, false, BYTES(SPS));
    packet(f, 0, false, BYTES(PPS));
    packet(f, 0, true, BYTES(IDR));
    expect(f, "");
    packet(f, 1, true, BYTES(P));
    expect(f, "K785");
    packet(f, 2, true, BYTES(P)); // the second unit has proven it, so this one waits for nothing
    expect(f, "1 1");
    packet(f, 3, true, BYTES(P));
    expect(f, "1");
}

static void test_without_markers(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, false, BYTES(SPS));
    packet(f, 0, false, BYTES(PPS));
    packet(f, 0, false, BYTES(IDR));
    for (uint32_t t = 1; t < 10; t++)
        packet(f, t, false, BYTES(P));
    expect(f, "K785 1 1 1 1 1 1 1 1");
}

static void test_marker_on_every_slice(void **state)
{
    struct gatherer *f = *state;

    for (uint32_t t = 0; t < 4; t++) {
        packet(f, t, true, BYTES(SPS));
        packet(f, t, true, BYTES(PPS));
        packet(f, t, true, BYTES(IDR));
        packet(f, t, true, BYTES(IDR_REST));
        packet(f, t, true, BYTES(IDR_REST));
    }
    packet(f, 5, true, BYTES(P));
    expect(f, "K78555 K78555 K78555 K78555");
}

static void test_marker_on_parameter_sets_means_nothing(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, true, BYTES(SPS));
    packet(f, 3, true, BYTES(PPS));
    packet(f, 3, true, BYTES(SEI));
    packet(f, 3, true, BYTES(IDR));
    expect(f, "K7865");
    packet(f, 4, true, BYTES(P));
    expect(f, "1");
}

static void test_marker_that_lies_later(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, true, BYTES(P));
    packet(f, 3, true, BYTES(P_REST)); // not the end then
    expect(f, "1");
    for (uint32_t t = 4; t < 10; t++) {
        packet(f, t, true, BYTES(P));
        packet(f, t, true, BYTES(P_REST));
    }
    expect(f, "1 11 11 11 11 11");
    for (uint32_t t = 10; t < 14; t++)
        packet(f, t, true, BYTES(P));
    expect(f, "11 1 1 1"); // the last one waits: it takes more to be believed again
}

static void test_two_pictures_of_one_timestamp(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, true, BYTES(P));
    packet(f, 3, true, BYTES(P));
    packet(f, 4, true, BYTES(P));
    expect(f, "1 1 1");
}

// Before the marker is believed they may be the two fields of one picture.
static void test_two_fields(void **state)
{
    struct gatherer *f = *state;

    packet(f, 0, false, BYTES(SPS));
    packet(f, 0, false, BYTES(PPS));
    packet(f, 0, true, BYTES(IDR));
    packet(f, 0, true, BYTES(P));
    for (uint32_t t = 1; t < 5; t++) {
        packet(f, t, true, BYTES(P));
        packet(f, t, true, BYTES(P));
    }
    expect(f, "K7851 11 11 11");
}

// The pictures up to the next keyframe are what it costs to find out.
static void test_timestamps_stand_still(void **state)
{
    struct gatherer *f = *state;

    for (int gop = 0; gop < 3; gop++) {
        packet(f, 0, false, BYTES(SPS));
        packet(f, 0, false, BYTES(PPS));
        packet(f, 0, false, BYTES(IDR));
        packet(f, 0, true, BYTES(IDR_REST));
        for (int i = 0; i < 4; i++) {
            packet(f, 0, false, BYTES(SEI));
            packet(f, 0, true, BYTES(P));
        }
    }
    expect(f, "K7855 61 61 61 61 K7855 61 61 61 61");
}

static void test_marker_is_missed_once(void **state)
{
    struct gatherer *f = *state;

    begin(f);
    packet(f, 3, false, BYTES(P));
    packet(f, 4, true, BYTES(P));
    expect(f, "1");
    packet(f, 5, true, BYTES(P));
    packet(f, 6, true, BYTES(P));
    packet(f, 7, true, BYTES(P));
    expect(f, "1 1 1 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_marker_is_believed_after_proof),
        TEST(test_without_markers),
        TEST(test_marker_on_every_slice),
        TEST(test_marker_on_parameter_sets_means_nothing),
        TEST(test_marker_that_lies_later),
        TEST(test_two_pictures_of_one_timestamp),
        TEST(test_two_fields),
        TEST(test_timestamps_stand_still),
        TEST(test_marker_is_missed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
