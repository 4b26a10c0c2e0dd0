// SPDX-License-Identifier: Apache-2.0
//
// H.265 from payloads to access units and back to payloads. What all codecs share is tested with
// H.264: test_rtsp_access_unit.c, test_rtsp_depacketise_h264.c, test_rtsp_packetise_h264.c.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/h265.h"
#include "tests/support/gatherer.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

// As x265 writes them: 320x240, B-frames, an open group of pictures.
#define VPS                                                                                   \
    0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, \
        0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09
#define SPS                                                                                       \
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,     \
        0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0f, 0x16, 0x59, 0x59, 0x64, 0x93, 0x2b, 0xc0, 0x5a, \
        0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10
#define PPS    0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40
#define SEI    0x4e, 0x01, 0x05, 0x01, 0xaa, 0x80
#define TIMING 0x4e, 0x01, 0x01, 0x03, 0x01, 0x02, 0xa0, 0x80
#define IDR    0x28, 0x01, 0xaf, 0x1d
#define CRA    0x2a, 0x01, 0xac, 0x20
#define RASL   0x10, 0x01, 0xe0, 0xe6
#define P      0x02, 0x01, 0xd0, 0x19
#define P_REST 0x02, 0x01, 0x54, 0x80 // not the first slice segment

enum {
    PAYLOAD_MAX = 1180
};

static int setup(void **state)
{
    return gatherer_setup(state, &rtsp_video_h265);
}

// Notes the types of a published unit: "32 33 34 20"; units are parted by " | ", keyframes have a K
// in front.
static void log_unit(struct gatherer *f, const struct rtsp_unit *unit)
{
    size_t len = strlen(f->log);

    len += (size_t)sprintf(f->log + len, "%s%s", len > 0 ? " | " : "", unit->keyframe ? "K" : "");
    for (size_t i = 0; i < unit->part_count; i++)
        len += (size_t)sprintf(f->log + len, "%s%u", i > 0 ? " " : "",
                               rtsp_h265_type(unit->part[i].data));
}

static void begin(struct gatherer *f, uint32_t timestamp)
{
    if (!f->au.open)
        rtsp_access_unit_open(&f->au, timestamp);
}

static void finish(struct gatherer *f)
{
    struct rtsp_unit unit;

    rtsp_video_h265.end(&f->d, &f->au);
    if (rtsp_access_unit_finish(&f->au, &unit))
        log_unit(f, &unit);
    rtsp_access_unit_release(&f->au);
}

// A unit of one payload.
static void unit(struct gatherer *f, const uint8_t *payload, size_t len)
{
    begin(f, 0);
    gatherer_take(f, payload, len);
    finish(f);
}

static void expect(struct gatherer *f, const char *log)
{
    assert_string_equal(f->log, log);
    f->log[0] = '\0';
}

static void start(struct gatherer *f)
{
    begin(f, 0);
    gatherer_take(f, BYTES(VPS));
    gatherer_take(f, BYTES(SPS));
    gatherer_take(f, BYTES(PPS));
    gatherer_take(f, BYTES(IDR));
    finish(f);
    expect(f, "K32 33 34 20");
}

// ---- access units ----

static void test_parameter_sets_before_each_keyframe(void **state)
{
    struct gatherer *f = *state;

    unit(f, BYTES(IDR)); // of no use without
    unit(f, BYTES(P));
    expect(f, "");
    start(f);
    for (uint8_t type = RTSP_H265_BLA_W_LP; type <= RTSP_H265_CRA; type++)
        unit(f, BYTES((uint8_t)(type << 1), 0x01, 0xaf, 0x1d));
    unit(f, BYTES(P));
    expect(f, "K32 33 34 16 | K32 33 34 17 | K32 33 34 18 | K32 33 34 19 | K32 33 34 20 | "
              "K32 33 34 21 | 1");
    assert_int_equal(f->au.sets.live.width, 320);
    assert_int_equal(f->au.sets.live.height, 240);
    assert_memory_equal(f->au.sets.live.profile, "\x01\x00\x3c", 3);
    begin(f, 1); // its own, in another order
    gatherer_take(f, BYTES(SEI));
    gatherer_take(f, BYTES(PPS));
    gatherer_take(f, BYTES(VPS));
    gatherer_take(f, BYTES(SPS));
    gatherer_take(f, BYTES(IDR));
    finish(f);
    expect(f, "K32 33 34 39 20");
}

static void test_parameter_sets_from_elsewhere(void **state)
{
    struct gatherer *f = *state;

    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(SPS)), 0);
    unit(f, BYTES(IDR)); // one kind is missing
    expect(f, "");
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(VPS)), 0);
    assert_true(rtsp_access_unit_take_set(&f->au, BYTES(SEI)) < 0);
    assert_true(rtsp_access_unit_take_set(&f->au, BYTES(0x42)) < 0);
    unit(f, BYTES(IDR));
    expect(f, "K32 33 34 20");
}

static void test_left_out(void **state)
{
    struct gatherer *f = *state;

    start(f);
    begin(f, 1);
    gatherer_take(f, BYTES(0x46, 0x01, 0x10));             // access unit delimiter
    gatherer_take(f, BYTES(0x4c, 0x01, 0xff, 0x80));       // filler
    gatherer_take(f, BYTES(TIMING));                       //
    gatherer_take(f, BYTES(SEI));                          //
    gatherer_take(f, BYTES(0x03, 0x01, 0xd0, 0x19));       // of layer 32
    gatherer_take(f, BYTES(0x02, 0x09, 0xd0, 0x19));       // of layer 1
    gatherer_take(f, BYTES(P));                            //
    gatherer_take(f, BYTES(0x50, 0x01, 0x01, 0x00, 0x80)); // suffix SEI of timing
    finish(f);
    expect(f, "39 1");
    assert_int_equal(f->au.malformed, 0);
}

static void test_malformed(void **state)
{
    struct gatherer *f = *state;

    start(f);
    begin(f, 1);
    gatherer_take(f, BYTES(0x14, 0x01, 0xd0)); // reserved types
    gatherer_take(f, BYTES(0x2c, 0x01, 0xd0));
    gatherer_take(f, BYTES(0x52, 0x01, 0xd0));
    gatherer_take(f, BYTES(0x42, 0x01, 0x01)); // an SPS cut short
    gatherer_take(f, BYTES(P));
    finish(f);
    expect(f, "1");
    assert_int_equal(f->au.malformed, 4);
    assert_int_equal(f->au.damaged_units, 0); // the picture is whole
    begin(f, 2);
    gatherer_take(f, BYTES(P));
    gatherer_take(f, BYTES(0x02, 0x00, 0xd0, 0x19)); // no temporal sub-layer is -1
    gatherer_take(f, BYTES(0x82, 0x01, 0xd0, 0x19)); // forbidden bit
    gatherer_take(f, BYTES(0x02, 0x01));             // a slice cut short
    gatherer_take(f, BYTES(0x02));
    finish(f);
    expect(f, "1");
    assert_int_equal(f->au.malformed, 8);
    assert_int_equal(f->au.damaged_units, 1);
}

// They depend on pictures from before the CRA picture: of no use where it is the first one.
static void test_rasl_after_the_first_cra_is_left_out(void **state)
{
    struct gatherer *f = *state;

    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(VPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(SPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0);
    unit(f, BYTES(CRA));
    unit(f, BYTES(RASL));
    unit(f, BYTES(0x12, 0x01, 0xe0, 0xe6)); // RASL_R
    unit(f, BYTES(0x0c, 0x01, 0xe0, 0xe6)); // RADL_N needs nothing from before
    unit(f, BYTES(P));
    expect(f, "K32 33 34 21 | 6 | 1");
    assert_int_equal(f->au.dropped_units, 2);
    unit(f, BYTES(CRA));
    unit(f, BYTES(RASL));
    expect(f, "K32 33 34 21 | 8");
    // A lost CRA picture is a start again.
    begin(f, 1);
    rtsp_access_unit_part_lost(&f->au, true);
    finish(f);
    unit(f, BYTES(CRA));
    unit(f, BYTES(RASL));
    expect(f, "K32 33 34 21");
}

static void test_first_slice_segment_lost_in_a_gap(void **state)
{
    struct gatherer *f = *state;

    start(f);
    rtsp_access_unit_lost(&f->au, 1);
    unit(f, BYTES(P_REST));
    expect(f, "1");
    assert_int_equal(f->au.damaged_units, 1);
    rtsp_access_unit_ends_after(&f->au, false); // the gap is behind us
    unit(f, BYTES(P));
    assert_int_equal(f->au.damaged_units, 1);
}

// What begins each picture as x265 writes them: bframes=3, with b-pyramid=0 and an open group of
// pictures.
static void test_b_frames_are_dropped(void **state)
{
    struct gatherer *f = *state;

    start(f);
    f->au.drop_b_frames = true;
    unit(f, BYTES(0x02, 0x01, 0xd0, 0x21));
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x24));
    begin(f, 1);
    gatherer_take(f, BYTES(0x00, 0x01, 0xe0, 0x44));
    gatherer_take(f, BYTES(0x00, 0x01, 0x55, 0x01)); // another slice segment of it
    finish(f);
    unit(f, BYTES(0x02, 0x01, 0xd0, 0x41));
    expect(f, "1 | 1");
    assert_int_equal(f->au.dropped_b_frames, 2);
    // Leading pictures depend on one another, and nothing else on them.
    unit(f, BYTES(0x2a, 0x01, 0xac, 0x40));
    unit(f, BYTES(0x12, 0x01, 0xe1, 0xc2));
    unit(f, BYTES(0x10, 0x01, 0xe1, 0xa6));
    unit(f, BYTES(0x0e, 0x01, 0xd0, 0x21)); // RADL_R, a P-picture
    unit(f, BYTES(0x02, 0x01, 0xd0, 0xa1));
    expect(f, "K32 33 34 21 | 1");
    assert_int_equal(f->au.dropped_b_frames, 5);
    assert_false(f->au.b_frames);
    unit(f, BYTES(0x00, 0x01, 0xd0, 0x21)); // a P-picture, though none depends on it
    expect(f, "0");
    assert_false(f->au.b_frames);
}

// b-pyramid=1: the first B-picture of three is one that the other two depend on.
static void test_b_frames_that_others_depend_on_remain(void **state)
{
    struct gatherer *f = *state;

    start(f);
    f->au.drop_b_frames = true;
    unit(f, BYTES(0x02, 0x01, 0xd0, 0x21));
    unit(f, BYTES(0x02, 0x01, 0xe0, 0x44));
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x24));
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x66));
    expect(f, "1 | 1");
    assert_true(f->au.b_frames);
    assert_int_equal(f->au.dropped_b_frames, 2);
    f->au.drop_b_frames = false;
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x24));
    expect(f, "0");
}

// Of two temporal sub-layers the lower one's pictures are what those of the higher depend on.
static void test_b_frames_of_the_highest_sub_layer_only(void **state)
{
    static const uint8_t sps[] = {0x42, 0x01, 0x03, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00,
                                  0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x00, 0x00, 0xa0, 0x0a,
                                  0x08, 0x0f, 0x16, 0x59, 0x59, 0x64, 0x93, 0x2b, 0xc0};
    struct gatherer *f = *state;

    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(VPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, sps, sizeof(sps)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0);
    f->au.drop_b_frames = true;
    unit(f, BYTES(IDR));
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x24));
    unit(f, BYTES(0x00, 0x02, 0xe0, 0x24));
    expect(f, "K32 33 34 20 | 0");
    assert_int_equal(f->au.dropped_b_frames, 1);
}

// As cameras write for low delay: slices of type B, and an SPS that says that nothing is reordered.
static void test_b_slices_in_order_are_no_b_frames(void **state)
{
    static const uint8_t sps[] = {0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00,
                                  0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x88, 0x04,
                                  0x07, 0x11, 0x11, 0x96, 0xe9, 0x29, 0x30, 0xbc, 0x05, 0xa0, 0x20};
    struct gatherer *f = *state;

    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(VPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, sps, sizeof(sps)), 0);
    assert_int_equal(rtsp_access_unit_take_set(&f->au, BYTES(PPS)), 0);
    f->au.drop_b_frames = true;
    unit(f, BYTES(IDR));
    unit(f, BYTES(0x00, 0x01, 0xe0, 0x24));
    expect(f, "K32 33 34 20 | 0");
    assert_false(f->au.b_frames);
}

// ---- payloads ----

static void test_aggregate(void **state)
{
    struct gatherer *f = *state;

    begin(f, 0);
    gatherer_take(f, BYTES(0x60, 0x01, 0, 6, SEI, 0, 4, P));
    gatherer_expect(f, 0, BYTES(SEI));
    gatherer_expect(f, 1, BYTES(P));
    assert_false(f->au.damaged);
}

static void test_aggregate_truncated_at_every_byte(void **state)
{
    static const uint8_t full[] = {0x60, 0x01, 0, 6, SEI, 0, 4, P};

    for (size_t len = 0; len < sizeof(full); len++) {
        struct gatherer *f;

        setup(state);
        f = *state;
        begin(f, 0);
        gatherer_take(f, full, len);
        assert_int_equal(f->au.part_count, len >= 10);
        assert_int_equal(f->d.malformed, len != 0 && len != 2 && len != 10);
        gatherer_teardown(state);
    }
    setup(state);
}

static void test_fragments(void **state)
{
    struct gatherer *f = *state;

    begin(f, 0);
    gatherer_take(f, BYTES(0x62, 0x01, 0x81, 0xd0, 1));
    gatherer_take(f, BYTES(0x62, 0x01, 0x01, 2, 3));
    assert_int_equal(f->au.part_count, 0);
    gatherer_take(f, BYTES(0x62, 0x01, 0x41, 5));
    gatherer_expect(f, 0, BYTES(0x02, 0x01, 0xd0, 1, 2, 3, 5));
    gatherer_take(f, BYTES(0x62, 0x02, 0xc0, 0xe0, 9)); // start and end in one, of sub-layer 1
    gatherer_expect(f, 1, BYTES(0x00, 0x02, 0xe0, 9));
    assert_false(f->au.damaged);
    assert_int_equal(f->d.malformed, 0);
    gatherer_take(f, BYTES(0x62, 0x01, 0x81)); // a header and nothing else
    assert_int_equal(f->d.malformed, 1);
}

static void test_lost_fragment(void **state)
{
    struct gatherer *f = *state;

    begin(f, 0);
    gatherer_take(f, BYTES(0x62, 0x01, 0x81, 0xd0, 1));
    rtsp_video_h265.lose(&f->d, &f->au);
    gatherer_take(f, BYTES(0x62, 0x01, 0x41, 5));
    assert_int_equal(f->au.part_count, 0);
    assert_true(f->au.damaged);
    assert_false(f->au.keyframe_lost);
    gatherer_take(f, BYTES(0x62, 0x01, 0x55, 5)); // of a CRA picture, its start is missing
    assert_true(f->au.keyframe_lost);
}

static void test_paci_is_refused(void **state)
{
    struct gatherer *f = *state;

    begin(f, 0);
    for (uint8_t type = RTSP_H265_PACI; type < 64; type++)
        gatherer_take(f, BYTES((uint8_t)(type << 1), 0x01, 0x28, 0, P));
    assert_int_equal(f->d.refused, 14);
    assert_int_equal(f->au.part_count, 0);
    assert_true(f->au.damaged);
}

static void test_annex_b(void **state)
{
    struct gatherer *f = *state;

    begin(f, 0);
    gatherer_take(f, BYTES(0, 0, 0, 1, SEI, 0, 0, 1, P));
    gatherer_expect(f, 0, BYTES(SEI));
    gatherer_expect(f, 1, BYTES(P));
    assert_int_equal(f->au.malformed + f->d.malformed, 0);
}

static void test_random_payloads(void **state)
{
    struct gatherer *f = *state;
    uint32_t x = 3;

    start(f);
    for (int round = 0; round < 100000; round++) {
        uint8_t data[64];
        size_t len = (x = x * 1664525 + 1013904223) >> 26;

        for (size_t i = 0; i < len; i++) {
            x = x * 1664525 + 1013904223;
            data[i] = (uint8_t)(x >> 24 & (x & 0x800 ? 0xff : 0x01)); // zeros and ones at times
        }
        if (len > 1 && round & 1) {
            data[0] = round & 2 ? 0x62 : 0x60;
            data[1] = 0x01;
        }
        begin(f, (uint32_t)round);
        gatherer_take(f, data, len);
        if (round % 100 == 99)
            finish(f);
        f->log[0] = '\0';
    }
}

// ---- round trip ----

struct picture {
    struct rtsp_unit unit;
    struct rtsp_part part[32];
};

static void add(struct picture *p, const uint8_t *head, size_t head_len, size_t len, uint64_t *seed)
{
    uint8_t *data = malloc(len);

    // No zeros: random ones could make a start code, and none may stand at the end.
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(next_random(seed) % 255 + 1);
    memcpy(data, head, len < head_len ? len : head_len);
    p->part[p->unit.part_count++] = (struct rtsp_part){data, len};
    p->unit.part = p->part;
    p->unit.codec = &rtsp_video_h265;
}

static void clear(struct picture *p)
{
    for (size_t i = 0; i < p->unit.part_count; i++)
        free((uint8_t *)p->part[i].data);
    p->unit.part_count = 0;
}

static void check_round_trip(struct gatherer *f, const struct eng_stream *stream,
                             const struct picture *p, size_t payload_max)
{
    begin(f, 0);
    for (size_t i = 0; i < stream->count; i++) {
        assert_in_range(stream->packets[i].packet.len, 1, payload_max);
        gatherer_take(f, stream->packets[i].payload, stream->packets[i].packet.len);
    }
    assert_int_equal(f->d.malformed + f->d.refused + f->au.malformed, 0);
    assert_int_equal(f->au.part_count, p->unit.part_count);
    for (size_t i = 0; i < f->au.part_count; i++)
        gatherer_expect(f, i, p->part[i].data, p->part[i].len);
    rtsp_access_unit_release(&f->au);
}

static void test_keyframe_as_payloads(void **state)
{
    struct gatherer *f = *state;
    struct eng_stream stream = {0};
    struct picture p = {.unit.keyframe = true};
    uint64_t seed = 2;

    add(&p, BYTES(VPS), 24, &seed);
    add(&p, BYTES(SPS), 42, &seed);
    add(&p, BYTES(PPS), 7, &seed);
    add(&p, BYTES(IDR), 30000, &seed);
    rtsp_video_h265.packetise(&stream, &p.unit, PAYLOAD_MAX, 12345, 67890);
    assert_int_equal(stream.count, 1 + 26);
    assert_int_equal(recorder_trains(&stream, 0, stream.count), 2);
    assert_memory_equal(stream.packets[0].payload, "\x60\x01\x00\x18\x40", 5);
    assert_int_equal(stream.packets[0].packet.len, 2 + 2 + 24 + 2 + 42 + 2 + 7);
    assert_memory_equal(stream.packets[1].payload, "\x62\x01\x94\xaf", 4);
    assert_memory_equal(stream.packets[2].payload, "\x62\x01\x14", 3);
    assert_memory_equal(stream.packets[26].payload, "\x62\x01\x54", 3);
    for (size_t i = 0; i < stream.count; i++) {
        unsigned flags = ENG_PACKET_KEYFRAME | (i == 0 ? ENG_PACKET_FRAME_START : 0) |
                         (i == 26 ? ENG_PACKET_MARKER : 0);

        assert_int_equal(stream.packets[i].packet.flags, flags);
        assert_true(stream.packets[i].packet.media_time == 12345);
    }
    check_round_trip(f, &stream, &p, PAYLOAD_MAX);
    recorder_clear(&stream);
    clear(&p);
}

static void test_round_trip(void **state)
{
    static const uint8_t heads[][3] = {
        {0x02, 0x01, 0xd0}, {0x00, 0x02, 0xe0}, {0x28, 0x01, 0xaf}, {0x4e, 0x03, 0x05}};
    struct gatherer *f = *state;
    uint64_t seed = 3;
    size_t trains = 0;
    size_t nals = 0;

    for (int round = 0; round < 400; round++) {
        struct eng_stream stream = {0};
        struct picture p = {0};
        size_t count = random_between(&seed, 1, 20);
        size_t payload_max = random_between(&seed, 256, ENG_PAYLOAD_MAX);

        for (size_t i = 0; i < count; i++) {
            // Most are small, a few as large as they get.
            size_t most = next_random(&seed) % 6 ? 2000 : 60000;

            add(&p, heads[next_random(&seed) % 4], 3, random_between(&seed, 4, most), &seed);
        }
        rtsp_video_h265.packetise(&stream, &p.unit, payload_max, 0, 0);
        check_round_trip(f, &stream, &p, payload_max);
        trains += recorder_trains(&stream, 0, stream.count);
        nals += count;
        recorder_clear(&stream);
        clear(&p);
    }
    assert_true(trains <= nals);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, gatherer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_parameter_sets_before_each_keyframe),
        TEST(test_parameter_sets_from_elsewhere),
        TEST(test_left_out),
        TEST(test_malformed),
        TEST(test_rasl_after_the_first_cra_is_left_out),
        TEST(test_first_slice_segment_lost_in_a_gap),
        TEST(test_b_frames_are_dropped),
        TEST(test_b_frames_that_others_depend_on_remain),
        TEST(test_b_frames_of_the_highest_sub_layer_only),
        TEST(test_b_slices_in_order_are_no_b_frames),
        TEST(test_aggregate),
        cmocka_unit_test_teardown(test_aggregate_truncated_at_every_byte, gatherer_teardown),
        TEST(test_fragments),
        TEST(test_lost_fragment),
        TEST(test_paci_is_refused),
        TEST(test_annex_b),
        TEST(test_random_payloads),
        TEST(test_keyframe_as_payloads),
        TEST(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
