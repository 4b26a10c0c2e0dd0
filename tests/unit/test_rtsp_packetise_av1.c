// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/av1.h"
#include "rtsp/depacketise_av1.h"
#include "rtsp/packetise_av1.h"
#include "tests/unit/rtsp_recorder.h"

enum {
    OBUS_MAX = 40,
    MEDIA_TIME = 12345,
    CAPTURE_NS = 67890,
};

struct unit {
    struct rtsp_unit unit;
    struct rtsp_part obu[OBUS_MAX];
};

// A metadata OBU: the depacketiser takes it with anything in it.
static void add(struct unit *u, size_t len, uint64_t *seed)
{
    uint8_t *data = malloc(len);

    for (size_t i = 1; i < len; i++)
        data[i] = (uint8_t)next_random(seed);
    data[0] = RTSP_OBU_METADATA << 3;
    u->obu[u->unit.part_count++] = (struct rtsp_part){data, len};
    u->unit.part = u->obu;
}

static void clear(struct unit *u)
{
    for (size_t i = 0; i < u->unit.part_count; i++)
        free((uint8_t *)u->obu[i].data);
    u->unit.part_count = 0;
}

static void check_packets(const struct eng_stream *stream, const struct unit *u, size_t payload_max)
{
    for (size_t i = 0; i < stream->count; i++) {
        const struct eng_packet *packet = &stream->packets[i].packet;
        unsigned header = stream->packets[i].payload[0];
        unsigned flags = u->unit.keyframe ? ENG_PACKET_KEYFRAME : 0;
        bool first = i == 0;
        bool last = i + 1 == stream->count;

        flags |= first ? ENG_PACKET_FRAME_START : 0;
        flags |= last ? ENG_PACKET_MARKER : 0;
        assert_int_equal(packet->flags, flags);
        assert_in_range(packet->len, 2, payload_max);
        assert_true(packet->media_time == MEDIA_TIME);
        assert_true(packet->capture_ns == CAPTURE_NS);
        // Only the unit's ends are those of an OBU.
        assert_int_equal(header >> 7, !first);
        assert_int_equal(header >> 6 & 1, !last);
        assert_in_range(header >> 4 & 3, 1, 3);
        assert_int_equal(header & 0x0f, first && u->unit.keyframe ? 0x08 : 0);
    }
}

// Depacketised again, the unit is what it was.
static void check_round_trip(const struct eng_stream *stream, const struct unit *u)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_depacketiser d = {0};
    struct rtsp_access_unit au;

    rtsp_access_unit_init(&au, &pool);
    rtsp_access_unit_begin(&au, &rtsp_video_av1);
    rtsp_access_unit_open(&au, 0);
    for (size_t i = 0; i < stream->count; i++)
        rtsp_depacketise_av1(&d, &au,
                             &(struct rtsp_rtp){.payload = stream->packets[i].payload,
                                                .payload_len = stream->packets[i].packet.len});
    assert_int_equal(d.malformed + au.malformed, 0);
    assert_false(au.damaged);
    assert_int_equal(au.part_count, u->unit.part_count);
    for (size_t i = 0; i < au.part_count; i++) {
        assert_int_equal(au.room->part[i].len, u->obu[i].len);
        assert_memory_equal(au.room->data + au.room->part[i].offset, u->obu[i].data, u->obu[i].len);
    }
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

// Returns how many packets it took; *trains, may be NULL: how many trains.
static size_t check(const struct unit *u, size_t payload_max, size_t *trains)
{
    struct eng_stream stream = {0};
    size_t count;

    rtsp_packetise_av1(&stream, &u->unit, payload_max, MEDIA_TIME, CAPTURE_NS);
    check_packets(&stream, u, payload_max);
    check_round_trip(&stream, u);
    count = stream.count;
    if (trains)
        *trains = recorder_trains(&stream, 0, count);
    recorder_clear(&stream);
    return count;
}

static void test_one_obu(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (size_t len = 2; len < 20000; len += len < 3000 ? 1 : 333) {
        struct unit u = {.unit.keyframe = len % 2};
        size_t trains;

        add(&u, len, &seed);
        assert_int_equal(check(&u, 1180, &trains), (len + 1178) / 1179);
        assert_int_equal(trains, 1);
        clear(&u);
    }
}

// A keyframe: sequence header and frame. One train, and where the frame is small one packet.
static void test_two_obus(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (size_t len = 2; len < 5000; len++) {
        struct unit u = {.unit.keyframe = true};
        size_t trains;

        add(&u, 13, &seed);
        add(&u, len, &seed);
        assert_true(check(&u, 1180, &trains) <= (len + 13 + 4 + 1178) / 1179);
        assert_int_equal(trains, 1);
        clear(&u);
    }
}

// The first ends wherever it likes, above all near the end of a payload.
static void test_an_end_at_every_place(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (size_t len = 2; len < 1100; len++) {
        struct unit u = {0};

        add(&u, len, &seed);
        add(&u, 1100 - len + 2, &seed);
        assert_in_range(check(&u, 256, NULL), 5, 6);
        clear(&u);
    }
}

static void test_many_obus(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct unit u = {.unit.keyframe = round % 2};
        size_t count = random_between(&seed, 1, OBUS_MAX);

        for (size_t i = 0; i < count; i++)
            add(&u, random_between(&seed, RTSP_AV1_OBU_MIN, next_random(&seed) % 4 ? 300 : 3000),
                &seed);
        check(&u, random_between(&seed, 256, ENG_PAYLOAD_MAX), NULL);
        clear(&u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_obu),
        cmocka_unit_test(test_two_obus),
        cmocka_unit_test(test_an_end_at_every_place),
        cmocka_unit_test(test_many_obus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
