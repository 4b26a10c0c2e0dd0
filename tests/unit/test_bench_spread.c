// SPDX-License-Identifier: Apache-2.0
//
// How streams and packets are spread over time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "bench/clip.h"
#include "bench/loop.h"
#include "bench/pace.h"
#include "bench/spread.h"

enum {
    STREAMS_MAX = 1000,
    FRAMES = 300,
    GOP = 60,
    FPS = 30,
    NS_PER_S = 1000000000,
    TENTHS = 10,
};

static struct bench_unit units[FRAMES];
static const struct bench_clip_track video = {
    .units = units,
    .unit_count = FRAMES,
    .clock_rate = 90000,
    .unit_ticks = 90000 / FPS,
    .loop_ticks = (uint64_t)FRAMES * 90000 / FPS,
};

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES; i += GOP)
        units[i].key = true;
    return 0;
}

// When the stream's next keyframe, or frame, comes after the moment at which stream 0 has its
// first.
static int64_t next_ns(unsigned i, bool key)
{
    int64_t offset_ns = bench_spread_ns(&video, i);
    int64_t k = bench_loop_at(&video, offset_ns);

    return bench_loop_due_ns(&video, key ? bench_loop_key(&video, k) : k) - offset_ns;
}

// Of the first n streams, no tenth of the interval has more than its share and a few.
static void check_even(unsigned n, bool key, int64_t interval_ns)
{
    unsigned in_tenth[TENTHS] = {0};

    for (unsigned i = 0; i < n; i++) {
        int64_t ns = next_ns(i, key);
        assert_true(ns >= 0 && ns <= interval_ns);
        in_tenth[ns == interval_ns ? 0 : ns * TENTHS / interval_ns]++;
    }
    for (unsigned tenth = 0; tenth < TENTHS; tenth++) {
        assert_true(in_tenth[tenth] <= n / TENTHS + n / 50 + 2);
        assert_true(in_tenth[tenth] + n / 50 + 2 >= n / TENTHS);
    }
}

static void test_any_number_is_spread_evenly(void **state)
{
    (void)state;

    for (unsigned n = 1; n <= STREAMS_MAX; n++) {
        check_even(n, false, NS_PER_S / FPS + 1);
        check_even(n, true, (int64_t)GOP * NS_PER_S / FPS + NS_PER_S / FPS);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

// The longest time without a keyframe of any stream is a few times what it would be at best.
static void test_keyframes_fill_the_gop(void **state)
{
    static const unsigned counts[] = {2, 4, 8, 16, 64};
    int64_t gop_ns = (int64_t)GOP * NS_PER_S / FPS;
    (void)state;

    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        int64_t at[64];
        unsigned n = counts[c];
        for (unsigned i = 0; i < n; i++)
            at[i] = next_ns(i, true);
        qsort(at, n, sizeof(at[0]), compare);
        int64_t longest = at[0] + gop_ns - at[n - 1];
        for (unsigned i = 1; i < n; i++)
            longest = at[i] - at[i - 1] > longest ? at[i] - at[i - 1] : longest;
        assert_true(longest <= gop_ns * 5 / 2 / n);
    }
}

// What bursts make of a frame: none is larger than a camera's port or an eighth of the frame
// allows, all of it leaves, and large frames in the time of two.
static void test_bursts(void **state)
{
    (void)state;

    assert_int_equal(bench_pace_burst(100), 16); // each 2 ms, of 1,400 bytes: 90 Mbit/s
    for (size_t packets = 0; packets < 2000; packets++) {
        size_t steps = 0, waiting = packets;
        while (waiting > 0) {
            size_t burst = bench_pace_burst(waiting);
            assert_true(burst > 0);
            assert_true(burst <= BENCH_PACE_BURST_MIN || burst <= waiting / 8 + 1);
            waiting -= burst < waiting ? burst : waiting;
            steps++;
        }
        assert_true(steps <= 32);
        if (packets <= 128)
            assert_int_equal(steps, (packets + BENCH_PACE_BURST_MIN - 1) / BENCH_PACE_BURST_MIN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_is_spread_evenly),
        cmocka_unit_test(test_keyframes_fill_the_gop),
        cmocka_unit_test(test_bursts),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
