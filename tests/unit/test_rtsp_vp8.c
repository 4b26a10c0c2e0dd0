// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/vp8.h"

// libvpx's, 176x144.
static const uint8_t KEYFRAME[] = {0x30, 0x46, 0x00, 0x9d, 0x01, 0x2a, 0xb0, 0x00, 0x90, 0x00};

static int parse(const uint8_t *data, size_t len, struct rtsp_vp8_frame *out)
{
    uint8_t *copy = malloc(len ? len : 1); // so that reading beyond it is seen
    int rc;

    memcpy(copy, data, len);
    rc = rtsp_vp8_parse_frame(copy, len, out);
    free(copy);
    return rc;
}

static void test_keyframe(void **state)
{
    struct rtsp_vp8_frame frame;
    uint8_t data[sizeof(KEYFRAME)];

    (void)state;
    assert_int_equal(parse(KEYFRAME, sizeof(KEYFRAME), &frame), 0);
    assert_true(frame.keyframe);
    assert_int_equal(frame.width, 176);
    assert_int_equal(frame.height, 144);
    // The scaling above the 14 bits is no part of the size.
    memcpy(data, KEYFRAME, sizeof(data));
    memcpy(data + 6, "\x80\x47\x38\xc4", 4);
    assert_int_equal(parse(data, sizeof(data), &frame), 0);
    assert_int_equal(frame.width, 1920);
    assert_int_equal(frame.height, 1080);
    data[4] = 0;
    assert_int_equal(parse(data, sizeof(data), &frame), -EBADMSG);
}

static void test_inter_frame(void **state)
{
    struct rtsp_vp8_frame frame = {.keyframe = true, .width = 1, .height = 1};

    (void)state;
    assert_int_equal(parse((const uint8_t[]){0x31, 0x02, 0x00}, 3, &frame), 0);
    assert_false(frame.keyframe);
    assert_int_equal(frame.width, 0);
}

static void test_cut_short(void **state)
{
    struct rtsp_vp8_frame frame;

    (void)state;
    for (size_t len = 0; len < sizeof(KEYFRAME); len++)
        assert_int_equal(parse(KEYFRAME, len, &frame), -EBADMSG);
    assert_int_equal(parse((const uint8_t[]){0x31, 0x02}, 2, &frame), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyframe),
        cmocka_unit_test(test_inter_frame),
        cmocka_unit_test(test_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
