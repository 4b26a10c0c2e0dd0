// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdio.h>
#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/h264.h"
#include "rtsp/plan.h"
#include "tests/unit/rtsp_recorder.h"

enum {
    NALS_MAX = RTSP_UNIT_PARTS_MAX,
    MEDIA_TIME = 12345,
    CAPTURE_NS = 67890,
};

static const uint8_t SPS[] = {0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83,
                              0xf6, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20,
                              0x00, 0x00, 0x07, 0x81, 0xe2, 0x85, 0x49};
static const uint8_t PPS[] = {0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0};

struct unit {
    struct rtsp_unit unit;
    struct rtsp_part nal[NALS_MAX];
};

static void add(struct unit *u, const uint8_t *head, size_t head_len, size_t len, uint64_t *seed)
{
    uint8_t *data = malloc(len);

    // No zeros: random ones could make a start code, and none may stand at the end.
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(next_random(seed) % 255 + 1);
    memcpy(data, head, len < head_len ? len : head_len);
    u->nal[u->unit.part_count++] = (struct rtsp_part){data, len};
    u->unit.part = u->nal;
    u->unit.codec = &rtsp_video_h264;
}

static void add_slice(struct unit *u, bool idr, size_t len, uint64_t *seed)
{
    add(u, idr ? (const uint8_t[]){0x65, 0x88} : (const uint8_t[]){0x41, 0x9a}, 2, len, seed);
    u->unit.keyframe = idr;
}

static void clear(struct unit *u)
{
    for (size_t i = 0; i < u->unit.part_count; i++)
        free((uint8_t *)u->nal[i].data);
    u->unit.part_count = 0;
}

static void packetise(struct eng_stream *stream, const struct unit *u, size_t payload_max)
{
    rtsp_video_h264.packetise(stream, &u->unit, payload_max, MEDIA_TIME, CAPTURE_NS);
}

static void check_packets(const struct eng_stream *stream, const struct unit *u, size_t payload_max)
{
    for (size_t i = 0; i < stream->count; i++) {
        const struct eng_packet *packet = &stream->packets[i].packet;
        unsigned flags = u->unit.keyframe ? ENG_PACKET_KEYFRAME : 0;

        if (i == 0)
            flags |= ENG_PACKET_FRAME_START;
        if (i + 1 == stream->count)
            flags |= ENG_PACKET_MARKER;
        assert_int_equal(packet->flags, flags);
        assert_in_range(packet->len, 1, payload_max);
        assert_true(packet->media_time == MEDIA_TIME);
        assert_true(packet->capture_ns == CAPTURE_NS);
        assert_int_equal(stream->packets[i].track, ENG_VIDEO);
    }
}

// Depacketised again, the unit is what it was.
static void check_round_trip(struct rtsp_access_unit *au, const struct eng_stream *stream,
                             const struct unit *u)
{
    struct rtsp_depacketiser d = {0};

    rtsp_access_unit_open(au, 0);
    for (size_t i = 0; i < stream->count; i++)
        rtsp_video_h264.depacketise(
            &d, au,
            &(struct rtsp_rtp){.payload = stream->packets[i].payload,
                               .payload_len = stream->packets[i].packet.len});
    assert_int_equal(d.malformed + d.refused + au->malformed, 0);
    assert_int_equal(au->part_count, u->unit.part_count);
    for (size_t i = 0; i < au->part_count; i++) {
        assert_int_equal(au->room->part[i].len, u->nal[i].len);
        assert_memory_equal(au->room->data + au->room->part[i].offset, u->nal[i].data,
                            u->nal[i].len);
    }
    rtsp_access_unit_release(au);
}

static void test_one_slice(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (size_t len = 2; len < 20000; len += 333) {
        struct eng_stream stream = {0};
        struct unit u = {0};

        add_slice(&u, false, len, &seed);
        packetise(&stream, &u, 1180);
        check_packets(&stream, &u, 1180);
        assert_int_equal(recorder_trains(&stream, 0, stream.count), 1);
        for (size_t i = 1; i + 1 < stream.count; i++)
            assert_int_equal(stream.packets[i].packet.len, stream.packets[0].packet.len);
        recorder_clear(&stream);
        clear(&u);
    }
}

static void test_keyframe(void **state)
{
    struct eng_stream stream = {0};
    struct unit u = {0};
    uint64_t seed = 2;

    (void)state;
    add(&u, SPS, sizeof(SPS), sizeof(SPS), &seed);
    add(&u, PPS, sizeof(PPS), sizeof(PPS), &seed);
    add(&u, (const uint8_t[]){0x06}, 1, 100, &seed);
    add_slice(&u, true, 30000, &seed);
    packetise(&stream, &u, 1180);
    check_packets(&stream, &u, 1180);
    assert_int_equal(stream.count, 1 + 26);
    assert_int_equal(recorder_trains(&stream, 0, stream.count), 2);
    assert_int_equal(stream.packets[0].payload[0], 0x60 | RTSP_NAL_STAP_A); // NRI: the highest
    assert_int_equal(stream.packets[0].packet.len, 1 + 2 + sizeof(SPS) + 2 + sizeof(PPS) + 2 + 100);
    assert_int_equal(stream.packets[1].payload[0], 0x60 | RTSP_NAL_FU_A);
    assert_int_equal(stream.packets[1].payload[1], 0x85);
    assert_int_equal(stream.packets[2].payload[1], 0x05);
    assert_int_equal(stream.packets[26].payload[1], 0x45);
    recorder_clear(&stream);
    clear(&u);
}

static void test_round_trip(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_access_unit au;
    uint64_t seed = 3;
    size_t trains = 0;
    size_t nals = 0;

    (void)state;
    rtsp_access_unit_init(&au, &pool);
    rtsp_access_unit_begin(&au, &rtsp_video_h264);
    for (int round = 0; round < 400; round++) {
        struct eng_stream stream = {0};
        struct unit u = {0};
        size_t count = random_between(&seed, 1, 20);
        size_t payload_max = random_between(&seed, 256, ENG_PAYLOAD_MAX);
        bool idr = next_random(&seed) % 4 == 0;

        for (size_t i = 0; i < count; i++) {
            // Most are small, a few as large as they get.
            size_t most = next_random(&seed) % 6 ? 2000 : 60000;

            add_slice(&u, idr, random_between(&seed, 2, most), &seed);
        }
        packetise(&stream, &u, payload_max);
        check_packets(&stream, &u, payload_max);
        check_round_trip(&au, &stream, &u);
        trains += recorder_trains(&stream, 0, stream.count);
        nals += count;
        recorder_clear(&stream);
        clear(&u);
    }
    assert_true(trains <= nals);
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

// A NAL unit of one byte, an end of sequence, and more NAL units than are planned at once.
static void test_many_tiny_units(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_access_unit au;
    struct eng_stream stream = {0};
    struct unit *u = calloc(1, sizeof(*u));
    uint64_t seed = 4;

    (void)state;
    rtsp_access_unit_init(&au, &pool);
    rtsp_access_unit_begin(&au, &rtsp_video_h264);
    for (size_t i = 0; i < NALS_MAX; i++)
        add(u, (const uint8_t[]){0x0a}, 1, 1, &seed);
    packetise(&stream, u, 256);
    check_packets(&stream, u, 256);
    check_round_trip(&au, &stream, u);
    assert_int_equal(stream.count, NALS_MAX / RTSP_PLAN_NALS_MAX);
    assert_int_equal(recorder_trains(&stream, 0, stream.count), 1);
    recorder_clear(&stream);
    clear(u);
    free(u);
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

static void test_slices_are_a_train_each_at_most(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (size_t slices = 2; slices <= 16; slices *= 2) {
        size_t trains = 0;

        for (int round = 0; round < 100; round++) {
            struct eng_stream stream = {0};
            struct unit u = {0};

            for (size_t i = 0; i < slices; i++)
                add_slice(&u, false, random_between(&seed, 5000 / slices, 11000 / slices), &seed);
            packetise(&stream, &u, 1180);
            trains += recorder_trains(&stream, 0, stream.count);
            recorder_clear(&stream);
            clear(&u);
        }
        print_message("%zu slices of together 8,000 bytes: %zu.%02zu trains\n", slices,
                      trains / 100, trains % 100);
        assert_true(trains <= slices * 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_slice),
        cmocka_unit_test(test_keyframe),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_many_tiny_units),
        cmocka_unit_test(test_slices_are_a_train_each_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
