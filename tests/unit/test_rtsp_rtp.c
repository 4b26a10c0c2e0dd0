// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/rtp.h"

// Two CSRCs, an extension of one word, 3 bytes of payload, 2 of padding.
static const uint8_t FULL[] = {
    0xb2, 0xe0, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xaa, 0xbb, 0xcc, 0xdd, //
    0,    0,    0,    1,    0,    0,    0,    2,                            //
    0xbe, 0xde, 0,    1,    0x10, 0xff, 0,    0,                            //
    'a',  'b',  'c',  0,    2,
};

static void test_parse_all_parts(void **state)
{
    struct rtsp_rtp rtp;

    (void)state;
    assert_int_equal(rtsp_rtp_parse(FULL, sizeof(FULL), &rtp), 0);
    assert_true(rtp.marker);
    assert_int_equal(rtp.payload_type, 96);
    assert_int_equal(rtp.sequence, 0x1234);
    assert_int_equal(rtp.timestamp, 0x01020304);
    assert_int_equal(rtp.ssrc, 0xaabbccdd);
    assert_int_equal(rtp.payload_len, 3);
    assert_memory_equal(rtp.payload, "abc", 3);
}

static void test_parse_truncated_at_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(FULL); len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct rtsp_rtp rtp;

        memcpy(copy, FULL, len);
        // Cut short, the last byte is read as the padding's length: only one above 0 that fits
        // what is left of the payload can pass.
        if (rtsp_rtp_parse(copy, len, &rtp) == 0)
            assert_true(copy[len - 1] > 0 && rtp.payload + rtp.payload_len <= copy + len);
        free(copy);
    }
}

static void test_parse_refuses(void **state)
{
    uint8_t packet[13] = {0x80, 96};
    struct rtsp_rtp rtp;

    (void)state;
    assert_int_equal(rtsp_rtp_parse(packet, 12, &rtp), 0);
    assert_int_equal(rtp.payload_len, 0);
    packet[0] = 0x40; // version 1
    assert_int_equal(rtsp_rtp_parse(packet, 12, &rtp), -EBADMSG);
    packet[0] = 0xa0; // padding, and no byte to hold its length
    assert_int_equal(rtsp_rtp_parse(packet, 12, &rtp), -EBADMSG);
    packet[12] = 2; // more padding than there are bytes
    assert_int_equal(rtsp_rtp_parse(packet, 13, &rtp), -EBADMSG);
    packet[12] = 1;
    assert_int_equal(rtsp_rtp_parse(packet, 13, &rtp), 0);
    packet[0] = 0x8f; // 15 CSRCs
    assert_int_equal(rtsp_rtp_parse(packet, 12, &rtp), -EBADMSG);
}

static void test_sequence_in_order_and_over_the_wrap(void **state)
{
    struct rtsp_sequence s = {0};

    (void)state;
    for (unsigned i = 0; i < 70000; i++)
        assert_int_equal(rtsp_sequence_take(&s, (uint16_t)(65000 + i)), RTSP_SEQUENCE_NEXT);
    assert_int_equal(s.lost + s.late + s.duplicates + s.jumps, 0);
    assert_int_equal(rtsp_sequence_highest(&s), 65000 + 69999);
    rtsp_sequence_take(&s, 5); // a jump: it counts anew
    assert_int_equal(rtsp_sequence_highest(&s), 5);
}

static void test_sequence_gaps(void **state)
{
    struct rtsp_sequence s = {0};

    (void)state;
    rtsp_sequence_take(&s, 65534);
    assert_int_equal(rtsp_sequence_take(&s, 1), RTSP_SEQUENCE_GAP); // 65535 and 0
    assert_int_equal(s.lost, 2);
    assert_int_equal(rtsp_sequence_take(&s, 2), RTSP_SEQUENCE_NEXT);
    assert_int_equal(rtsp_sequence_take(&s, 2 + RTSP_SEQUENCE_DROPOUT_MAX), RTSP_SEQUENCE_GAP);
    assert_int_equal(s.lost, 2 + RTSP_SEQUENCE_DROPOUT_MAX - 1);
    assert_int_equal(s.jumps, 0);
}

static void test_sequence_late_and_duplicate(void **state)
{
    struct rtsp_sequence s = {0};

    (void)state;
    rtsp_sequence_take(&s, 10);
    rtsp_sequence_take(&s, 13);
    assert_int_equal(rtsp_sequence_take(&s, 13), RTSP_SEQUENCE_STALE);
    assert_int_equal(rtsp_sequence_take(&s, 10), RTSP_SEQUENCE_STALE);
    assert_int_equal(s.duplicates, 2);
    assert_int_equal(rtsp_sequence_take(&s, 12), RTSP_SEQUENCE_STALE);
    assert_int_equal(s.late, 1);
    assert_int_equal(rtsp_sequence_take(&s, 12), RTSP_SEQUENCE_STALE);
    assert_int_equal(s.duplicates, 3);
    assert_int_equal(rtsp_sequence_take(&s, 14), RTSP_SEQUENCE_NEXT);
}

static void test_sequence_jumps(void **state)
{
    struct rtsp_sequence s = {0};

    (void)state;
    rtsp_sequence_take(&s, 1000);
    assert_int_equal(rtsp_sequence_take(&s, 30000), RTSP_SEQUENCE_JUMP);
    assert_int_equal(rtsp_sequence_take(&s, 30001), RTSP_SEQUENCE_NEXT);
    assert_int_equal(rtsp_sequence_take(&s, 5), RTSP_SEQUENCE_JUMP);
    assert_int_equal(s.jumps, 2);
    assert_int_equal(s.lost, 0);
}

static void test_sequence_set_back_a_little(void **state)
{
    struct rtsp_sequence s = {0};
    enum rtsp_sequence_step step = RTSP_SEQUENCE_NEXT;

    (void)state;
    for (uint16_t i = 0; i < 50; i++)
        rtsp_sequence_take(&s, i);
    for (uint16_t i = 0; i < RTSP_SEQUENCE_LATE_RUN; i++) {
        assert_int_not_equal(step, RTSP_SEQUENCE_JUMP);
        step = rtsp_sequence_take(&s, i);
    }
    assert_int_equal(step, RTSP_SEQUENCE_JUMP);
    assert_int_equal(rtsp_sequence_take(&s, RTSP_SEQUENCE_LATE_RUN), RTSP_SEQUENCE_NEXT);
}

static void test_sequence_restart(void **state)
{
    struct rtsp_sequence s = {0};

    (void)state;
    rtsp_sequence_take(&s, 1);
    rtsp_sequence_take(&s, 3);
    rtsp_sequence_restart(&s);
    assert_int_equal(rtsp_sequence_take(&s, 40000), RTSP_SEQUENCE_NEXT);
    assert_int_equal(s.lost, 1);
}

// An SDES (empty), then an SR without report blocks.
static const uint8_t COMPOUND[] = {
    0x80, 202, 0, 0,                                                                   //
    0x80, 200, 0, 6, 1, 2, 3, 4, 0xe0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0x0f, 0xff, 0, 0, //
    0,    9,   0, 0, 0, 9,
};

static void test_rtcp_finds_sr(void **state)
{
    struct rtsp_sr sr;

    (void)state;
    assert_int_equal(rtsp_rtcp_find_sr(COMPOUND, sizeof(COMPOUND), &sr), 0);
    assert_int_equal(sr.ssrc, 0x01020304);
    assert_true(sr.ntp == 0xe000000180000000);
    assert_int_equal(sr.rtp_timestamp, 0x0fff);
    assert_int_equal(rtsp_rtcp_find_sr(COMPOUND, 4, &sr), -ENOENT);
    assert_int_equal(rtsp_rtcp_find_sr(COMPOUND, 0, &sr), -ENOENT);
}

static void test_rtcp_finds_bye(void **state)
{
    // An empty SDES, then BYE of two sources.
    static const uint8_t bye[] = {0x80, 202, 0, 0, 0x82, 203, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9};

    (void)state;
    assert_true(rtsp_rtcp_says_bye(bye, sizeof(bye), 7));
    assert_true(rtsp_rtcp_says_bye(bye, sizeof(bye), 9));
    assert_false(rtsp_rtcp_says_bye(bye, sizeof(bye), 8));
    assert_false(rtsp_rtcp_says_bye(bye, sizeof(bye) - 1, 7));
    assert_false(rtsp_rtcp_says_bye(bye, 0, 7));
    assert_false(rtsp_rtcp_says_bye(COMPOUND, sizeof(COMPOUND), 0x01020304));
    // Says that it names more than there is.
    assert_false(rtsp_rtcp_says_bye((const uint8_t[]){0x9f, 203, 0, 1, 0, 0, 0, 1}, 8, 2));
}

static void test_rtcp_truncated_and_random(void **state)
{
    uint32_t x = 1;

    (void)state;
    for (size_t len = 1; len < sizeof(COMPOUND); len++) {
        uint8_t *copy = malloc(len);
        struct rtsp_sr sr;

        memcpy(copy, COMPOUND, len);
        assert_int_not_equal(rtsp_rtcp_find_sr(copy, len, &sr), 0);
        free(copy);
    }
    for (int round = 0; round < 20000; round++) {
        size_t len = (x = x * 1664525 + 1013904223) >> 26;
        uint8_t *data = malloc(len + 1);
        struct rtsp_sr sr;
        struct rtsp_rtp rtp;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        if (len > 0)
            data[0] = 0x80 | (data[0] & 0x3f);
        rtsp_rtcp_find_sr(data, len, &sr);
        rtsp_rtcp_says_bye(data, len, 1);
        if (rtsp_rtp_parse(data, len, &rtp) == 0)
            assert_true(rtp.payload + rtp.payload_len <= data + len);
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_all_parts),
        cmocka_unit_test(test_parse_truncated_at_every_byte),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_sequence_in_order_and_over_the_wrap),
        cmocka_unit_test(test_sequence_gaps),
        cmocka_unit_test(test_sequence_late_and_duplicate),
        cmocka_unit_test(test_sequence_jumps),
        cmocka_unit_test(test_sequence_set_back_a_little),
        cmocka_unit_test(test_sequence_restart),
        cmocka_unit_test(test_rtcp_finds_sr),
        cmocka_unit_test(test_rtcp_finds_bye),
        cmocka_unit_test(test_rtcp_truncated_and_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
