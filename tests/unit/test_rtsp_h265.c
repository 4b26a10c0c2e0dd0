// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/h265.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

// Parameter sets as x265 writes them.
static const uint8_t VPS[] = {0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60,
                              0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03,
                              0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09};
// Three B-frames in a row, a pyramid of them: 2 pictures are reordered.
static const uint8_t SPS_320X240[] = {
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00,
    0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0f, 0x16, 0x59, 0x59, 0x64, 0x93, 0x2b,
    0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10};
// No B-frames, cropped on both sides.
static const uint8_t SPS_322X242[] = {
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x88, 0x04, 0x07, 0x11, 0x11, 0x96, 0xe9, 0x29, 0x30, 0xbc,
    0x05, 0xa0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x03, 0x21};
// Main 10.
static const uint8_t SPS_1920X1080[] = {
    0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x03, 0x00, 0x78, 0xa0, 0x03, 0xc0, 0x80, 0x11, 0x07, 0xca, 0xd9, 0x65, 0x64, 0x4a, 0x4c,
    0x2f, 0x01, 0x68, 0x08, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x40};
// Range extensions: 4:4:4, no chroma subsampling.
static const uint8_t SPS_640X360[] = {
    0x42, 0x01, 0x01, 0x04, 0x08, 0x00, 0x00, 0x03, 0x00, 0x9e, 0x08, 0x00, 0x00, 0x03, 0x00,
    0x00, 0x3f, 0x90, 0x00, 0xa0, 0x40, 0x2e, 0x3e, 0x27, 0x2c, 0xac, 0xa9, 0x49, 0x85, 0xe0,
    0x2d, 0x01, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x19, 0x08};

static void check_sps(const uint8_t *nal, size_t len, const char *profile, unsigned width,
                      unsigned height, bool reorders)
{
    struct rtsp_h265_sps sps;

    assert_int_equal(rtsp_h265_parse_sps(nal, len, &sps), 0);
    assert_int_equal(sps.id, 0);
    assert_memory_equal(sps.info.profile, profile, 3);
    assert_int_equal(sps.info.width, width);
    assert_int_equal(sps.info.height, height);
    assert_int_equal(sps.sub_layers, 1);
    assert_int_equal(sps.reorders, reorders);
}

static void test_sps(void **state)
{
    (void)state;
    check_sps(SPS_320X240, sizeof(SPS_320X240), "\x01\x00\x3c", 320, 240, true);
    check_sps(SPS_322X242, sizeof(SPS_322X242), "\x01\x00\x3c", 322, 242, false);
    check_sps(SPS_1920X1080, sizeof(SPS_1920X1080), "\x02\x00\x78", 1920, 1080, true);
    check_sps(SPS_640X360, sizeof(SPS_640X360), "\x04\x00\x3f", 640, 360, true);
}

// What stands behind the level where there are two sub-layers: the flags of the lower one and
// reserved bits, two bytes in all, and its profile and level.
static void test_sps_with_sub_layers(void **state)
{
    enum {
        LEVEL_AT = 17,
        PROFILE_LEN = 11
    };
    struct rtsp_h265_sps sps;

    (void)state;
    for (unsigned flags = 0; flags < 4; flags++) {
        size_t extra = 2 + (flags & 2 ? PROFILE_LEN : 0u) + (flags & 1);
        uint8_t nal[sizeof(SPS_322X242) + 2 + PROFILE_LEN + 1];

        memset(nal, 0x11, sizeof(nal));
        memcpy(nal, SPS_322X242, LEVEL_AT + 1);
        nal[2] = 0x03;
        nal[LEVEL_AT + 1] = (uint8_t)(flags << 6);
        nal[LEVEL_AT + 2] = 0;
        memcpy(nal + LEVEL_AT + 1 + extra, SPS_322X242 + LEVEL_AT + 1,
               sizeof(SPS_322X242) - LEVEL_AT - 1);
        assert_int_equal(rtsp_h265_parse_sps(nal, sizeof(SPS_322X242) + extra, &sps), 0);
        assert_int_equal(sps.sub_layers, 2);
        assert_int_equal(sps.info.width, 322);
        assert_int_equal(sps.info.height, 242);
    }
}

static void test_sps_truncated_at_every_byte(void **state)
{
    (void)state;
    // What stands behind the reordering is not read, so the last bytes are not missed.
    for (size_t len = 0; len < sizeof(SPS_1920X1080); len++) {
        uint8_t *copy = malloc(len + 1);
        struct rtsp_h265_sps sps = {.id = 99};

        memcpy(copy, SPS_1920X1080, len);
        int rc = rtsp_h265_parse_sps(copy, len, &sps);
        assert_true(rc == -EBADMSG ? sps.id == 99 : sps.info.width == 1920 && len > 25);
        free(copy);
    }
}

static void test_sps_refuses_what_cannot_be(void **state)
{
    uint8_t nal[sizeof(SPS_320X240)];
    struct rtsp_h265_sps sps;

    (void)state;
    memcpy(nal, SPS_320X240, sizeof(nal));
    nal[0] = 0x40; // a VPS
    assert_int_equal(rtsp_h265_parse_sps(nal, sizeof(nal), &sps), -EBADMSG);
    memcpy(nal, SPS_320X240, sizeof(nal));
    nal[2] |= 0x0e; // eight sub-layers
    assert_int_equal(rtsp_h265_parse_sps(nal, sizeof(nal), &sps), -EBADMSG);
    memcpy(nal, SPS_320X240, sizeof(nal));
    nal[18] = 0x01; // an id of more than 15
    assert_int_equal(rtsp_h265_parse_sps(nal, sizeof(nal), &sps), -EBADMSG);
    memcpy(nal, SPS_320X240, sizeof(nal));
    nal[19] = nal[20] = 0; // wider than any level allows
    assert_int_equal(rtsp_h265_parse_sps(nal, sizeof(nal), &sps), -EBADMSG);
}

static void test_vps_and_pps(void **state)
{
    struct rtsp_h265_pps pps;
    unsigned id = 99;

    (void)state;
    assert_int_equal(rtsp_h265_parse_vps_id(VPS, sizeof(VPS), &id), 0);
    assert_int_equal(id, 0);
    assert_int_equal(rtsp_h265_parse_vps_id(BYTES(0x40, 0x01, 0xfc), &id), 0);
    assert_int_equal(id, 15);
    assert_int_equal(rtsp_h265_parse_vps_id(VPS, 2, &id), -EBADMSG);
    assert_int_equal(rtsp_h265_parse_vps_id(BYTES(0x42, 0x01, 0x0c), &id), -EBADMSG);

    assert_int_equal(rtsp_h265_parse_pps(BYTES(0x44, 0x01, 0xc1, 0x72, 0xb4), &pps), 0);
    assert_int_equal(pps.id, 0);
    assert_int_equal(pps.sps_id, 0);
    assert_int_equal(pps.extra_bits, 0);
    // 010 011 11 101...: id 1, SPS 2, both flags, 5 bits.
    assert_int_equal(rtsp_h265_parse_pps(BYTES(0x44, 0x01, 0x4f, 0xa0), &pps), 0);
    assert_int_equal(pps.id, 1);
    assert_int_equal(pps.sps_id, 2);
    assert_int_equal(pps.extra_bits, 5);
    assert_int_equal(rtsp_h265_parse_pps(BYTES(0x44, 0x01, 0x4f), &pps), -EBADMSG);
    assert_int_equal(rtsp_h265_parse_pps(BYTES(0x44, 0x01), &pps), -EBADMSG);
    assert_int_equal(rtsp_h265_parse_pps(BYTES(0x42, 0x01, 0x4f, 0xa0), &pps), -EBADMSG);
}

static void test_slices(void **state)
{
    const struct rtsp_h265_pps plain = {0};
    const struct rtsp_h265_pps extra = {.extra_bits = 2};
    struct rtsp_h265_slice slice;

    (void)state;
    // An IDR picture: first, no_output_of_prior_pics_flag 0, PPS 0, slice type 2.
    assert_int_equal(rtsp_h265_parse_slice(BYTES(0x28, 0x01, 0xaf), &slice), 0);
    assert_true(slice.first);
    assert_int_equal(slice.pps_id, 0);
    assert_false(rtsp_h265_is_b_slice(BYTES(0x28, 0x01, 0xaf), &plain));
    // 1 1 010: P. 1 1 1: B.
    assert_false(rtsp_h265_is_b_slice(BYTES(0x02, 0x01, 0xd0), &plain));
    assert_true(rtsp_h265_is_b_slice(BYTES(0x00, 0x01, 0xe0), &plain));
    // Behind two more bits: 1 1 00 010 and 1 1 00 1.
    assert_false(rtsp_h265_is_b_slice(BYTES(0x02, 0x01, 0xc4), &extra));
    assert_true(rtsp_h265_is_b_slice(BYTES(0x00, 0x01, 0xc8), &extra));
    // 0 010: not the first, whose type stands behind what is not read; PPS 1.
    assert_int_equal(rtsp_h265_parse_slice(BYTES(0x02, 0x01, 0x20), &slice), 0);
    assert_false(slice.first);
    assert_int_equal(slice.pps_id, 1);
    assert_false(rtsp_h265_is_b_slice(BYTES(0x02, 0x01, 0x3f), &plain));
    assert_int_equal(rtsp_h265_parse_slice(BYTES(0x02, 0x01), &slice), -EBADMSG);
    assert_int_equal(rtsp_h265_parse_slice(BYTES(0x02, 0x01, 0x80), &slice), -EBADMSG);
    assert_int_equal(rtsp_h265_parse_slice(BYTES(0x40, 0x01, 0xaf), &slice), -EBADMSG);
    assert_false(rtsp_h265_is_b_slice(BYTES(0x00, 0x01), &plain));
}

static void test_random_bytes(void **state)
{
    uint32_t x = 7;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        size_t len = (x = x * 1664525 + 1013904223) >> 26;
        uint8_t *data = malloc(len + 1);
        struct rtsp_h265_sps sps;
        struct rtsp_h265_pps pps = {0};
        struct rtsp_h265_slice slice;
        unsigned id;

        for (size_t i = 0; i < len; i++) {
            x = x * 1664525 + 1013904223;
            data[i] = (uint8_t)(x >> 24 & (x & 0x1000 ? 0xff : 0x03));
        }
        if (len > 0)
            data[0] = (uint8_t)(round % 4 == 0 ? 0x42 : round % 4 == 1 ? 0x44 : data[0]);
        if (rtsp_h265_parse_sps(data, len, &sps) == 0)
            assert_true(sps.info.width > 0 && sps.info.height > 0 && sps.id < 16);
        if (rtsp_h265_parse_pps(data, len, &pps) == 0)
            assert_true(pps.id < 64 && pps.extra_bits < 8);
        if (rtsp_h265_parse_vps_id(data, len, &id) == 0)
            assert_true(id < 16);
        rtsp_h265_parse_slice(data, len, &slice);
        rtsp_h265_is_b_slice(data, len, &pps);
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sps),
        cmocka_unit_test(test_sps_with_sub_layers),
        cmocka_unit_test(test_sps_truncated_at_every_byte),
        cmocka_unit_test(test_sps_refuses_what_cannot_be),
        cmocka_unit_test(test_vps_and_pps),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
