// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/depacketise_vpx.h"
#include "tests/support/gatherer.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static int setup(void **state)
{
    int rc = gatherer_setup(state, &rtsp_video_vp8);

    if (rc == 0)
        gatherer_reopen(*state, &rtsp_video_vp8);
    return rc;
}

// What has been gathered of the picture so far.
static void expect(const struct gatherer *f, const uint8_t *data, size_t len)
{
    assert_true(f->au.part_open);
    assert_true(f->au.has_picture);
    assert_false(f->au.damaged);
    assert_int_equal(f->au.len - f->au.part_start, len);
    assert_memory_equal(f->au.room->data + f->au.part_start, data, len);
}

// Each descriptor in front of the same frame; cut anywhere within it, it is malformed.
static void check_descriptors(struct gatherer *f, const struct rtsp_video_codec *codec,
                              const uint8_t (*table)[16], const size_t *len, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t payload[19];
        uint64_t malformed = f->d.malformed;

        memcpy(payload, table[i], len[i]);
        memcpy(payload + len[i], "\x51\x52\x53", 3);
        gatherer_reopen(f, codec);
        gatherer_take(f, payload, len[i] + 3);
        expect(f, BYTES(0x51, 0x52, 0x53));
        assert_int_equal(f->d.malformed, malformed);
        for (size_t cut = 1; cut <= len[i]; cut++) {
            gatherer_reopen(f, codec);
            gatherer_take(f, payload, cut);
            assert_true(f->au.damaged);
            assert_int_equal(f->d.malformed, ++malformed);
        }
    }
}

static void test_vp8_descriptors(void **state)
{
    static const uint8_t table[][16] = {
        {0x10},                               //
        {0x90, 0x00},                         // X, of nothing
        {0x90, 0x80, 0x11},                   // PictureID of 7 bits
        {0x90, 0x80, 0x91, 0x22},             // of 15
        {0x90, 0x40, 0x07},                   // TL0PICIDX
        {0x90, 0x20, 0x40},                   // T
        {0x90, 0x10, 0x01},                   // K
        {0xb0, 0xf0, 0x91, 0x22, 0x07, 0x61}, // all of them, not referred to
    };
    static const size_t len[] = {1, 2, 3, 4, 3, 3, 3, 6};

    check_descriptors(*state, &rtsp_video_vp8, table, len, sizeof(len) / sizeof(len[0]));
}

static void test_vp9_descriptors(void **state)
{
    static const uint8_t table[][16] = {
        {0x08},                                                //
        {0x88, 0x11},                                          // picture ID of 7 bits
        {0x88, 0x91, 0x22},                                    // of 15
        {0xa8, 0x91, 0x22, 0x20, 0x07},                        // layers, TL0PICIDX
        {0xb8, 0x91, 0x22, 0x20},                              // flexible: without it
        {0xd8, 0x91, 0x22, 0x02},                              // P_DIFF
        {0xd8, 0x91, 0x22, 0x03, 0x05, 0x06},                  // three of them
        {0x0a, 0x00},                                          // structure, of nothing
        {0x0a, 0x30, 0, 1, 0, 2, 0, 3, 0, 4},                  // sizes of two layers
        {0x0a, 0x08, 0x02, 0x04, 0x01, 0x28, 0x01, 0x02},      // two pictures of a group
        {0xaa, 0x91, 0x22, 0x20, 0x07, 0x18, 2, 0x80, 1, 0xe0, // a camera's: GStreamer has these
         1, 0x04, 0x01},
    };
    static const size_t len[] = {1, 2, 3, 5, 4, 4, 6, 2, 10, 8, 13};

    check_descriptors(*state, &rtsp_video_vp9, table, len, sizeof(len) / sizeof(len[0]));
}

static void test_a_frame_of_several_payloads(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x10, 1, 2));
    gatherer_take(f, BYTES(0x00, 3));
    gatherer_take(f, BYTES(0x11, 4));           // the start of a second partition
    gatherer_take(f, (const uint8_t[1]){0}, 0); // a keepalive
    expect(f, BYTES(1, 2, 3, 4));
    rtsp_depacketise_vpx_end(&f->d, &f->au);
    assert_false(f->au.part_open);
    assert_false(f->d.in_fragment);

    gatherer_reopen(f, &rtsp_video_vp9);
    gatherer_take(f, BYTES(0x08, 1));
    gatherer_take(f, BYTES(0x04, 2));
    expect(f, BYTES(1, 2));
}

static void test_layers_are_one_part(void **state)
{
    struct gatherer *f = *state;

    gatherer_reopen(f, &rtsp_video_vp9);
    gatherer_take(f, BYTES(0x2c, 0x00, 7, 1, 2));
    gatherer_take(f, BYTES(0x28, 0x02, 7, 3));
    gatherer_take(f, BYTES(0x24, 0x02, 7, 4));
    expect(f, BYTES(1, 2, 3, 4));
}

static void test_a_lost_start(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x00, 1, 2));
    assert_true(f->au.damaged);
    assert_false(f->au.part_open);
    assert_int_equal(f->d.malformed, 0);
    gatherer_reopen(f, &rtsp_video_vp9);
    gatherer_take(f, BYTES(0x28, 0x02, 7, 3)); // of the second layer
    assert_true(f->au.damaged);
}

static void test_a_frame_that_begins_anew(void **state)
{
    struct gatherer *f = *state;

    gatherer_take(f, BYTES(0x10, 1, 2));
    gatherer_take(f, BYTES(0x10, 3));
    assert_true(f->au.damaged);
    assert_int_equal(f->au.len - f->au.part_start, 1);
}

static void test_random_bytes(void **state)
{
    struct gatherer *f = *state;
    uint64_t seed = 7;

    for (int round = 0; round < 100000; round++) {
        uint8_t data[48];
        size_t len = random_between(&seed, 0, sizeof(data));
        struct rtsp_unit unit;

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)next_random(&seed);
        gatherer_take(f, data, len);
        if (round % 20 > 0)
            continue;
        rtsp_depacketise_vpx_end(&f->d, &f->au);
        rtsp_access_unit_finish(&f->au, &unit);
        gatherer_reopen(f, round % 40 ? &rtsp_video_vp8 : &rtsp_video_vp9);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_vp8_descriptors),
        TEST(test_vp9_descriptors),
        TEST(test_a_frame_of_several_payloads),
        TEST(test_layers_are_one_part),
        TEST(test_a_lost_start),
        TEST(test_a_frame_that_begins_anew),
        TEST(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
