// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdlib.h>
#include <cmocka.h>

#include "rtsp/clock.h"

#define MS      ((int64_t)1000000)
#define SECOND  (1000 * MS)
#define REAL_NS (1700000000 * SECOND) // what CLOCK_REALTIME is ahead of CLOCK_MONOTONIC
#define FRAME   3000                  // 30 fps at 90 kHz

// One track and the time, with what has to hold after every frame.
struct fixture {
    struct rtsp_clock clock;
    int64_t mono_ns;
    int64_t real_ns; // ahead of mono_ns
    uint32_t timestamp;
    int64_t media, capture_ns;
    int64_t last_media, last_capture_mono;
};

static void begin(struct fixture *f, uint32_t first)
{
    *f = (struct fixture){.mono_ns = 5000 * SECOND,
                          .real_ns = REAL_NS,
                          .timestamp = first,
                          .last_media = INT64_MIN,
                          .last_capture_mono = INT64_MIN};
    rtsp_clock_init(&f->clock);
    rtsp_clock_begin(&f->clock, 90000, 45000);
}

static void map(struct fixture *f)
{
    struct rtsp_now now = {f->mono_ns, f->mono_ns + f->real_ns};

    rtsp_clock_map(&f->clock, f->timestamp, now, &f->media, &f->capture_ns);
    assert_true(f->media > f->last_media);
    assert_true(f->capture_ns - f->real_ns >= f->last_capture_mono);
    f->last_media = f->media;
    f->last_capture_mono = f->capture_ns - f->real_ns;
}

// One frame further, arriving after wait_ns.
static void step(struct fixture *f, uint32_t ticks, int64_t wait_ns)
{
    f->timestamp += ticks;
    f->mono_ns += wait_ns;
    map(f);
}

static void run(struct fixture *f, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        step(f, FRAME, SECOND / 30);
}

static void assert_near(int64_t a, int64_t b, int64_t within)
{
    if (llabs(a - b) > within)
        fail_msg("%lld is not within %lld of %lld", (long long)a, (long long)within, (long long)b);
}

static void test_steady(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 123456);
    map(&f);
    int64_t first = f.media;
    for (int64_t i = 1; i <= 1000; i++) {
        step(&f, FRAME, SECOND / 30);
        assert_true(f.media == first + i * FRAME);
        assert_near(f.capture_ns, f.mono_ns + REAL_NS, MS);
    }
    assert_int_equal(f.clock.jumps, 0);
}

static void test_wraps(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0u - 10 * FRAME - 7);
    map(&f);
    int64_t first = f.media;
    run(&f, 30);
    assert_true(f.media == first + 30ll * FRAME);
    // Three times around, in frames of 10 s.
    for (int i = 0; i < 15000; i++)
        step(&f, 900000, 10 * SECOND);
    assert_true(f.media == first + 30ll * FRAME + 15000ll * 900000);
    assert_int_equal(f.clock.jumps, 0);
}

// Timestamps that leap: media time goes on with the time that has passed.
static void jump_by(uint32_t ticks)
{
    struct fixture f;

    begin(&f, 777);
    map(&f);
    run(&f, 100);
    int64_t before = f.media;
    step(&f, ticks, SECOND / 30);
    assert_near(f.media, before + FRAME, 100);
    assert_int_equal(f.clock.jumps, 1);
    before = f.media;
    run(&f, 100);
    assert_near(f.media, before + 100ll * FRAME, 100);
    assert_int_equal(f.clock.jumps, 1);
}

static void test_jumps(void **state)
{
    (void)state;
    jump_by(2 * 90000);          // ahead
    jump_by(3600u * 90000);      // an hour ahead
    jump_by(0u - 3600u * 90000); // an hour back
    jump_by(0u - 60000);         // back by more than frames are reordered
    jump_by(0u - 9 * FRAME);     // back by less, but behind more than one frame
    jump_by(0u - 2 * FRAME);
    jump_by(0x80000000);             // neither
    jump_by(0u - 777 - 100 * FRAME); // a reset to 0
}

static void test_camera_pauses(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 5);
    map(&f);
    int64_t first = f.media;
    step(&f, 20 * 90000, 20 * SECOND); // its clock ran on
    assert_true(f.media == first + 20 * 90000);
    assert_int_equal(f.clock.jumps, 0);
    step(&f, FRAME, 20 * SECOND); // its clock stood still: a frame is a frame
    assert_true(f.media == first + 20 * 90000 + FRAME);
}

// A stall of 3 s on the way, then all at once: the timestamps are right, the arrival is not.
static void test_stall(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    map(&f);
    int64_t first = f.media;
    run(&f, 30);
    step(&f, FRAME, 3 * SECOND);
    for (int i = 0; i < 89; i++)
        step(&f, FRAME, 0);
    assert_true(f.media == first + 120ll * FRAME);
    assert_near(f.capture_ns, f.mono_ns + REAL_NS, 50 * MS);
    assert_int_equal(f.clock.jumps, 0);
}

static void test_starts_with_a_burst(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    map(&f);
    int64_t first = f.media;
    for (int i = 0; i < 120; i++)
        step(&f, FRAME, 0);
    assert_true(f.media == first + 120ll * FRAME);
    assert_int_equal(f.clock.jumps, 0);
}

// Media time cannot be made to race, whatever the camera sends.
static void test_hostile_timestamps(void **state)
{
    struct fixture f;
    uint32_t x = 1;

    (void)state;
    begin(&f, 0);
    map(&f);
    int64_t first = f.media;
    int64_t start = f.mono_ns;
    for (int i = 0; i < 200000; i++) {
        x = x * 1664525 + 1013904223;
        step(&f, i & 1024 ? 90000 : x, x % 10000);
    }
    assert_true(f.media - first < (f.mono_ns - start) / (SECOND / 90000) + 11 * 90000 + 200000);
}

// Groups of frames that are sent in this order, the last one to be shown first.
static void reorder(const unsigned *order, unsigned count)
{
    struct fixture f;

    begin(&f, 0);
    map(&f);
    int64_t first = f.media;
    for (unsigned group = 0; group < 100; group++) {
        for (unsigned i = 0; i < count; i++) {
            f.timestamp = (group * count + order[i]) * FRAME;
            f.mono_ns += SECOND / 30;
            map(&f);
            if (i == 0)
                assert_true(f.media == first + (int64_t)(group + 1) * count * FRAME);
        }
    }
    assert_int_equal(f.clock.jumps, 0);
}

static void test_b_frames(void **state)
{
    static const unsigned flat[] = {3, 1, 2};
    static const unsigned pyramid[] = {8, 4, 2, 1, 3, 6, 5, 7};

    (void)state;
    reorder(flat, 3);
    reorder(pyramid, 8);
}

// Another clock carries the stream on for 5 s, and this one goes on from there.
static void test_another_carries_on(void **state)
{
    struct fixture f, other;
    int64_t before;

    (void)state;
    begin(&f, 1000);
    run(&f, 30);
    other = f;
    rtsp_clock_begin(&other.clock, 90000, 0);
    other.timestamp = 0x80000000;
    run(&other, 150);
    assert_in_range(other.media - f.media, 150 * FRAME - 90, 150 * FRAME + 90);
    rtsp_clock_pass(&f.clock, &other.clock);
    f.mono_ns = other.mono_ns;
    f.last_media = before = other.media;
    f.last_capture_mono = other.last_capture_mono;
    rtsp_clock_begin(&f.clock, 90000, 45000);
    f.timestamp = 77;
    step(&f, FRAME, SECOND / 30);
    assert_in_range(f.media - before, FRAME - 90, FRAME + 90);

    // One that has never run takes over all.
    begin(&f, 1);
    f.mono_ns = other.mono_ns;
    rtsp_clock_pass(&f.clock, &other.clock);
    f.last_media = before = other.media;
    step(&f, FRAME, SECOND / 30);
    assert_in_range(f.media - before, FRAME - 90, FRAME + 90);
}

static void test_equal_timestamps_stay_apart(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    map(&f);
    step(&f, 0, 0);
    step(&f, 0, MS);
    assert_int_equal(f.media, 2);
    step(&f, FRAME, 33 * MS);
    assert_int_equal(f.media, FRAME);
    step(&f, 0, 2 * SECOND); // held up on the way
    assert_int_equal(f.media, FRAME + 1);
    assert_int_equal(f.clock.jumps, 0);
}

// A camera that never moves its timestamps: frames are as far apart as their arrivals.
static void test_timestamps_stand_still(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    map(&f);
    for (int i = 0; i < 8; i++)
        step(&f, 0, SECOND / 30);
    for (int i = 9; i < 300; i++) {
        assert_near(f.media, (i - 1) * FRAME, FRAME / 30);
        step(&f, 0, SECOND / 30);
    }
    assert_int_equal(f.clock.jumps, 1);
    // They move again.
    step(&f, FRAME, SECOND / 30);
    assert_near(f.media, 300 * FRAME, FRAME / 30);
}

static void test_new_session_goes_on_with_the_wall(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 4000000000u);
    map(&f);
    run(&f, 300);
    int64_t before = f.media;
    rtsp_clock_begin(&f.clock, 90000, 45000);
    f.timestamp = 17;
    f.mono_ns += 5 * SECOND;
    map(&f);
    assert_near(f.media, before + 5 * 90000, 900);
    assert_int_equal(f.clock.jumps, 0);
    before = f.media;
    run(&f, 10);
    assert_true(f.media == before + 10ll * FRAME);
}

static void test_new_session_with_another_rate(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    map(&f);
    run(&f, 300);
    int64_t before = f.media;
    rtsp_clock_begin(&f.clock, 8000, 0);
    step(&f, 0, 2 * SECOND);
    assert_near(f.media, before + 2 * 8000, 100);
    before = f.media;
    for (int i = 0; i < 50; i++)
        step(&f, 160, 20 * MS);
    assert_true(f.media == before + 50 * 160);
    rtsp_clock_begin(&f.clock, 48000, 0);
    step(&f, 0, 2 * SECOND);
    assert_true(f.media > before);
}

// The camera's clock is 100 ppm fast or slow for two days.
static void drift(int64_t ppm)
{
    struct fixture f;
    int64_t start, first;

    begin(&f, 0);
    map(&f);
    start = f.mono_ns;
    first = f.media;
    for (int64_t i = 1; i <= 2 * 86400; i++)
        step(&f, 90000u, SECOND * 1000000 / (1000000 + ppm));
    assert_true(f.media == first + 2ll * 86400 * 90000);
    assert_int_equal(f.clock.jumps, 0);
    assert_near(f.capture_ns, f.mono_ns + REAL_NS, MS);
    assert_near((f.mono_ns - start) / SECOND, 2 * 86400, 20);
}

static void test_drift(void **state)
{
    (void)state;
    drift(100);
    drift(-100);
}

static void test_jitter_is_taken_out_of_capture(void **state)
{
    struct fixture f;
    uint32_t x = 5;

    (void)state;
    begin(&f, 0);
    map(&f);
    int64_t sent = f.mono_ns;
    for (int i = 0; i < 3000; i++) {
        sent += SECOND / 30;
        f.timestamp += FRAME;
        x = x * 1664525 + 1013904223;
        f.mono_ns = sent + x % (20 * MS); // late by up to 20 ms
        map(&f);
        if (i > 100)
            assert_near(f.capture_ns - REAL_NS, sent, 5 * MS);
    }
}

// NTP time of a camera whose clock is skew_ns off, at a moment of ours.
static uint64_t ntp_at(int64_t mono_ns, int64_t skew_ns)
{
    int64_t ns = mono_ns + REAL_NS + skew_ns;
    uint64_t seconds = (uint64_t)(ns / SECOND) + 2208988800u;

    return (seconds & 0xffffffff) << 32 | ((uint64_t)(ns % SECOND) << 32) / (uint64_t)SECOND;
}

static void report(struct fixture *f, int64_t captured_ns, int64_t skew_ns, int64_t *offset_ns)
{
    struct rtsp_sr sr = {.ntp = ntp_at(captured_ns, skew_ns), .rtp_timestamp = f->timestamp};

    rtsp_clock_report(&f->clock, &sr, offset_ns);
}

// Audio and video of one camera, the video 200 ms longer on its way, its clock way off.
static void lip_sync(int64_t skew_ns)
{
    struct fixture video, audio;
    int64_t offset = RTSP_CAMERA_OFFSET_UNKNOWN;

    begin(&video, 1000);
    begin(&audio, 99);
    rtsp_clock_begin(&audio.clock, 48000, 0);
    video.mono_ns += 200 * MS;
    map(&video);
    map(&audio);
    for (int second = 0; second < 60; second++) {
        for (int i = 0; i < 30; i++)
            step(&video, FRAME, SECOND / 30);
        for (int i = 0; i < 50; i++)
            step(&audio, 960, 20 * MS);
        if (second % 5 == 1)
            report(&video, video.mono_ns - 200 * MS, skew_ns, &offset);
        if (second % 5 == 2)
            report(&audio, audio.mono_ns, skew_ns, &offset);
        // Captured at the same moment, as the camera saw it.
        if (second > 5)
            assert_near(video.capture_ns, audio.capture_ns, 5 * MS);
        assert_near(audio.capture_ns, audio.mono_ns + REAL_NS, 250 * MS);
    }
}

static void test_lip_sync(void **state)
{
    (void)state;
    lip_sync(0);
    lip_sync(-3600 * SECOND);
    lip_sync(7 * 3600 * SECOND);
    lip_sync(-1699999999 * SECOND); // a camera that woke up in 1970
    lip_sync(400000000 * SECOND);   // and one beyond the NTP era of 2036
}

static void test_camera_clock_is_set_back_an_hour(void **state)
{
    struct fixture f;
    int64_t offset = RTSP_CAMERA_OFFSET_UNKNOWN;

    (void)state;
    begin(&f, 0);
    map(&f);
    run(&f, 30);
    report(&f, f.mono_ns, 0, &offset);
    run(&f, 30);
    report(&f, f.mono_ns, -3600 * SECOND, &offset);
    run(&f, 30);
    assert_near(f.capture_ns, f.mono_ns + REAL_NS, 5 * MS);
}

static void test_our_clock_is_set_back_an_hour(void **state)
{
    struct fixture f;
    int64_t offset = RTSP_CAMERA_OFFSET_UNKNOWN;

    (void)state;
    begin(&f, 0);
    map(&f);
    run(&f, 30);
    report(&f, f.mono_ns, 0, &offset);
    run(&f, 30);
    f.real_ns -= 3600 * SECOND;
    run(&f, 1);
    assert_near(f.capture_ns, f.mono_ns + REAL_NS - 3600 * SECOND, 5 * MS);
}

// NTP seconds start at 0 again in 2036; no one's clock jumps then.
static void test_ntp_era_ends(void **state)
{
    struct fixture f;
    int64_t offset = RTSP_CAMERA_OFFSET_UNKNOWN;

    (void)state;
    begin(&f, 0);
    map(&f);
    int64_t skew = (2085978496 - 5000) * SECOND - REAL_NS - 500 * MS;
    assert_true(ntp_at(f.mono_ns, skew) >> 32 == 0xffffffff);
    report(&f, f.mono_ns, skew, &offset);
    int64_t before = offset;
    run(&f, 30);
    assert_true(ntp_at(f.mono_ns, skew) >> 32 == 0);
    report(&f, f.mono_ns, skew, &offset);
    assert_near(offset, before, MS);
}

static void test_useless_reports(void **state)
{
    struct fixture f;
    int64_t offset = RTSP_CAMERA_OFFSET_UNKNOWN;

    (void)state;
    begin(&f, 0);
    report(&f, f.mono_ns, 0, &offset); // before any frame
    assert_int_equal(offset, RTSP_CAMERA_OFFSET_UNKNOWN);
    map(&f);
    rtsp_clock_report(&f.clock, &(struct rtsp_sr){.ntp = 0}, &offset);
    assert_int_equal(offset, RTSP_CAMERA_OFFSET_UNKNOWN);
    // Timestamps that are not those of the stream: capture stays where arrival has it.
    for (uint32_t i = 1; i < 50; i++) {
        struct rtsp_sr sr = {.ntp = ntp_at(f.mono_ns, 0), .rtp_timestamp = i * 0x12345678};

        rtsp_clock_report(&f.clock, &sr, &offset);
        run(&f, 30);
        assert_near(f.capture_ns, f.mono_ns + REAL_NS, 2100 * MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_camera_pauses),
        cmocka_unit_test(test_stall),
        cmocka_unit_test(test_starts_with_a_burst),
        cmocka_unit_test(test_hostile_timestamps),
        cmocka_unit_test(test_b_frames),
        cmocka_unit_test(test_another_carries_on),
        cmocka_unit_test(test_equal_timestamps_stay_apart),
        cmocka_unit_test(test_timestamps_stand_still),
        cmocka_unit_test(test_new_session_goes_on_with_the_wall),
        cmocka_unit_test(test_new_session_with_another_rate),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_jitter_is_taken_out_of_capture),
        cmocka_unit_test(test_lip_sync),
        cmocka_unit_test(test_camera_clock_is_set_back_an_hour),
        cmocka_unit_test(test_our_clock_is_set_back_an_hour),
        cmocka_unit_test(test_ntp_era_ends),
        cmocka_unit_test(test_useless_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
