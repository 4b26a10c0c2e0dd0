// SPDX-License-Identifier: Apache-2.0
//
// What comes of transport-wide feedback: paths with a bandwidth, a queue and loss, in memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/path.h"
#include "engine/rtcp.h"

enum {
    PACKET = 1250, // bytes: 10,000 bits
    FRAME_MS = 40,
    TRAIN = 10, // packets of a frame: 2.5 Mbit/s
    FEEDBACK_MS = 80,
    HISTORY = 256,
};

#define MS INT64_C(1000000)

// A path that takes a packet each packet_us, loses one in so many, and has a clock of its own.
struct line {
    struct eng_path path;
    int64_t now_ns;
    int64_t packet_us;
    unsigned lose_one_in; // 0: none
    int64_t clock_us;     // its clock less ours
    int64_t drift_ppm;
    int64_t free_us; // when the last packet is through
    uint16_t number, told;
    int64_t at_us[HISTORY];
};

static void init(struct line *line, int64_t packet_us)
{
    memset(line, 0, sizeof(*line));
    line->now_ns = INT64_C(3600000000000);
    line->packet_us = packet_us;
    line->clock_us = INT64_C(77777777777);
    line->path.next = line->number = line->told = 65000; // soon beyond the wrap
    srand(7);
}

static void send_frame(struct line *line)
{
    int64_t now_us = line->now_ns / 1000;

    eng_path_sent(&line->path, TRAIN, PACKET, line->now_ns);
    if (line->free_us < now_us)
        line->free_us = now_us;
    for (int i = 0; i < TRAIN; i++) {
        bool lost = line->lose_one_in > 0 && (unsigned)rand() % line->lose_one_in == 0;
        int64_t drift_us = now_us / 1000000 * line->drift_ppm;

        line->free_us += line->packet_us;
        line->at_us[line->number++ % HISTORY] =
            lost ? ENG_RTCP_LOST : line->free_us + line->clock_us + drift_us;
    }
}

static void tell(struct line *line)
{
    for (; line->told != line->number; line->told++)
        eng_path_arrival(&line->path, line->told, line->at_us[line->told % HISTORY]);
    eng_path_judge(&line->path, line->now_ns);
}

static void run(struct line *line, int seconds)
{
    for (int ms = 0; ms < seconds * 1000; ms += FRAME_MS) {
        line->now_ns += FRAME_MS * MS;
        send_frame(line);
        if (ms % FEEDBACK_MS == 0)
            tell(line);
    }
}

static void a_wide_path_shows_half_more_than_is_sent(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100); // 100 Mbit/s
    run(&line, 20);
    assert_in_range(line.path.estimate_bps, 3500000, 4000000);
    assert_in_range(line.path.queue_us, 0, 1000);
}

static void a_narrow_path_shows_what_comes_through(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100);
    run(&line, 5);
    line.packet_us = 5000; // 2 Mbit/s for 2.5
    run(&line, 3);
    assert_in_range(line.path.estimate_bps, 1700000, 2000000);
    assert_true(line.path.queue_us > 300000);
}

static void loss_shows_what_comes_through(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100);
    run(&line, 5);
    line.lose_one_in = 4;
    run(&line, 5);
    assert_in_range(line.path.estimate_bps, 1200000, 2100000);
}

// What is lost here and there by radio is no sign of a full path.
static void some_loss_holds_the_estimate(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100);
    line.lose_one_in = 25;
    run(&line, 20);
    assert_in_range(line.path.estimate_bps, 2200000, 4000000);
}

static void a_drifting_clock_is_no_queue(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100);
    line.drift_ppm = 200;
    run(&line, 100);
    assert_in_range(line.path.queue_us, 0, 10000);
    assert_in_range(line.path.estimate_bps, 3500000, 4000000);
}

// What a viewer makes up changes a figure and nothing else.
static void survives_any_feedback(void **state)
{
    struct line line;
    uint32_t received;

    (void)state;
    init(&line, 100);
    run(&line, 2);
    tell(&line);
    received = line.path.interval.received;
    eng_path_arrival(&line.path, line.path.next, 0); // not sent yet
    assert_int_equal(line.path.interval.received, received);
    for (int i = 0; i < 200000; i++) {
        int64_t at_us = (int64_t)rand() * 1000 - INT64_C(1000000000);

        eng_path_arrival(&line.path, (uint16_t)rand(), i % 3 ? at_us : ENG_RTCP_LOST);
        line.now_ns += i % 10 == 0 ? 60 * MS : 0;
        eng_path_judge(&line.path, line.now_ns);
    }
    // And an honest one is heard again.
    line.told = line.number;
    run(&line, 60);
    assert_in_range(line.path.estimate_bps, 3000000, 4000000);
}

static void nothing_was_sent(void **state)
{
    struct line line;

    (void)state;
    init(&line, 100);
    eng_path_arrival(&line.path, 64999, 0);
    assert_false(eng_path_judge(&line.path, line.now_ns));
    assert_int_equal(line.path.estimate_bps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_path_shows_half_more_than_is_sent),
        cmocka_unit_test(a_narrow_path_shows_what_comes_through),
        cmocka_unit_test(loss_shows_what_comes_through),
        cmocka_unit_test(some_loss_holds_the_estimate),
        cmocka_unit_test(a_drifting_clock_is_no_queue),
        cmocka_unit_test(survives_any_feedback),
        cmocka_unit_test(nothing_was_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
