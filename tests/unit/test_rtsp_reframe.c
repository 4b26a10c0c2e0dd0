// SPDX-License-Identifier: Apache-2.0
#include "rtsp/reframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum {
    UNIT = 1024, // samples of a stretch, as AAC has them
};

static struct rtsp_reframe reframe;
static int16_t next_sample; // of what goes in: 1, 2, 3, ...

// What came out.
static int64_t times[4096];
static int16_t heard[4096][RTSP_REFRAME_LEN]; // of the first channel
static size_t frames;

static int setup(void **state)
{
    (void)state;
    rtsp_reframe_init(&reframe);
    rtsp_reframe_begin(&reframe, 1);
    next_sample = 1;
    frames = 0;
    return 0;
}

static void drain(void)
{
    const int16_t *samples;
    int64_t media;

    while (rtsp_reframe_next(&reframe, &samples, &media)) {
        times[frames] = media;
        for (size_t i = 0; i < RTSP_REFRAME_LEN; i++)
            heard[frames][i] = samples[i * reframe.channels];
        frames++;
    }
}

static void push(size_t count)
{
    int16_t samples[RTSP_REFRAME_STRETCH_MAX * RTSP_REFRAME_CHANNELS_MAX];

    for (size_t i = 0; i < count; i++, next_sample++)
        for (size_t c = 0; c < reframe.channels; c++)
            samples[i * reframe.channels + c] = next_sample;
    rtsp_reframe_push(&reframe, samples, count);
    drain();
}

static void push_at(int64_t media, size_t count)
{
    rtsp_reframe_at(&reframe, media);
    push(count);
}

static void test_frames_follow_each_other(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 15; i++)
        push_at(5000 + i * UNIT, UNIT);
    assert_int_equal(frames, 16);
    for (size_t i = 0; i < frames; i++) {
        assert_int_equal(times[i], 5000 + i * RTSP_REFRAME_LEN);
        for (size_t n = 0; n < RTSP_REFRAME_LEN; n++)
            assert_int_equal(heard[i][n], (int16_t)(1 + i * RTSP_REFRAME_LEN + n));
    }
}

static void test_stereo(void **state)
{
    (void)state;
    rtsp_reframe_begin(&reframe, 2);
    push_at(0, 500);
    push(RTSP_REFRAME_STRETCH_MAX);
    assert_int_equal(frames, (500 + RTSP_REFRAME_STRETCH_MAX) / RTSP_REFRAME_LEN);
    for (size_t n = 0; n < frames * RTSP_REFRAME_LEN; n++)
        assert_int_equal(heard[n / RTSP_REFRAME_LEN][n % RTSP_REFRAME_LEN], (int16_t)(1 + n));
}

// Timestamps of 44.1 kHz, rounded, and of a camera that stamps by its wall clock.
static void test_jitter_is_nothing(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++)
        push_at(i * UNIT + (i * 37 % 481 - 240), UNIT);
    for (size_t i = 1; i < frames; i++)
        assert_int_equal(times[i] - times[i - 1], RTSP_REFRAME_LEN);
    assert_int_equal(frames, 100 * UNIT / RTSP_REFRAME_LEN);
}

// 300 ppm between the samples and their timestamps, either way: no frame is out of step, and what
// is heard stays near its time.
static void drift(int direction)
{
    int64_t media = 0;

    for (int64_t i = 0; i < 3000; i++) {
        media = i * UNIT + direction * i * UNIT * 3 / 10000;
        push_at(media, UNIT);
        assert_in_range(reframe.lag + 300, 0, 600);
    }
    for (size_t i = 1; i < frames; i++)
        assert_int_equal(times[i] - times[i - 1], RTSP_REFRAME_LEN);
}

static void test_drift(void **state)
{
    drift(1);
    setup(state);
    drift(-1);
}

// 100 ms are missing: the frame that was begun is completed with silence, and time jumps.
static void test_hole(void **state)
{
    (void)state;
    push_at(0, UNIT);
    push_at(UNIT + 4800, UNIT);
    push_at(UNIT + 4800 + UNIT, UNIT);
    assert_int_equal(frames, 4);
    assert_int_equal(times[1], RTSP_REFRAME_LEN);
    assert_int_equal(heard[1][UNIT - RTSP_REFRAME_LEN - 1], UNIT);
    assert_int_equal(heard[1][UNIT - RTSP_REFRAME_LEN], 0);
    assert_int_equal(heard[1][RTSP_REFRAME_LEN - 1], 0);
    assert_int_equal(times[2], UNIT + 4800);
    assert_int_equal(heard[2][0], UNIT + 1);
    assert_int_equal(times[3], UNIT + 4800 + RTSP_REFRAME_LEN);
}

// One access unit is lost: less than what drift may be, but known to be missing.
static void test_small_hole_after_a_break(void **state)
{
    (void)state;
    push_at(0, UNIT);
    rtsp_reframe_break(&reframe);
    push_at(2 * UNIT, UNIT);
    assert_int_equal(times[1], RTSP_REFRAME_LEN);
    assert_int_equal(times[2], 2 * UNIT);
    assert_int_equal(heard[2][0], UNIT + 1);

    // 100 samples: they fit into the frame.
    setup(state);
    push_at(0, UNIT);
    rtsp_reframe_break(&reframe);
    push_at(UNIT + 100, UNIT);
    assert_int_equal(times[1], RTSP_REFRAME_LEN);
    assert_int_equal(heard[1][UNIT - RTSP_REFRAME_LEN + 99], 0);
    assert_int_equal(heard[1][UNIT - RTSP_REFRAME_LEN + 100], UNIT + 1);
    assert_int_equal(reframe.lag, 0);
}

static void test_overlap_is_left_out(void **state)
{
    (void)state;
    push_at(0, 4 * UNIT);
    push_at(UNIT, UNIT); // heard before
    push_at(4 * UNIT - 500, UNIT);
    push_at(5 * UNIT - 500, 2 * UNIT);
    for (size_t i = 1; i < frames; i++)
        assert_int_equal(times[i] - times[i - 1], RTSP_REFRAME_LEN);
    // In the fifth frame: the last 256 of the first stretch, then the third without its first 500.
    assert_int_equal(heard[4][255], 4 * UNIT);
    assert_int_equal(heard[4][256], 5 * UNIT + 501);
}

static void test_sessions(void **state)
{
    int64_t end;

    (void)state;
    push_at(0, 3 * UNIT);
    end = times[frames - 1] + RTSP_REFRAME_LEN;
    rtsp_reframe_begin(&reframe, 2); // what was left of the first one is gone
    push_at(end - 50, UNIT);
    assert_int_equal(times[frames - 1], end);
    assert_int_equal(heard[frames - 1][0], 3 * UNIT + 51);
    rtsp_reframe_begin(&reframe, 1);
    push_at(1000000, UNIT);
    assert_int_equal(times[frames - 1], 1000000);
}

// Any times at all: those of frames go on, and nothing is written where it must not be.
static void test_any_times(void **state)
{
    uint32_t seed = 7;
    int64_t media = 0;

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        seed = seed * 1664525 + 1013904223;
        media += (int64_t)(seed >> 16) % 6000 - 1500;
        if (seed % 7 == 0)
            rtsp_reframe_break(&reframe);
        if (frames > 4000)
            frames = 0;
        if (seed % 3)
            rtsp_reframe_at(&reframe, media);
        push(1 + seed % 2048);
    }
    for (size_t i = 1; i < frames; i++)
        assert_true(times[i] - times[i - 1] >= RTSP_REFRAME_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_follow_each_other, setup),
        cmocka_unit_test_setup(test_stereo, setup),
        cmocka_unit_test_setup(test_jitter_is_nothing, setup),
        cmocka_unit_test_setup(test_drift, setup),
        cmocka_unit_test_setup(test_hole, setup),
        cmocka_unit_test_setup(test_small_hole_after_a_break, setup),
        cmocka_unit_test_setup(test_overlap_is_left_out, setup),
        cmocka_unit_test_setup(test_sessions, setup),
        cmocka_unit_test_setup(test_any_times, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
