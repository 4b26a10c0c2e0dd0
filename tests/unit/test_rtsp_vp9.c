// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/vp9.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static int parse(const uint8_t *data, size_t len, struct rtsp_vp9_frame *out)
{
    uint8_t *copy = malloc(len ? len : 1); // so that reading beyond it is seen
    int rc;

    memcpy(copy, data, len);
    rc = rtsp_vp9_parse_frame(copy, len, out);
    free(copy);
    return rc;
}

// What libvpx begins a keyframe of 176x144 with, in each chroma format; the shortest start that
// has the size.
static void test_keyframes(void **state)
{
    static const struct {
        uint8_t profile;
        size_t len;
        uint8_t data[10];
    } table[] = {
        {0, 9, {0x82, 0x49, 0x83, 0x42, 0x00, 0x0a, 0xf0, 0x08, 0xf6}},        // 4:2:0
        {1, 9, {0xa2, 0x49, 0x83, 0x42, 0x00, 0x01, 0x5e, 0x01, 0x1e}},        // 4:4:4
        {2, 9, {0x92, 0x49, 0x83, 0x42, 0x00, 0x05, 0x78, 0x04, 0x7b}},        // 10 bits
        {1, 9, {0xa2, 0x49, 0x83, 0x42, 0xe0, 0x0a, 0xf0, 0x08, 0xf6}},        // RGB
        {3, 10, {0xb1, 0x24, 0xc1, 0xa1, 0x00, 0x01, 0x5e, 0x01, 0x1e, 0x00}}, // 10 bits, 4:4:4
    };
    struct rtsp_vp9_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(parse(table[i].data, table[i].len, &frame), 0);
        assert_true(frame.keyframe);
        assert_int_equal(frame.profile, table[i].profile);
        if (table[i].profile != 3) {
            assert_int_equal(frame.width, 176);
            assert_int_equal(frame.height, 144);
        }
        for (size_t len = 0; len + 2 < table[i].len; len++)
            assert_int_equal(parse(table[i].data, len, &frame), -EBADMSG);
    }
}

static void test_other_frames(void **state)
{
    struct rtsp_vp9_frame frame = {.keyframe = true, .width = 1};

    (void)state;
    assert_int_equal(parse(BYTES(0x86, 0x00), &frame), 0); // predicted
    assert_false(frame.keyframe);
    assert_int_equal(frame.width, 0);
    frame.keyframe = true;
    assert_int_equal(parse(BYTES(0x88), &frame), 0); // an earlier one is shown
    assert_false(frame.keyframe);
}

static void test_malformed(void **state)
{
    struct rtsp_vp9_frame frame;

    (void)state;
    assert_int_equal(parse(BYTES(0x42, 0x49, 0x83, 0x42, 0, 0x0a, 0xf0, 0x08, 0xf6), &frame),
                     -EBADMSG); // frame marker
    assert_int_equal(parse(BYTES(0x82, 0x49, 0x83, 0x43, 0, 0x0a, 0xf0, 0x08, 0xf6), &frame),
                     -EBADMSG); // sync code
    assert_int_equal(parse(BYTES(0x82, 0x49, 0x83, 0x42, 0xe0, 0x0a, 0xf0, 0x08, 0xf6), &frame),
                     -EBADMSG); // RGB in 4:2:0
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyframes),
        cmocka_unit_test(test_other_frames),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
