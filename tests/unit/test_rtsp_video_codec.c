// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "rtsp/track.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

// Whole frames of 176x144 behind the shortest payload descriptor or aggregation header.
#define VP8_KEY      0x10, 0x30, 0x46, 0x00, 0x9d, 0x01, 0x2a, 0xb0, 0x00, 0x90, 0x00
#define VP8_INTER    0x10, 0x31, 0x02, 0x00
#define VP9_KEY      0x08, 0x92, 0x49, 0x83, 0x42, 0x00, 0x05, 0x78, 0x04, 0x7b, 0x00
#define VP9_INTER    0x48, 0x86, 0x00
#define AV1_SEQUENCE 0x08, 0x00, 0x00, 0x00, 0x03, 0xbd, 0x7c, 0x79
#define AV1_KEY      0x30, 0x10, 0x22
#define AV1_INTER    0x10, 0x30, 0x30, 0x33

static struct rtsp_unit_pool units;

// A camera's end of one track. Each frame is 3,000 ticks after the one before.
struct fixture {
    struct eng_stream stream;
    struct rtsp_track *track;
    struct rtsp_now now;
    uint16_t sequence;
    uint32_t timestamp;
};

static void begin(struct fixture *f, enum rtsp_codec codec)
{
    const struct rtsp_format format = {.codec = codec, .payload_type = 96, .clock_rate = 90000};

    *f = (struct fixture){.now = {1000000000, 1700000000000000000}};
    assert_int_equal(rtsp_track_create(&f->stream, ENG_VIDEO, 1180, &units, &f->track), 0);
    rtsp_track_begin(f->track, &format);
}

static void end(struct fixture *f)
{
    rtsp_track_destroy(f->track);
    recorder_clear(&f->stream);
}

static void send(struct fixture *f, bool marker, const uint8_t *payload, size_t len)
{
    uint8_t *packet = calloc(1, 12 + len);

    packet[0] = 0x80;
    packet[1] = (uint8_t)((marker ? 0x80 : 0) | 96);
    packet[2] = (uint8_t)(f->sequence >> 8);
    packet[3] = (uint8_t)f->sequence;
    for (unsigned i = 0; i < 4; i++)
        packet[4 + i] = (uint8_t)(f->timestamp >> (24 - 8 * i));
    memcpy(packet + 12, payload, len);
    f->sequence++;
    rtsp_track_rtp(f->track, packet, 12 + len, f->now);
    free(packet);
}

static void next_frame(struct fixture *f)
{
    f->timestamp += 3000;
    f->now.mono_ns += 33333333;
    f->now.real_ns += 33333333;
}

// A frame in one packet.
static void frame(struct fixture *f, const uint8_t *payload, size_t len)
{
    send(f, true, payload, len);
    next_frame(f);
}

static void expect(const struct fixture *f, uint64_t frames, uint64_t keyframes, uint64_t dropped)
{
    const struct rtsp_track_stats *stats = rtsp_track_stats(f->track);

    assert_int_equal(stats->frames, frames);
    assert_int_equal(stats->keyframes, keyframes);
    assert_int_equal(stats->frames_dropped, dropped);
    assert_int_equal(stats->frames_damaged, 0);
}

static void expect_info(const struct fixture *f, enum rtsp_codec codec, const char profile[3])
{
    const struct rtsp_track_info *info = rtsp_track_info(f->track);

    assert_int_equal(info->codec, codec);
    assert_memory_equal(info->profile, profile, 3);
    assert_int_equal(info->width, 176);
    assert_int_equal(info->height, 144);
}

// Three frames, after which the marker is believed.
static void begin_vp8(struct fixture *f)
{
    begin(f, RTSP_CODEC_VP8);
    frame(f, BYTES(VP8_KEY));
    frame(f, BYTES(VP8_INTER));
    frame(f, BYTES(VP8_INTER));
    expect(f, 3, 1, 0);
}

static void test_vp8(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, RTSP_CODEC_VP8);
    frame(&f, BYTES(VP8_INTER)); // nothing is shown before the first keyframe
    frame(&f, BYTES(VP8_KEY));
    expect(&f, 0, 0, 1);
    frame(&f, BYTES(VP8_INTER));
    expect_info(&f, RTSP_CODEC_VP8, "\0\0\0");
    frame(&f, BYTES(VP8_INTER)); // by now the marker is believed
    expect(&f, 3, 1, 1);
    assert_int_equal(f.stream.packets[0].packet.flags,
                     ENG_PACKET_FRAME_START | ENG_PACKET_MARKER | ENG_PACKET_KEYFRAME);
    assert_int_equal(f.stream.packets[1].packet.flags, ENG_PACKET_FRAME_START | ENG_PACKET_MARKER);
    assert_memory_equal(f.stream.packets[0].payload, ((const uint8_t[]){VP8_KEY}), 11);
    end(&f);
}

static void test_vp9(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, RTSP_CODEC_VP9);
    for (int i = 0; i < 4; i++)
        frame(&f, BYTES(VP9_KEY));
    frame(&f, BYTES(VP9_INTER));
    expect(&f, 5, 4, 0);
    expect_info(&f, RTSP_CODEC_VP9, "\2\0\0");
    assert_int_equal(f.stream.packets[4].payload[0], 0x4c);
    end(&f);
}

static void test_av1(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, RTSP_CODEC_AV1);
    frame(&f, BYTES(0x18, AV1_KEY)); // of an unknown sequence
    frame(&f, BYTES(0x28, 8, AV1_SEQUENCE, AV1_KEY));
    frame(&f, BYTES(AV1_INTER));
    frame(&f, BYTES(0x18, AV1_KEY));
    expect(&f, 3, 2, 1);
    expect_info(&f, RTSP_CODEC_AV1, "\0\0\0");
    for (size_t i = 0; i < 3; i += 2) { // both keyframes have their sequence header
        assert_int_equal(f.stream.packets[i].packet.len, 13);
        assert_memory_equal(f.stream.packets[i].payload,
                            ((const uint8_t[]){0x28, 8, AV1_SEQUENCE, AV1_KEY}), 13);
    }
    end(&f);
}

// A marker on each packet cuts no frame into two.
static void test_markers_that_mean_nothing(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, RTSP_CODEC_VP8);
    for (int i = 0; i < 10; i++) {
        send(&f, true, BYTES(VP8_KEY));
        send(&f, true, BYTES(0x00, 1, 2, 3));
        next_frame(&f);
    }
    expect(&f, 9, 9, 0);
    assert_int_equal(f.stream.packets[8].packet.len, 11 + 3);
    end(&f);
}

static void test_lost_middle(void **state)
{
    struct fixture f;

    (void)state;
    begin_vp8(&f);
    send(&f, false, BYTES(VP8_INTER));
    f.sequence++;
    frame(&f, BYTES(0x00, 1, 2));
    expect(&f, 3, 1, 1);
    frame(&f, BYTES(VP8_INTER)); // whole, but refers to what was lost
    expect(&f, 3, 1, 2);
    frame(&f, BYTES(VP8_KEY));
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 5, 2, 2);
    end(&f);
}

static void test_lost_ends(void **state)
{
    struct fixture f;

    (void)state;
    begin_vp8(&f);
    send(&f, false, BYTES(VP8_INTER)); // its end is missing
    next_frame(&f);
    f.sequence++;
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 3, 1, 2);
    frame(&f, BYTES(VP8_KEY));
    expect(&f, 4, 2, 2);
    f.sequence++;
    frame(&f, BYTES(0x00, 1, 2)); // its start is missing
    frame(&f, BYTES(VP8_INTER));
    frame(&f, BYTES(VP8_KEY));
    assert_int_equal(rtsp_track_stats(f.track)->keyframes, 3);
    assert_int_equal(rtsp_track_stats(f.track)->frames, 5);
    end(&f);
}

static void test_a_frame_is_lost_as_a_whole(void **state)
{
    struct fixture f;

    (void)state;
    begin_vp8(&f);
    next_frame(&f);
    f.sequence++;
    frame(&f, BYTES(VP8_INTER));
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 3, 1, 2);
    next_frame(&f);
    f.sequence++;
    frame(&f, BYTES(VP8_KEY)); // refers to nothing
    expect(&f, 4, 2, 2);
    end(&f);
}

static void test_broken_frames(void **state)
{
    struct fixture f;

    (void)state;
    begin_vp8(&f);
    frame(&f, BYTES(0x10, 0x30, 0x46, 0x00, 0x9d, 0x01, 0x2b, 0xb0, 0x00, 0x90, 0x00));
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 3, 1, 2);
    assert_int_equal(rtsp_track_stats(f.track)->rtp_malformed, 1);
    frame(&f, BYTES(VP8_KEY));
    frame(&f, BYTES(0x90, 0x80)); // a descriptor and no more
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 4, 2, 3);
    assert_int_equal(rtsp_track_stats(f.track)->rtp_malformed, 2);
    end(&f);
}

static void test_too_large(void **state)
{
    static uint8_t payload[60000] = {0x00, 1};
    struct fixture f;

    (void)state;
    begin_vp8(&f);
    send(&f, false, BYTES(VP8_INTER));
    for (size_t sent = 0; sent <= RTSP_UNIT_BYTES_MAX; sent += sizeof(payload))
        send(&f, false, payload, sizeof(payload));
    frame(&f, payload, sizeof(payload));
    assert_int_equal(rtsp_track_stats(f.track)->frames_oversize, 1);
    frame(&f, BYTES(VP8_INTER));
    expect(&f, 3, 1, 1);
    frame(&f, BYTES(VP8_KEY));
    expect(&f, 4, 2, 1);
    end(&f);
}

static int free_rooms(void **state)
{
    (void)state;
    rtsp_unit_pool_fini(&units);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vp8),
        cmocka_unit_test(test_vp9),
        cmocka_unit_test(test_av1),
        cmocka_unit_test(test_markers_that_mean_nothing),
        cmocka_unit_test(test_lost_middle),
        cmocka_unit_test(test_lost_ends),
        cmocka_unit_test(test_a_frame_is_lost_as_a_whole),
        cmocka_unit_test(test_broken_frames),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, free_rooms);
}
