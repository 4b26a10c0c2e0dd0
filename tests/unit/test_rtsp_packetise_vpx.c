// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "rtsp/access_unit.h"
#include "rtsp/depacketise_vpx.h"
#include "rtsp/packetise_vpx.h"
#include "tests/unit/rtsp_recorder.h"

enum {
    MEDIA_TIME = 12345,
    CAPTURE_NS = 67890,
};

static uint8_t frame[60000];

static void fill_frame(void)
{
    uint64_t seed = 1;

    for (size_t i = 0; i < sizeof(frame); i++)
        frame[i] = (uint8_t)next_random(&seed);
}

static void check_packets(const struct eng_stream *stream, bool keyframe, size_t payload_max)
{
    for (size_t i = 0; i < stream->count; i++) {
        const struct eng_packet *packet = &stream->packets[i].packet;
        unsigned flags = keyframe ? ENG_PACKET_KEYFRAME : 0;

        if (i == 0)
            flags |= ENG_PACKET_FRAME_START;
        if (i + 1 == stream->count)
            flags |= ENG_PACKET_MARKER;
        assert_int_equal(packet->flags, flags);
        assert_in_range(packet->len, 2, payload_max);
        assert_true(packet->media_time == MEDIA_TIME);
        assert_true(packet->capture_ns == CAPTURE_NS);
        assert_int_equal(stream->packets[i].track, ENG_VIDEO);
    }
}

// Depacketised again, the frame is what it was.
static void check_round_trip(const struct rtsp_video_codec *codec, const struct eng_stream *stream,
                             size_t len)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_depacketiser d = {0};
    struct rtsp_access_unit au;

    rtsp_access_unit_init(&au, &pool);
    rtsp_access_unit_begin(&au, codec);
    rtsp_access_unit_open(&au, 0);
    for (size_t i = 0; i < stream->count; i++)
        codec->depacketise(&d, &au,
                           &(struct rtsp_rtp){.payload = stream->packets[i].payload,
                                              .payload_len = stream->packets[i].packet.len});
    assert_int_equal(d.malformed, 0);
    assert_false(au.damaged);
    assert_int_equal(au.len, len);
    assert_memory_equal(au.room->data, frame, len);
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

static void check(const struct rtsp_video_codec *codec, size_t len, bool keyframe,
                  size_t payload_max)
{
    const struct rtsp_part part = {frame, len};
    const struct rtsp_unit unit = {.part = &part, .part_count = 1, .keyframe = keyframe};
    struct eng_stream stream = {0};

    codec->packetise(&stream, &unit, payload_max, MEDIA_TIME, CAPTURE_NS);
    check_packets(&stream, keyframe, payload_max);
    assert_int_equal(stream.count, (len + payload_max - 2) / (payload_max - 1));
    assert_int_equal(recorder_trains(&stream, 0, stream.count), 1);
    check_round_trip(codec, &stream, len);
    recorder_clear(&stream);
}

static void test_frames_of_all_sizes(void **state)
{
    (void)state;
    fill_frame();
    for (size_t len = 1; len < sizeof(frame); len += len < 3000 ? 1 : 777) {
        check(&rtsp_video_vp8, len, len % 7 == 0, 1180);
        check(&rtsp_video_vp9, len, len % 7 == 0, 256 + len % 900);
    }
}

// One byte each, in the first, a middle and the last packet.
static void expect_descriptors(const struct rtsp_video_codec *codec, bool keyframe,
                               const char descriptors[3])
{
    const struct rtsp_part part = {frame, 600};
    const struct rtsp_unit unit = {.part = &part, .part_count = 1, .keyframe = keyframe};
    struct eng_stream stream = {0};

    codec->packetise(&stream, &unit, 256, MEDIA_TIME, CAPTURE_NS);
    assert_int_equal(stream.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(stream.packets[i].payload[0], descriptors[i]);
    recorder_clear(&stream);
}

static void test_descriptors(void **state)
{
    (void)state;
    expect_descriptors(&rtsp_video_vp8, true, "\x10\x00\x00");
    expect_descriptors(&rtsp_video_vp8, false, "\x10\x00\x00");
    expect_descriptors(&rtsp_video_vp9, true, "\x08\x00\x04");
    expect_descriptors(&rtsp_video_vp9, false, "\x48\x40\x44");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_of_all_sizes),
        cmocka_unit_test(test_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
