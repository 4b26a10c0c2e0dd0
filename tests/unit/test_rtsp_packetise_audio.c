// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <cmocka.h>

#include "rtsp/packetise_audio.h"
#include "tests/unit/rtsp_recorder.h"

static void test_opus_goes_on_as_it_is(void **state)
{
    struct rtsp_audio opus = {.payload_max = 256, .clock_rate = 48000};
    struct eng_stream stream = {0};
    uint8_t payload[ENG_PAYLOAD_MAX + 1] = {1, 2, 3};

    (void)state;
    assert_int_equal(rtsp_packetise_audio(&opus, &stream, payload, 3, 7, 8), 0);
    assert_int_equal(rtsp_packetise_audio(&opus, &stream, payload, ENG_PAYLOAD_MAX, 9, 10), 0);
    assert_int_equal(rtsp_packetise_audio(&opus, &stream, payload, sizeof(payload), 11, 12),
                     -EMSGSIZE);
    assert_int_equal(stream.count, 2);
    assert_int_equal(stream.packets[0].packet.len, 3);
    assert_int_equal(stream.packets[0].packet.flags, ENG_PACKET_FRAME_START);
    assert_int_equal(stream.packets[0].packet.media_time, 7);
    assert_int_equal(stream.packets[0].packet.capture_ns, 8);
    assert_int_equal(stream.packets[0].track, ENG_AUDIO);
    assert_memory_equal(stream.packets[0].payload, payload, 3);
    recorder_clear(&stream);
}

static void cut(size_t len, unsigned tick_len, size_t payload_max, size_t pieces)
{
    struct rtsp_audio pcm = {.payload_max = payload_max, .clock_rate = 8000, .tick_len = tick_len};
    struct eng_stream stream = {0};
    uint8_t payload[4096];
    size_t done = 0;

    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7);
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, payload, len, 1000, 0), 0);
    assert_int_equal(stream.count, pieces);
    for (size_t i = 0; i < stream.count; i++) {
        const struct eng_packet *packet = &stream.packets[i].packet;

        assert_in_range(packet->len, 1, payload_max);
        assert_int_equal(packet->len % tick_len, 0);
        assert_int_equal(packet->media_time, 1000 + done / tick_len);
        assert_int_equal(packet->capture_ns, done / tick_len * 125000);
        assert_memory_equal(stream.packets[i].payload, payload + done, packet->len);
        assert_int_equal(packet->flags, ENG_PACKET_FRAME_START);
        done += packet->len;
    }
    assert_int_equal(done, len - len % tick_len);
    recorder_clear(&stream);
}

static void test_pcm_is_cut_between_ticks(void **state)
{
    (void)state;
    cut(160, 1, 1180, 1);
    cut(1180, 1, 1180, 1);
    cut(1181, 1, 1180, 2);
    cut(4000, 1, 1180, 4);
    cut(2000, 2, 257, 8);
    cut(1001, 2, 256, 4);
    cut(4095, 4, 1181, 4); // L16 in stereo
    for (size_t len = 1; len < 4096; len++)
        cut(len, 1, 256, (len + 255) / 256);
}

static void test_half_a_tick(void **state)
{
    struct rtsp_audio pcm = {.payload_max = 256, .clock_rate = 8000, .tick_len = 2};
    struct eng_stream stream = {0};

    (void)state;
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, (const uint8_t[]){1}, 1, 0, 0), -EBADMSG);
    assert_int_equal(stream.count, 0);
}

// A payload that is longer than its camera's timestamps say takes the time of the next ones.
static void test_no_time_comes_twice(void **state)
{
    struct rtsp_audio pcm = {.payload_max = 256, .clock_rate = 8000, .tick_len = 1};
    struct eng_stream stream = {0};
    static const uint8_t payload[600];

    (void)state;
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, payload, 600, 1000, 0), 0);
    assert_int_equal(stream.count, 3);
    assert_int_equal(stream.packets[2].packet.media_time, 1400);
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, payload, 160, 1160, 0), -EBADMSG);
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, payload, 160, 1400, 0), -EBADMSG);
    assert_int_equal(stream.count, 3);
    assert_int_equal(rtsp_packetise_audio(&pcm, &stream, payload, 160, 1401, 0), 0);
    assert_int_equal(stream.count, 4);
    recorder_clear(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opus_goes_on_as_it_is),
        cmocka_unit_test(test_pcm_is_cut_between_ticks),
        cmocka_unit_test(test_half_a_tick),
        cmocka_unit_test(test_no_time_comes_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
