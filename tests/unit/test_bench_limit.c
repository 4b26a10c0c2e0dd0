// SPDX-License-Identifier: Apache-2.0
//
// What bench/limit builds on: the traffic that it says it publishes, its medians, processes whose
// results come back, and lists of numbers on its command line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bench/limit_floor.h"
#include "bench/limit_process.h"
#include "bench/limit_publisher.h"
#include "bench/option.h"

struct numbers {
    unsigned count, number[4];
};

static void test_median(void **state)
{
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 100};

    (void)state;
    assert_true(limit_median(odd, 3) == 5);
    assert_true(limit_median(even, 4) == 3.5);
}

static uint64_t published(const struct limit_publisher *p, unsigned stream, uint64_t *bytes)
{
    uint64_t packets;

    eng_stream_published(p->streams[stream], ENG_VIDEO, &packets, bytes);
    return packets;
}

static void test_traffic_is_what_it_says(void **state)
{
    static struct limit_publisher p = {.stream_count = 2};
    struct eng_config config = {.video_bytes = 1 << 20, .train_max = 16};
    struct eng_engine *engine;
    uint64_t first, gop, before, bytes;
    const char *what;

    (void)state;
    config.listen.in4.sin_family = AF_INET;
    config.listen.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(eng_engine_create(&config, &engine, &what), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(eng_stream_create(engine, &p.streams[i]), 0);

    limit_publisher_fill(&p, 1);
    first = published(&p, 1, &before);
    assert_int_equal(first, LIMIT_KEYFRAME_PACKETS);

    // Any GOP's length has one keyframe, each stream's at another frame, and makes 2 Mbit/s.
    limit_publisher_fill(&p, LIMIT_GOP_FRAMES / 2 - 1);
    assert_int_equal(published(&p, 1, &bytes) - first, 29 * LIMIT_FRAME_PACKETS);
    limit_publisher_fill(&p, LIMIT_GOP_FRAMES / 2 + 1);
    gop = published(&p, 1, &bytes) - first;
    assert_int_equal(gop, 59 * LIMIT_FRAME_PACKETS + LIMIT_KEYFRAME_PACKETS);
    assert_in_range((bytes - before) * 8 / 2, 2000000, 2100000);
    assert_int_equal(published(&p, 0, &bytes), published(&p, 1, &bytes));
    assert_true(limit_publisher_time(&p, 1, 60 * LIMIT_CLOCK_RATE / LIMIT_FPS) > 0);
    assert_int_equal(limit_publisher_time(&p, 1, 61 * LIMIT_CLOCK_RATE / LIMIT_FPS), 0);
    eng_engine_destroy(engine);
}

static void answer(const void *arg, void *result)
{
    if (!arg)
        _exit(1);
    memcpy(result, arg, sizeof(int));
}

static void test_results_come_back(void **state)
{
    int in = 42, out = 0;

    (void)state;
    assert_int_equal(limit_process_apart(answer, &in, &out, sizeof(out)), 0);
    assert_int_equal(out, 42);
    assert_int_equal(limit_process_apart(answer, NULL, &out, sizeof(out)), -EIO);
}

static void parse_numbers(const void *arg, void *result)
{
    struct numbers *out = result;

    out->count = bench_option_numbers("test", arg, 1, 64, out->number, 4);
}

static void test_lists_of_numbers(void **state)
{
    static const char *const wrong[] = {"", "1,", ",1", "1,,2", "0", "65", "1;2", "1,2,3,4,5"};
    struct numbers out;

    (void)state;
    assert_int_equal(limit_process_apart(parse_numbers, "1,2,4,64", &out, sizeof(out)), 0);
    assert_int_equal(out.count, 4);
    assert_int_equal(out.number[0], 1);
    assert_int_equal(out.number[3], 64);
    assert_int_equal(limit_process_apart(parse_numbers, "8", &out, sizeof(out)), 0);
    assert_int_equal(out.count, 1);
    // It ends the program.
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(limit_process_apart(parse_numbers, wrong[i], &out, sizeof(out)), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_traffic_is_what_it_says),
        cmocka_unit_test(test_results_come_back),
        cmocka_unit_test(test_lists_of_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
