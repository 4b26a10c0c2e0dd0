// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/sei.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define TYPE(n)    (UINT32_C(1) << (n))

static void check_sei(const uint8_t *nal, size_t len, uint32_t expected)
{
    uint8_t *copy = malloc(len);
    uint32_t types = 0;

    memcpy(copy, nal, len);
    assert_int_equal(rtsp_sei_parse(copy, len, 1, &types), 0);
    assert_int_equal(types, expected);
    free(copy);
}

static void test_messages(void **state)
{
    uint8_t longer[1 + 3 + 256 + 2 + 1] = {0x06, 0x01, 0xff, 0x01};

    (void)state;
    check_sei(BYTES(0x06, 0x01, 0x01, 0x12, 0x80), TYPE(1));
    check_sei(BYTES(0x06, 0x00, 0x00, 0x80), TYPE(0));
    check_sei(BYTES(0x06, 0x01, 0x01, 0x80, 0x80), TYPE(1)); // the payload is no trailing bit
    check_sei(BYTES(0x06, 0x00, 0x01, 0xaa, 0x01, 0x02, 0xaa, 0xbb, 0x80), TYPE(0) | TYPE(1));
    check_sei(BYTES(0x06, 0x01, 0x01, 0xaa, 0x06, 0x01, 0xc4, 0x80), TYPE(1) | TYPE(6));
    // Types beyond 30 share a bit; the last of these is 255 + 1.
    check_sei(BYTES(0x06, 30, 0x01, 0xaa, 0x80), TYPE(30));
    check_sei(BYTES(0x06, 31, 0x01, 0xaa, 0x80), TYPE(31));
    check_sei(BYTES(0x06, 0xff, 0x01, 0x01, 0xaa, 0x80), TYPE(31));
    // 256 bytes, then a message that would be one of type 0 if they were one fewer or more.
    longer[sizeof(longer) - 3] = 0x05;
    longer[sizeof(longer) - 1] = 0x80;
    check_sei(longer, sizeof(longer), TYPE(1) | TYPE(5));
}

static void test_emulation_prevention(void **state)
{
    (void)state;
    // Seven bytes: 00 00 00 00 01 aa bb.
    check_sei(BYTES(0x06, 0x00, 0x07, 0, 0, 3, 0, 0, 3, 1, 0xaa, 0xbb, 0x80), TYPE(0));
    // An empty message of type 0, then one of type 1.
    check_sei(BYTES(0x06, 0x00, 0x00, 3, 0x01, 0x01, 0xaa, 0x80), TYPE(0) | TYPE(1));
}

static void expect_no_sei(const uint8_t *nal, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    uint32_t types = 99;

    memcpy(copy, nal, len);
    assert_int_equal(rtsp_sei_parse(copy, len, 1, &types), -EBADMSG);
    assert_int_equal(types, 99);
    free(copy);
}

static void test_refuses_what_cannot_be(void **state)
{
    static const uint8_t whole[] = {0x06, 0x00, 0x02, 0xaa, 0xbb, 0x01, 0x01, 0xcc, 0x80};
    uint8_t endless[64];

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++)
        expect_no_sei(whole, len);
    expect_no_sei(BYTES(0x06, 0x80));                         // no message
    expect_no_sei(BYTES(0x06, 0x01, 0x01, 0xaa, 0x40));       // other trailing bits
    expect_no_sei(BYTES(0x06, 0x01, 0x01, 0xaa, 0x80, 0x80)); // and more
    expect_no_sei(BYTES(0x06, 0x01, 0x03, 0xaa, 0x80));       // longer than the NAL unit
    memset(endless, 0xff, sizeof(endless));
    endless[0] = 0x06;
    expect_no_sei(endless, sizeof(endless));
    endless[1] = 0x01;
    expect_no_sei(endless, sizeof(endless));
}

// H.265 has a header of two bytes.
static void test_timing(void **state)
{
    (void)state;
    assert_true(rtsp_sei_is_timing(BYTES(0x06, 0x01, 0x01, 0xaa, 0x80), 1));
    assert_true(rtsp_sei_is_timing(BYTES(0x4e, 0x01, 0x01, 0x01, 0xaa, 0x80), 2));
    assert_true(rtsp_sei_is_timing(BYTES(0x4e, 0x01, 0x00, 0x00, 3, 0x01, 0x01, 0xaa, 0x80), 2));
    assert_false(rtsp_sei_is_timing(BYTES(0x4e, 0x01, 0x05, 0x01, 0xaa, 0x80), 2));
    assert_false(rtsp_sei_is_timing(BYTES(0x4e, 0x01, 0x01, 0x02, 0xaa, 0x80), 2)); // cut short
    assert_false(rtsp_sei_is_timing(BYTES(0x4e), 2));
}

static void test_random_bytes(void **state)
{
    uint32_t x = 7;

    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t len = (x = x * 1664525 + 1013904223) >> 26;
        uint8_t *data = malloc(len + 1);
        uint32_t types = 0;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        if (rtsp_sei_parse(data, len, round & 1 ? 1 : 2, &types) == 0)
            assert_true(types != 0 && data[len - 1] == 0x80);
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_emulation_prevention),
        cmocka_unit_test(test_refuses_what_cannot_be),
        cmocka_unit_test(test_timing),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
