// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/bytes.h"
#include "engine/rewrite.h"

enum {
    FRAME_TIME = 3000
};

static struct eng_ring_packet packet_at(uint64_t index)
{
    // Two packets a frame.
    return (struct eng_ring_packet){
        .index = index,
        .frame = 1 + index / 2,
        .media_time = (int64_t)(index / 2) * FRAME_TIME,
        .capture_ns = (int64_t)(index / 2) * 33333333,
        .len = 1000,
        .flags = index % 2 ? ENG_PACKET_MARKER : ENG_PACKET_FRAME_START,
    };
}

static uint64_t send_one(struct eng_rewrite *rw, uint64_t index, uint8_t header[ENG_RTP_HEADER_MAX])
{
    struct eng_ring_packet packet = packet_at(index);
    uint64_t seq = eng_rewrite_header(rw, &packet, 0, header);

    eng_rewrite_used(rw, &packet);
    return seq;
}

static void writes_the_header(void **state)
{
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];

    (void)state;
    eng_rewrite_init(&rw, 0x11223344, 102, 90000, UINT64_C(0x0000000500008123));
    eng_rewrite_start(&rw, 10);
    assert_int_equal(send_one(&rw, 10, header), 0x0123); // below 2^15
    assert_int_equal(header[0], 0x80);
    assert_int_equal(header[1], 102);
    assert_int_equal(eng_get16(header + 2), 0x0123);
    assert_int_equal(eng_get32(header + 4), 5 * FRAME_TIME + 5);
    assert_int_equal(eng_get32(header + 8), 0x11223344);
    send_one(&rw, 11, header);
    assert_int_equal(header[1], 0x80 | 102);
    assert_int_equal(rw.packets, 2);
    assert_int_equal(rw.octets, 2000);
}

static void counts_on_over_runs_and_rollovers(void **state)
{
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];
    uint64_t expected = 0x7ffe;

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, expected);
    for (uint64_t run = 0; run < 100; run++) {
        // Each run begins further back than the last ended, like a restart at a cached keyframe.
        uint64_t start = 1000000 - run * 1000;

        eng_rewrite_start(&rw, start);
        for (uint64_t i = 0; i < 1500; i++, expected++)
            assert_int_equal(send_one(&rw, start + i, header), expected);
    }
    assert_true(expected > 0x20000);
}

static void squeezes_a_backlog_in_front_of_live(void **state)
{
    struct eng_ring_packet first = packet_at(0), newest = packet_at(119);
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];
    uint32_t last = 0;

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, 0);
    eng_rewrite_start(&rw, 0);
    eng_rewrite_squeeze(&rw, &first, &newest, 0);
    for (uint64_t i = 0; i < 140; i++) {
        struct eng_ring_packet packet = packet_at(i);
        uint32_t ts;

        send_one(&rw, i, header);
        ts = eng_get32(header + 4);
        if (i > 0 && i % 2 == 0)
            assert_true((int32_t)(ts - last) > 0);
        if (i % 2 == 1)
            assert_int_equal(ts, last); // one timestamp per frame
        if (i >= 120)
            assert_int_equal(ts, packet.media_time); // live is not shifted
        last = ts;
    }
}

// A viewer that was on live and restarts in the same GOP sees time go forward only.
static void never_goes_back_in_time(void **state)
{
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];
    uint32_t last;

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, 0);
    eng_rewrite_start(&rw, 0);
    for (uint64_t i = 0; i < 100; i++)
        send_one(&rw, i, header);
    last = eng_get32(header + 4);
    for (uint64_t newest_index = 99; newest_index < 180; newest_index += 40) {
        struct eng_ring_packet first = packet_at(0), newest = packet_at(newest_index);

        eng_rewrite_start(&rw, 0);
        eng_rewrite_squeeze(&rw, &first, &newest, 0);
        for (uint64_t i = 0; i < newest_index + 3; i++) {
            send_one(&rw, i, header);
            assert_true((int32_t)(eng_get32(header + 4) - last) >= 0);
            last = eng_get32(header + 4);
        }
    }
}

// A backlog that is sent again 3 s after its newest frame carries the time of then.
static void keeps_the_clock_running_over_a_pause(void **state)
{
    struct eng_ring_packet first = packet_at(0), newest = packet_at(59), next = packet_at(60);
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];

    (void)state;
    next.media_time += 3 * 90000 - FRAME_TIME; // the camera is back
    eng_rewrite_init(&rw, 1, 96, 90000, 0);
    eng_rewrite_start(&rw, 0);
    eng_rewrite_squeeze(&rw, &first, &newest, INT64_C(3000000000));
    for (uint64_t i = 0; i < 60; i++) {
        send_one(&rw, i, header);
        assert_in_range(eng_get32(header + 4), newest.media_time + 3 * 90000 - 2 * FRAME_TIME,
                        next.media_time);
    }
    eng_rewrite_header(&rw, &next, 0, header);
    assert_int_equal(eng_get32(header + 4), next.media_time);
}

static void finds_what_a_nack_means(void **state)
{
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];
    uint64_t index;

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, 0x7fff);
    eng_rewrite_start(&rw, 5000);
    assert_false(eng_rewrite_find(&rw, 0x7fff, &index)); // nothing sent yet
    for (uint64_t i = 5000; i < 45000; i++)
        send_one(&rw, i, header);
    assert_true(eng_rewrite_find(&rw, 0x7fff, &index));
    assert_int_equal(index, 5000);
    assert_true(eng_rewrite_find(&rw, (uint16_t)(0x7fff + 39999), &index));
    assert_int_equal(index, 44999);
    assert_false(eng_rewrite_find(&rw, 0x7ffe, &index));
    assert_false(eng_rewrite_find(&rw, (uint16_t)(0x7fff + 40000), &index));

    eng_rewrite_start(&rw, 44000);
    assert_false(eng_rewrite_find(&rw, (uint16_t)(0x7fff + 39999), &index));
    send_one(&rw, 44000, header);
    assert_true(eng_rewrite_find(&rw, (uint16_t)(0x7fff + 40000), &index));
    assert_int_equal(index, 44000);
    // Of the run before: those packets had other sequence numbers.
    assert_false(eng_rewrite_find(&rw, (uint16_t)(0x7fff + 39999), &index));
}

static void tells_the_time_for_reports(void **state)
{
    struct eng_rewrite rw;
    uint8_t header[ENG_RTP_HEADER_MAX];

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, 0);
    eng_rewrite_start(&rw, 0);
    send_one(&rw, 60, header); // media time 90000, captured at 999999990 ns
    assert_int_equal(eng_rewrite_timestamp_at(&rw, 999999990), 90000);
    assert_int_equal(eng_rewrite_timestamp_at(&rw, 999999990 + INT64_C(500000000)), 135000);
    assert_int_equal(eng_rewrite_timestamp_at(&rw, 999999990 + INT64_C(86400000000000)),
                     (uint32_t)(90000 + INT64_C(86400) * 90000));
}

static void turns_a_packet_into_its_retransmission(void **state)
{
    struct eng_rewrite rw;
    struct eng_rtx rtx;
    uint8_t header[ENG_RTP_HEADER_MAX], original[ENG_RTP_HEADER_MAX], osn[2];

    (void)state;
    eng_rewrite_init(&rw, 1, 96, 90000, UINT64_C(0x1234567800000042));
    eng_rewrite_start(&rw, 0);
    eng_rtx_init(&rtx, 0x55667788, 97, UINT64_C(0xfffffffffffffffe));
    for (uint64_t i = 0; i < 0x20000; i++) {
        uint64_t sent = send_one(&rw, i, header);

        memcpy(original, header, ENG_RTP_HEADER_LEN);
        assert_int_equal(eng_rtx_header(&rtx, header, osn), 0x7ffe + i); // below 2^15, goes on
        assert_int_equal(eng_get16(header + 2), (uint16_t)(0x7ffe + i));
        assert_int_equal(eng_get16(osn), (uint16_t)sent);
        assert_int_equal(header[1], (i % 2 ? 0x80 : 0) | 97); // the marker stays
        assert_int_equal(eng_get32(header + 8), 0x55667788);
        assert_memory_equal(header + 4, original + 4, 4); // so does the timestamp
        assert_int_equal(header[0], original[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_header),
        cmocka_unit_test(counts_on_over_runs_and_rollovers),
        cmocka_unit_test(squeezes_a_backlog_in_front_of_live),
        cmocka_unit_test(never_goes_back_in_time),
        cmocka_unit_test(keeps_the_clock_running_over_a_pause),
        cmocka_unit_test(finds_what_a_nack_means),
        cmocka_unit_test(tells_the_time_for_reports),
        cmocka_unit_test(turns_a_packet_into_its_retransmission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
