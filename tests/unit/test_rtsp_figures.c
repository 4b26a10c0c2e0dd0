// SPDX-License-Identifier: Apache-2.0
//
// Figures of a track that is made up here: 25 frames per second of 90 kHz, whose packets come when
// each test wants them to.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtsp/figures.h"

enum {
    RATE = 90000,
    FPS = 25,
    TICKS = RATE / FPS,
    FRAME_BYTES = 1000, // in two packets
};

static const int64_t SECOND_NS = 1000000000;

struct camera {
    struct rtsp_figures figures;
    struct rtsp_clock clock;
    struct rtsp_track_figures seen;
    int64_t frame;      // the next one
    int64_t ns;         // when it is due, by our clock
    int64_t frame_ns;   // from one to the next
    uint32_t timestamp; // its own
};

static void begin(struct camera *c)
{
    *c = (struct camera){.ns = SECOND_NS, .frame_ns = SECOND_NS / FPS};
    rtsp_figures_begin(&c->figures, RATE);
    rtsp_clock_init(&c->clock);
    rtsp_clock_begin(&c->clock, RATE, 0);
}

// late_ns: how much later than it is due every second frame comes.
static void run(struct camera *c, unsigned seconds, int64_t late_ns)
{
    int64_t media_time, capture_ns;

    for (unsigned i = 0; i < seconds * FPS; i++) {
        struct rtsp_now now = {.mono_ns = c->ns + (c->frame % 2 ? late_ns : 0)};

        rtsp_figures_packet(&c->figures, c->timestamp, FRAME_BYTES / 2, now);
        rtsp_clock_map(&c->clock, c->timestamp, now, &media_time, &capture_ns);
        rtsp_figures_packet(&c->figures, c->timestamp, FRAME_BYTES / 2, now);
        rtsp_figures_frame(&c->figures, c->frame % (2 * FPS) == 0, media_time);
        c->frame++;
        c->timestamp += TICKS;
        c->ns += c->frame_ns;
        rtsp_figures_read(&c->figures, &c->clock, now, &c->seen);
    }
}

static void near(double is, double wanted, double by)
{
    if (is < wanted - by || is > wanted + by)
        fail_msg("%g is not within %g of %g", is, by, wanted);
}

static void test_rates(void **state)
{
    struct camera c;

    (void)state;
    begin(&c);
    run(&c, 10, 0);
    near(c.seen.frames_per_s, FPS, 0.1);
    near(c.seen.bits_per_s, FRAME_BYTES * 8 * FPS, 1000);
    near(c.seen.keyframe_interval_s, 2, 0.001);
    assert_true(c.seen.jitter_s == 0);
    // Five seconds after a camera has become slower only that is to be seen.
    c.frame_ns *= 2;
    run(&c, 4, 0);
    near(c.seen.frames_per_s, FPS / 2.0, 0.5);
}

static void test_nothing_stays_of_a_session(void **state)
{
    struct camera c;

    (void)state;
    begin(&c);
    run(&c, 10, 0);
    rtsp_figures_begin(&c.figures, RATE);
    rtsp_figures_read(&c.figures, &c.clock, (struct rtsp_now){.mono_ns = c.ns}, &c.seen);
    assert_true(c.seen.frames_per_s == 0 && c.seen.bits_per_s == 0);
    assert_true(c.seen.keyframe_interval_s == 0 && !c.seen.drift_known);
}

static void test_jitter(void **state)
{
    struct camera c;

    (void)state;
    begin(&c);
    run(&c, 10, SECOND_NS / 100);
    near(c.seen.jitter_s, 0.010, 0.0002); // each frame is 10 ms nearer or farther than the last
    // A jump of the timestamps is none.
    c.timestamp += 3600u * RATE;
    run(&c, 1, SECOND_NS / 100);
    near(c.seen.jitter_s, 0.010, 0.0002);
    c.ns += 100 * SECOND_NS;
    run(&c, 1, SECOND_NS / 100);
    near(c.seen.jitter_s, 0.010, 0.0002);
}

static void test_drift(void **state)
{
    static const int ppm[] = {200, -200, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
        struct camera c;

        begin(&c);
        c.frame_ns -= c.frame_ns * ppm[i] / 1000000; // a fast clock's frames come early
        run(&c, RTSP_FIGURES_SETTLE_S + RTSP_FIGURES_DRIFT_S - 1, 1000000);
        assert_false(c.seen.drift_known);
        run(&c, 60, 40000000); // every second one is late, which is no drift
        assert_true(c.seen.drift_known);
        near(c.seen.drift_ppm, ppm[i], 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_nothing_stays_of_a_session),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_drift),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
