// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/h264.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

// Parameter sets as x264 writes them.
static const uint8_t SPS_320X240[] = {0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83,
                                      0xf6, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20,
                                      0x00, 0x00, 0x07, 0x81, 0xe2, 0x85, 0x49};
static const uint8_t SPS_1920X1080[] = {0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02,
                                        0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04,
                                        0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58};
// Baseline, cropped on both sides.
static const uint8_t SPS_322X242[] = {0x67, 0x42, 0xc0, 0x0d, 0xd9, 0x01, 0x50, 0x87, 0x88,
                                      0x88, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
                                      0x00, 0x03, 0x00, 0xf0, 0x3c, 0x50, 0xa9, 0x20};
// Interlaced: frame_mbs_only_flag 0.
static const uint8_t SPS_720X576I[] = {0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xb4,
                                       0x24, 0xd8, 0x08, 0x80, 0x00, 0x00, 0x03, 0x00,
                                       0x80, 0x00, 0x00, 0x19, 0x0f, 0x8a, 0x14, 0xcb};
// High 4:4:4 Predictive: no chroma subsampling.
static const uint8_t SPS_444[] = {0x67, 0xf4, 0x00, 0x0d, 0x91, 0x9b, 0x28, 0x28, 0x3f,
                                  0x60, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00,
                                  0x03, 0x00, 0x78, 0x1e, 0x28, 0x53, 0x2c};

static void check(const uint8_t *nal, size_t len, unsigned width, unsigned height)
{
    struct rtsp_h264_sps sps;

    assert_int_equal(rtsp_h264_parse_sps(nal, len, &sps), 0);
    assert_int_equal(sps.info.width, width);
    assert_int_equal(sps.info.height, height);
    assert_memory_equal(sps.info.profile, nal + 1, 3);
    assert_int_equal(sps.id, 0);
}

static void test_sps_sizes(void **state)
{
    (void)state;
    check(SPS_320X240, sizeof(SPS_320X240), 320, 240);
    check(SPS_1920X1080, sizeof(SPS_1920X1080), 1920, 1080);
    check(SPS_322X242, sizeof(SPS_322X242), 322, 242);
    check(SPS_720X576I, sizeof(SPS_720X576I), 720, 576);
    check(SPS_444, sizeof(SPS_444), 320, 240);
}

// Writes bits, for an SPS that no encoder at hand makes.
struct writer {
    uint8_t data[256];
    size_t bits;
};

static void put_bit(struct writer *w, unsigned bit)
{
    if (bit)
        w->data[w->bits / 8] |= (uint8_t)(0x80 >> w->bits % 8);
    w->bits++;
}

static void put_ue(struct writer *w, unsigned value)
{
    unsigned len = 0;

    while ((value + 1) >> len > 1)
        len++;
    for (unsigned i = 0; i < len; i++)
        put_bit(w, 0);
    for (unsigned i = len + 1; i-- > 0;)
        put_bit(w, (value + 1) >> i & 1);
}

static void test_sps_with_scaling_lists_and_picture_order_1(void **state)
{
    struct writer w = {.data = {0x67, 100, 0, 40}, .bits = 32};

    (void)state;
    put_ue(&w, 3); // id
    put_ue(&w, 1); // 4:2:0
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_bit(&w, 0);
    put_bit(&w, 1); // scaling matrix
    for (unsigned list = 0; list < 8; list++) {
        put_bit(&w, 1);
        if (list < 6) {
            for (unsigned i = 0; i < 8; i++)
                put_ue(&w, 2); // se(v) -1: 7, 6, ... 0, which ends the list
        } else {
            put_ue(&w, 16); // se(v) -8: default list
        }
    }
    put_ue(&w, 0); // log2_max_frame_num_minus4
    put_ue(&w, 1); // pic_order_cnt_type
    put_bit(&w, 0);
    put_ue(&w, 5);
    put_ue(&w, 4);
    put_ue(&w, 3); // cycle
    for (unsigned i = 0; i < 3; i++)
        put_ue(&w, 7);
    put_ue(&w, 4); // reference frames
    put_bit(&w, 0);
    put_ue(&w, 39); // 640
    put_ue(&w, 22); // 368
    put_bit(&w, 1);
    put_bit(&w, 1);
    put_bit(&w, 1); // cropped
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_ue(&w, 4); // 8 pixels at the bottom
    struct rtsp_h264_sps sps;
    assert_int_equal(rtsp_h264_parse_sps(w.data, w.bits / 8 + 1, &sps), 0);
    assert_int_equal(sps.id, 3);
    assert_int_equal(sps.info.width, 640);
    assert_int_equal(sps.info.height, 360);
}

static void test_sps_truncated_at_every_byte(void **state)
{
    (void)state;
    // The VUI is not read, so the last bytes are not missed.
    for (size_t len = 0; len < sizeof(SPS_1920X1080); len++) {
        uint8_t *copy = malloc(len + 1);
        struct rtsp_h264_sps sps = {.info.width = 1};

        memcpy(copy, SPS_1920X1080, len);
        int rc = rtsp_h264_parse_sps(copy, len, &sps);
        assert_true(rc == -EBADMSG ? sps.info.width == 1 : sps.info.width == 1920 && len > 9);
        free(copy);
    }
}

static void test_sps_refuses_what_cannot_be(void **state)
{
    struct writer w = {.data = {0x67, 66, 0, 40}, .bits = 32};
    struct rtsp_h264_sps sps;

    (void)state;
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_ue(&w, 2);
    put_ue(&w, 1);
    put_bit(&w, 0);
    put_ue(&w, 100000); // macroblocks
    put_ue(&w, 1);
    for (unsigned i = 0; i < 16; i++)
        put_bit(&w, 1);
    assert_int_equal(rtsp_h264_parse_sps(w.data, sizeof(w.data), &sps), -EBADMSG);

    struct writer crop = {.data = {0x67, 66, 0, 40}, .bits = 32};
    put_ue(&crop, 0);
    put_ue(&crop, 0);
    put_ue(&crop, 2);
    put_ue(&crop, 1);
    put_bit(&crop, 0);
    put_ue(&crop, 1);
    put_ue(&crop, 1);
    put_bit(&crop, 1);
    put_bit(&crop, 1);
    put_bit(&crop, 1);
    put_ue(&crop, 8); // 16 of 32 pixels from the left
    put_ue(&crop, 8); // and from the right
    put_ue(&crop, 0);
    put_ue(&crop, 0);
    assert_int_equal(rtsp_h264_parse_sps(crop.data, sizeof(crop.data), &sps), -EBADMSG);

    uint8_t zeros[64] = {0x67, 66, 0, 40}; // an endless exp-Golomb prefix
    assert_int_equal(rtsp_h264_parse_sps(zeros, sizeof(zeros), &sps), -EBADMSG);
    assert_int_equal(rtsp_h264_parse_sps((const uint8_t[]){0x68, 0xeb}, 2, &sps), -EBADMSG);
}

static void test_pps_id(void **state)
{
    unsigned id = 99;

    (void)state;
    assert_int_equal(rtsp_h264_parse_pps_id((const uint8_t[]){0x68, 0xeb}, 2, &id), 0);
    assert_int_equal(id, 0);
    assert_int_equal(rtsp_h264_parse_pps_id((const uint8_t[]){0x68, 0x40}, 2, &id), 0); // 010
    assert_int_equal(id, 1);
    assert_int_equal(rtsp_h264_parse_pps_id((const uint8_t[]){0x68}, 1, &id), -EBADMSG);
    assert_int_equal(rtsp_h264_parse_pps_id((const uint8_t[]){0x67, 0xeb}, 2, &id), -EBADMSG);
}

// The first bytes of slices as x264 writes them.
static void test_slices(void **state)
{
    static const struct {
        uint8_t nal[6];
        unsigned first_mb;
        bool b_slice;
    } slices[] = {
        {{0x65, 0x88, 0x84, 0x00, 0x37, 0xff}, 0, false},
        {{0x41, 0x9a, 0x23, 0x6c, 0x43, 0x7f}, 0, false},
        {{0x41, 0x9e, 0x41, 0x78, 0x85, 0x7f}, 0, true}, // a B-frame that is referred to
        {{0x01, 0x9e, 0x62, 0x6a, 0x42, 0x7f}, 0, true},
        {{0x65, 0x01, 0xc4, 0x22, 0x08, 0x2c}, 224, false},
        {{0x65, 0x00, 0x4e, 0xe2, 0x20, 0x82}, 314, false},
    };
    struct rtsp_h264_slice slice;

    (void)state;
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
        assert_int_equal(rtsp_h264_parse_slice(slices[i].nal, 6, &slice), 0);
        assert_int_equal(slice.b_slice, slices[i].b_slice);
        if (i < 4)
            assert_int_equal(slice.first_mb, 0);
        else
            assert_int_not_equal(slice.first_mb, 0);
    }
    assert_int_equal(rtsp_h264_parse_slice(slices[4].nal, 2, &slice), -EBADMSG);
    assert_int_equal(rtsp_h264_parse_slice(slices[0].nal, 1, &slice), -EBADMSG);
    assert_int_equal(rtsp_h264_parse_slice(slices[0].nal, 0, &slice), -EBADMSG);
}

static void test_emulation_prevention(void **state)
{
    // 15 zeros, 1, 15 zeros: first_mb_in_slice 32767; then 0 and, behind the 03, 10: slice_type 1.
    static const uint8_t nal[] = {0x41, 0x00, 0x01, 0x00, 0x00, 0x03, 0x80};
    // Not after two zeros a 03 is a 03: 0 and 0000 0011 begin another number.
    static const uint8_t plain[] = {0x41, 0x00, 0x01, 0x01, 0x00, 0x03, 0x80};
    struct rtsp_h264_slice slice;

    (void)state;
    assert_int_equal(rtsp_h264_parse_slice(nal, sizeof(nal), &slice), 0);
    assert_int_equal(slice.first_mb, 32767);
    assert_true(slice.b_slice);
    assert_int_equal(rtsp_h264_parse_slice(plain, sizeof(plain), &slice), -EBADMSG);
    assert_int_equal(rtsp_h264_parse_slice(nal, sizeof(nal) - 1, &slice), -EBADMSG);
}

static void test_random_bytes(void **state)
{
    uint32_t x = 7;

    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t len = (x = x * 1664525 + 1013904223) >> 26;
        uint8_t *data = malloc(len + 1);
        struct rtsp_h264_sps sps;
        struct rtsp_h264_slice slice;
        unsigned id;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        if (len > 0)
            data[0] = 0x67;
        if (rtsp_h264_parse_sps(data, len, &sps) == 0)
            assert_true(sps.info.width > 0 && sps.info.height > 0 && sps.id < 32);
        if (len > 0)
            data[0] = 0x68;
        if (rtsp_h264_parse_pps_id(data, len, &id) == 0)
            assert_true(id < 256);
        if (len > 0)
            data[0] = 0x41;
        rtsp_h264_parse_slice(data, len, &slice);
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sps_sizes),
        cmocka_unit_test(test_sps_with_scaling_lists_and_picture_order_1),
        cmocka_unit_test(test_sps_truncated_at_every_byte),
        cmocka_unit_test(test_sps_refuses_what_cannot_be),
        cmocka_unit_test(test_pps_id),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_emulation_prevention),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
