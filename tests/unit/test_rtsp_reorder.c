// SPDX-License-Identifier: Apache-2.0
#include "rtsp/reorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtsp/rtp.h"

// What went on: the sequence numbers.
struct seen {
    uint16_t number[4096];
    size_t count;
};

struct fixture {
    struct rtsp_reorder reorder;
    struct seen seen;
    int64_t now_ms;
};

static void on_packet(void *ctx, const uint8_t *data, size_t len)
{
    struct seen *seen = ctx;
    uint16_t number = (uint16_t)(data[2] << 8 | data[3]);

    // Each packet is as long as it was, and holds what it held.
    assert_int_equal(len, 12u + number % 5u);
    for (size_t i = 12; i < len; i++)
        assert_int_equal(data[i], (uint8_t)(number + i));
    assert_true(seen->count < sizeof(seen->number) / sizeof(seen->number[0]));
    seen->number[seen->count++] = number;
}

static struct rtsp_reorder_sink sink_of(struct fixture *f)
{
    return (struct rtsp_reorder_sink){on_packet, &f->seen};
}

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    rtsp_reorder_init(&f.reorder);
    f.now_ms = 5000;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rtsp_reorder_restart(&f->reorder);
    return 0;
}

static void put(struct fixture *f, uint16_t number)
{
    const struct rtsp_reorder_sink sink = sink_of(f);
    uint8_t packet[32] = {0x80, 96, (uint8_t)(number >> 8), (uint8_t)number};
    size_t len = 12u + number % 5u;

    for (size_t i = 12; i < len; i++)
        packet[i] = (uint8_t)(number + i);
    rtsp_reorder_put(&f->reorder, packet, len, f->now_ms, &sink);
}

static void pass(struct fixture *f, int64_t ms)
{
    const struct rtsp_reorder_sink sink = sink_of(f);

    f->now_ms += ms;
    rtsp_reorder_tick(&f->reorder, f->now_ms, &sink);
}

// What went on since the last look: "1 2 3".
static void expect(struct fixture *f, const char *numbers)
{
    char text[4096] = "";
    size_t len = 0;

    for (size_t i = 0; i < f->seen.count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? " " : "",
                                f->seen.number[i]);
    assert_string_equal(text, numbers);
    f->seen.count = 0;
}

static void order_is_kept(void **state)
{
    struct fixture *f = *state;

    put(f, 65534);
    put(f, 65535);
    put(f, 0);
    put(f, 1);
    expect(f, "65534 65535 0 1");
    assert_int_equal(f->reorder.due_ms, INT64_MAX);
    assert_int_equal(f->reorder.reordered, 0);
}

static void order_is_made(void **state)
{
    struct fixture *f = *state;

    put(f, 65534);
    put(f, 1);
    put(f, 0);
    expect(f, "65534");
    assert_int_equal(f->reorder.due_ms, f->now_ms + RTSP_REORDER_MS);
    put(f, 1); // again
    put(f, 65535);
    expect(f, "65535 0 1");
    assert_int_equal(f->reorder.due_ms, INT64_MAX);
    assert_int_equal(f->reorder.reordered, 2);
    put(f, 2);
    expect(f, "2");
}

static void what_is_lost_is_waited_for_in_vain(void **state)
{
    struct fixture *f = *state;

    put(f, 10);
    put(f, 12);
    pass(f, RTSP_REORDER_MS / 2);
    put(f, 15);
    pass(f, RTSP_REORDER_MS / 2 - 1);
    expect(f, "10");
    pass(f, 1);
    expect(f, "12"); // its time is over, that of 15 is not
    pass(f, RTSP_REORDER_MS / 2);
    expect(f, "15");
    put(f, 16);
    expect(f, "16");
    // The late one goes on too: the track knows what to do with it.
    put(f, 11);
    put(f, 17);
    expect(f, "11 17");
}

// The oldest of those kept stands behind younger ones.
static void the_oldest_takes_those_before_it_along(void **state)
{
    struct fixture *f = *state;

    put(f, 10);
    put(f, 20);
    pass(f, 10);
    put(f, 15);
    put(f, 16);
    pass(f, RTSP_REORDER_MS - 10);
    expect(f, "10 15 16 20");
    assert_int_equal(f->reorder.due_ms, INT64_MAX);
}

static void no_more_is_kept_than_there_is_room_for(void **state)
{
    struct fixture *f = *state;

    put(f, 100);
    for (uint16_t n = 102; n < 101 + RTSP_REORDER_PACKETS; n++)
        put(f, n);
    expect(f, "100");
    assert_int_equal(f->reorder.count, RTSP_REORDER_PACKETS - 1);
    put(f, 101 + RTSP_REORDER_PACKETS);
    assert_int_equal(f->seen.count, RTSP_REORDER_PACKETS);
    assert_int_equal(f->seen.number[0], 102);
    assert_int_equal(f->reorder.count, 0);
}

static void a_long_gap_is_not_waited_for(void **state)
{
    struct fixture *f = *state;

    put(f, 100);
    put(f, 102);
    put(f, 100 + 2 * RTSP_REORDER_PACKETS);
    expect(f, "100 102 228");
    put(f, 229);
    expect(f, "229");
}

static void a_new_beginning(void **state)
{
    struct fixture *f = *state;

    put(f, 100);
    put(f, 102);
    put(f, 40000);
    put(f, 40001);
    expect(f, "100 102 40000 40001");
    put(f, 200); // far behind
    put(f, 201);
    expect(f, "200 201");
    rtsp_reorder_restart(&f->reorder);
    put(f, 7);
    expect(f, "7");
}

static void restart_forgets(void **state)
{
    struct fixture *f = *state;

    put(f, 100);
    put(f, 102);
    rtsp_reorder_restart(&f->reorder);
    assert_int_equal(f->reorder.due_ms, INT64_MAX);
    put(f, 101);
    put(f, 102);
    expect(f, "100 101 102");
}

static void count_up(void *ctx, const uint8_t *data, size_t len)
{
    (void)data;
    *(size_t *)ctx += len;
}

static void what_is_too_short_goes_on(void **state)
{
    struct fixture *f = *state;
    size_t bytes = 0;
    const struct rtsp_reorder_sink sink = {count_up, &bytes};

    for (size_t len = 0; len < 4; len++)
        rtsp_reorder_put(&f->reorder, (const uint8_t[4]){0}, len, f->now_ms, &sink);
    assert_int_equal(bytes, 0 + 1 + 2 + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(order_is_made, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_lost_is_waited_for_in_vain, setup, teardown),
        cmocka_unit_test_setup_teardown(the_oldest_takes_those_before_it_along, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_is_kept_than_there_is_room_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_gap_is_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(restart_forgets, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_short_goes_on, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
