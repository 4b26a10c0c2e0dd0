// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/av1.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void test_leb128(void **state)
{
    static const struct {
        uint32_t value;
        size_t len;
        uint8_t data[5];
    } table[] = {
        {0, 1, {0}},
        {127, 1, {0x7f}},
        {128, 2, {0x80, 0x01}},
        {16383, 2, {0xff, 0x7f}},
        {16384, 3, {0x80, 0x80, 0x01}},
        {UINT32_MAX, 5, {0xff, 0xff, 0xff, 0xff, 0x0f}},
    };
    uint32_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t out[5];

        assert_int_equal(rtsp_leb128_len(table[i].value), table[i].len);
        rtsp_leb128_write(out, table[i].value);
        assert_memory_equal(out, table[i].data, table[i].len);
        assert_int_equal(rtsp_leb128_read(out, table[i].len, &value), table[i].len);
        assert_int_equal(value, table[i].value);
        assert_int_equal(rtsp_leb128_read(out, table[i].len - 1, &value), 0);
    }
    // Longer than need be, which is allowed; beyond 32 bits; without an end.
    assert_int_equal(rtsp_leb128_read(BYTES(0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), &value),
                     8);
    assert_int_equal(value, 5);
    assert_int_equal(rtsp_leb128_read(BYTES(0x80, 0x80, 0x80, 0x80, 0x10), &value), 0);
    assert_int_equal(
        rtsp_leb128_read(BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), &value), 0);
}

static void test_obu(void **state)
{
    struct rtsp_obu obu;

    (void)state;
    assert_int_equal(rtsp_obu_parse(BYTES(0x0a, 0x02, 7, 8, 9), &obu), 0); // with a size
    assert_int_equal(obu.type, RTSP_OBU_SEQUENCE_HEADER);
    assert_int_equal(obu.header_len, 1);
    assert_int_equal(obu.payload, 2);
    assert_int_equal(obu.payload_len, 2);
    assert_int_equal(rtsp_obu_parse(BYTES(0x34, 0x08, 7, 8, 9), &obu), 0); // with layers
    assert_int_equal(obu.type, RTSP_OBU_FRAME);
    assert_int_equal(obu.header_len, 2);
    assert_int_equal(obu.payload, 2);
    assert_int_equal(obu.payload_len, 3);
    assert_int_equal(rtsp_obu_parse(BYTES(0x36, 0x08, 0x01, 8, 9), &obu), 0); // with both
    assert_int_equal(obu.payload, 3);
    assert_int_equal(obu.payload_len, 1);
    assert_int_equal(rtsp_obu_parse(BYTES(0x12, 0x00), &obu), 0);
    assert_int_equal(obu.type, RTSP_OBU_TEMPORAL_DELIMITER);
    assert_int_equal(obu.payload_len, 0);

    assert_int_equal(rtsp_obu_parse(NULL, 0, &obu), -EBADMSG);
    assert_int_equal(rtsp_obu_parse(BYTES(0x8a, 0x00), &obu), -EBADMSG); // forbidden bit
    assert_int_equal(rtsp_obu_parse(BYTES(0x34), &obu), -EBADMSG);
    assert_int_equal(rtsp_obu_parse(BYTES(0x0a), &obu), -EBADMSG);
    assert_int_equal(rtsp_obu_parse(BYTES(0x0a, 0x03, 7, 8), &obu), -EBADMSG);
}

// What encoders make of 176x144.
static void test_sequence(void **state)
{
    static const struct {
        uint8_t profile, level_idx;
        size_t len; // up to the size's end
        uint8_t data[9];
    } table[] = {
        {0, 0, 7, {0x00, 0x00, 0x00, 0x03, 0xbd, 0x7c, 0x79}},  // libaom, SVT-AV1
        {1, 0, 7, {0x20, 0x00, 0x00, 0x03, 0xbd, 0x7c, 0x79}},  // libaom, 4:4:4
        {0, 31, 9, {0x00, 0x00, 0x00, 0xf9, 0xde, 0xbe, 0x3c}}, // rav1e: no limit
    };
    struct rtsp_picture_info info;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(rtsp_av1_parse_sequence(table[i].data, table[i].len, &info), 0);
        assert_int_equal(info.profile[0], table[i].profile);
        assert_int_equal(info.profile[1], table[i].level_idx);
        assert_int_equal(info.profile[2], 0);
        assert_int_equal(info.width, 176);
        assert_int_equal(info.height, 144);
        for (size_t len = 0; len < 6; len++)
            assert_int_equal(rtsp_av1_parse_sequence(table[i].data, len, &info), -EBADMSG);
    }
}

// Bits as they are written down, in place of an encoder that uses it all.
struct bits {
    uint8_t data[64];
    size_t count;
};

static void put(struct bits *b, unsigned count, uint32_t value)
{
    while (count-- > 0) {
        if (value >> count & 1)
            b->data[b->count / 8] |= (uint8_t)(0x80 >> b->count % 8);
        b->count++;
    }
}

static void put_size(struct bits *b)
{
    put(b, 4, 10);
    put(b, 4, 10);
    put(b, 11, 1919);
    put(b, 11, 1079);
}

static void test_sequence_with_timing(void **state)
{
    struct rtsp_picture_info info;
    struct bits b = {0};

    (void)state;
    put(&b, 3 + 1 + 1, 2 << 2); // profile 2
    put(&b, 1, 1);              // timing
    put(&b, 32, 1);
    put(&b, 32, 30);
    put(&b, 1, 1); // equal intervals: uvlc of 4
    put(&b, 5, 5);
    put(&b, 1, 1); // decoder model, delays of 10 bits
    put(&b, 5, 9);
    put(&b, 32, 1);
    put(&b, 10, 0);
    put(&b, 1, 1); // display delays
    put(&b, 5, 1); // two operating points
    for (unsigned point = 0; point < 2; point++) {
        put(&b, 12, 0x103);
        put(&b, 5, point ? 2 : 13); // 5.1, high tier
        if (point == 0)
            put(&b, 1, 1);
        put(&b, 1, 1);
        put(&b, 21, 0x155555);
        put(&b, 1, 1);
        put(&b, 4, 3);
    }
    put_size(&b);
    assert_int_equal(rtsp_av1_parse_sequence(b.data, (b.count + 7) / 8, &info), 0);
    assert_int_equal(info.profile[0], 2);
    assert_int_equal(info.profile[1], 13);
    assert_int_equal(info.profile[2], 1);
    assert_int_equal(info.width, 1920);
    assert_int_equal(info.height, 1080);
    for (size_t len = 0; len < (b.count + 7) / 8; len++)
        assert_int_equal(rtsp_av1_parse_sequence(b.data, len, &info), -EBADMSG);
    b.data[0] = 3 << 5;
    assert_int_equal(rtsp_av1_parse_sequence(b.data, sizeof(b.data), &info), -EBADMSG);
}

static void test_pictures_that_stand_alone(void **state)
{
    struct rtsp_picture_info info;
    struct bits b = {0};

    (void)state;
    put(&b, 3 + 1 + 1, 3); // reduced still picture
    put(&b, 5, 8);
    put_size(&b);
    assert_int_equal(rtsp_av1_parse_sequence(b.data, (b.count + 7) / 8, &info), -EBADMSG);
}

static void test_keyframes(void **state)
{
    (void)state;
    assert_true(rtsp_av1_is_keyframe(BYTES(0x10)));
    assert_false(rtsp_av1_is_keyframe(BYTES(0x00))); // not shown yet
    assert_false(rtsp_av1_is_keyframe(BYTES(0x30))); // inter
    assert_false(rtsp_av1_is_keyframe(BYTES(0x50))); // intra only
    assert_false(rtsp_av1_is_keyframe(BYTES(0x90))); // shown again
    assert_false(rtsp_av1_is_keyframe(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leb128),
        cmocka_unit_test(test_obu),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_sequence_with_timing),
        cmocka_unit_test(test_pictures_that_stand_alone),
        cmocka_unit_test(test_keyframes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
