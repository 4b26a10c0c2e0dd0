// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rtsp_track_fixture.h"

#include <errno.h>

enum {
    FRAGMENT_LEN = 800
};

static void test_create(void **state)
{
    struct rtsp_track *track;

    (void)state;
    assert_int_equal(rtsp_track_create(NULL, ENG_VIDEO, 255, &units, &track), -EINVAL);
    assert_int_equal(rtsp_track_create(NULL, ENG_VIDEO, ENG_PAYLOAD_MAX + 1, &units, &track),
                     -EINVAL);
    rtsp_track_destroy(NULL);
}

static void test_video(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    for (uint32_t i = 0; i < 60; i++) {
        if (i % 30 == 0)
            send(&f, i * 3000, true, BYTES(IDR));
        else
            send(&f, i * 3000, true, BYTES(P));
        wait_ms(&f, 33);
    }
    assert_int_equal(stats(&f)->frames, 60);
    assert_int_equal(stats(&f)->keyframes, 2);
    assert_int_equal(stats(&f)->rtp_packets, 60);
    assert_int_equal(f.stream.count, 60);
    for (size_t i = 0; i < 60; i++) {
        const struct eng_packet *packet = &f.stream.packets[i].packet;
        unsigned flags = ENG_PACKET_FRAME_START | ENG_PACKET_MARKER;

        assert_int_equal(packet->flags, i % 30 ? flags : flags | ENG_PACKET_KEYFRAME);
        assert_true(packet->media_time ==
                    f.stream.packets[0].packet.media_time + 3000 * (int64_t)i);
        assert_true(llabs(packet->capture_ns - f.stream.packets[0].packet.capture_ns -
                          (int64_t)i * 33000000) < 30000000);
    }
    // SPS, PPS and the picture in one STAP-A.
    assert_int_equal(f.stream.packets[30].payload[0], 0x78);
    assert_int_equal(f.stream.packets[30].packet.len, 1 + 2 + 23 + 2 + 6 + 2 + 4);
    end(&f);
}

static void test_info(void **state)
{
    struct fixture f = {0};
    struct rtsp_format format = H264;
    const struct rtsp_track_info *info;

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    info = rtsp_track_info(f.track);
    assert_int_equal(info->codec, RTSP_CODEC_H264);
    assert_int_equal(info->clock_rate, 90000);
    assert_int_equal(info->width, 320);
    assert_int_equal(info->height, 240);
    assert_memory_equal(info->profile, "\x64\x00\x0d", 3);
    send(&f, 0, false, BYTES(SPS_1080));
    send(&f, 0, false, BYTES(PPS));
    send(&f, 0, true, BYTES(IDR));
    send(&f, 3000, true, BYTES(P));
    assert_int_equal(info->width, 1920);
    assert_int_equal(info->height, 1080);
    assert_memory_equal(info->profile, "\x64\x00\x28", 3);

    format.set[0].len = format.set[1].len = 0;
    begin(&f, ENG_VIDEO, &format);
    assert_int_equal(info->width, 0);
    assert_memory_equal(info->profile, "\0\0\0", 3);
    begin(&f, ENG_VIDEO, &OPUS); // does not belong there
    assert_int_equal(info->codec, RTSP_CODEC_NONE);
    send(&f, 0, true, BYTES(1, 2, 3));
    format.clock_rate = 1000;
    begin(&f, ENG_VIDEO, &format);
    assert_int_equal(info->codec, RTSP_CODEC_NONE);
    end(&f);
}

static void test_loss(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    for (uint32_t i = 0; i < 4; i++)
        send(&f, i * 3000, true, BYTES(IDR));
    send(&f, 12000, false, BYTES(0x5c, 0x81, 0x9a, 1, 2, 3));
    f.sequence += 2;
    send(&f, 12000, false, BYTES(0x5c, 0x41, 1, 2, 3)); // all that there was of it is gone
    send(&f, 12000, true, BYTES(P));
    assert_int_equal(stats(&f)->rtp_lost, 2);
    assert_int_equal(stats(&f)->frames, 5);
    assert_int_equal(stats(&f)->frames_damaged, 1);
    assert_int_equal(f.stream.packets[4].packet.len, 4);
    send(&f, 15000, false, BYTES(0x7c, 0x85, 0x88, 1, 2, 3));
    f.sequence++;
    send(&f, 15000, true, BYTES(0x7c, 0x45, 1, 2, 3));
    send(&f, 18000, true, BYTES(P));
    send(&f, 21000, true, BYTES(IDR));
    assert_int_equal(stats(&f)->rtp_lost, 3);
    assert_int_equal(stats(&f)->frames_dropped, 2);
    assert_int_equal(stats(&f)->frames, 6);
    f.sequence = (uint16_t)(f.sequence - 1);
    send(&f, 21000, true, BYTES(IDR));
    assert_int_equal(stats(&f)->rtp_late, 1);
    assert_int_equal(stats(&f)->frames, 6);
    end(&f);
}

static void test_malformed_packets(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    rtsp_track_rtp(f.track, BYTES(0x80, 96, 0), f.now);
    f.payload_type = 33;
    send(&f, 0, true, BYTES(IDR));
    f.payload_type = 96;
    send(&f, 0, false, BYTES(0x7f, 1, 2)); // no such type
    send(&f, 0, false, BYTES(0x78, 0xff, 0xff, 1));
    assert_int_equal(stats(&f)->rtp_packets, 4);
    assert_int_equal(stats(&f)->rtp_malformed, 4);
    end(&f);
}

static void test_b_frames(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 0, true, BYTES(IDR));
    send(&f, 9000, true, BYTES(P));
    assert_false(stats(&f)->b_frames);
    send(&f, 3000, true, BYTES(B));
    send(&f, 6000, true, BYTES(B));
    send(&f, 18000, true, BYTES(P));
    assert_true(stats(&f)->b_frames);
    assert_int_equal(stats(&f)->rtp_jumps, 0);
    for (size_t i = 1; i < f.stream.count; i++)
        assert_true(f.stream.packets[i].packet.media_time >
                    f.stream.packets[i - 1].packet.media_time);
    end(&f);
}

// Those that remain lie where they lay.
static void test_b_frames_are_dropped(void **state)
{
    struct fixture f = {0};

    (void)state;
    assert_int_equal(rtsp_track_create(&f.stream, ENG_VIDEO, 1180, &units, &f.track), 0);
    rtsp_track_drop_b_frames(f.track);
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 0, true, BYTES(IDR));
    for (uint32_t i = 0; i < 3; i++) {
        send(&f, i * 9000 + 9000, true, BYTES(P));
        send(&f, i * 9000 + 3000, true, BYTES(B));
        send(&f, i * 9000 + 6000, true, BYTES(B));
    }
    send(&f, 36000, true, BYTES(P));
    send(&f, 45000, true, BYTES(P));
    assert_int_equal(stats(&f)->b_frames_dropped, 6);
    assert_true(stats(&f)->b_frames_missing);
    assert_int_equal(stats(&f)->frames_dropped, 0);
    assert_false(stats(&f)->b_frames);
    assert_in_range(f.stream.count, 5, 6);
    for (size_t i = 1; i < f.stream.count; i++)
        assert_true(f.stream.packets[i].packet.media_time ==
                    f.stream.packets[0].packet.media_time + (int64_t)i * 9000);
    begin(&f, ENG_VIDEO, &H264);
    assert_false(stats(&f)->b_frames_missing);
    end(&f);
}

static void test_new_session(void **state)
{
    struct fixture f = {0};
    int64_t before;

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    for (uint32_t i = 0; i < 4; i++) {
        send(&f, i * 3000, true, BYTES(IDR));
        wait_ms(&f, 33);
    }
    send(&f, 12000, false, BYTES(0x7c, 0x85, 0x88, 1, 2, 3)); // cut off in the middle
    before = f.stream.packets[3].packet.media_time;
    wait_ms(&f, 5000);
    f.sequence = 40000;
    f.ssrc = 99;
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 77, true, BYTES(P)); // nobody can show it
    send(&f, 3077, true, BYTES(IDR));
    send(&f, 6077, true, BYTES(P));
    send(&f, 9077, true, BYTES(P));
    assert_int_equal(f.stream.count, 4 + 3);
    assert_int_equal(f.stream.packets[4].packet.flags & ENG_PACKET_KEYFRAME, ENG_PACKET_KEYFRAME);
    assert_true(llabs(f.stream.packets[4].packet.media_time - before - 3000 - 5 * 90000) < 3100);
    assert_int_equal(stats(&f)->rtp_lost + stats(&f)->rtp_jumps, 0);
    end(&f);
}

// Another's pictures go out in the stream meanwhile.
static void test_yields(void **state)
{
    struct fixture f = {0};
    struct rtsp_clock other;

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 0, true, BYTES(IDR));
    send(&f, 3000, false, BYTES(0x7c, 0x85, 0x88, 1, 2, 3)); // in the middle
    other = *rtsp_track_yield(f.track);
    send(&f, 6000, true, BYTES(P)); // refers to what came before them
    assert_int_equal(f.stream.count, 1);
    // A keyframe that has its time already when the last of them goes out.
    send(&f, 9000, false, BYTES(IDR));
    other.last_media += 90000;
    rtsp_track_pass(f.track, &other);
    send(&f, 12000, true, BYTES(P));
    send(&f, 15000, true, BYTES(P)); // ends the one before, whatever markers are worth
    assert_in_range(f.stream.count, 3, 4);
    assert_int_equal(f.stream.packets[1].packet.flags & ENG_PACKET_KEYFRAME, ENG_PACKET_KEYFRAME);
    assert_true(f.stream.packets[1].packet.media_time > other.last_media);
    assert_true(f.stream.packets[2].packet.media_time > f.stream.packets[1].packet.media_time);
    end(&f);
}

static void test_new_ssrc(void **state)
{
    struct fixture f = {0};
    int64_t before;

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    for (uint32_t i = 0; i < 4; i++) {
        send(&f, i * 3000, true, BYTES(IDR));
        wait_ms(&f, 33);
    }
    before = f.stream.packets[3].packet.media_time;
    f.ssrc = 5;
    f.sequence = 50000;
    send(&f, 4000000000u, true, BYTES(IDR));
    assert_int_equal(f.stream.count, 5);
    assert_int_equal(stats(&f)->rtp_lost + stats(&f)->rtp_jumps, 0);
    assert_true(llabs(f.stream.packets[4].packet.media_time - before - 3000) < 100);
    end(&f);
}

static void test_random_bytes(void **state)
{
    struct fixture f = {0};
    uint64_t seed = 11;
    int64_t offset = 0;
    int64_t last = -1;

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    for (int round = 0; round < 100000; round++) {
        uint8_t data[80];
        size_t len = random_between(&seed, 0, sizeof(data));

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)next_random(&seed);
        if (round % 3 == 0) {
            rtsp_track_rtp(f.track, data, len, f.now);
        } else if (round % 3 == 1) {
            rtsp_track_rtcp(f.track, data, len, &offset);
        } else if (len > 0) {
            static const uint8_t types[] = {0x65, 0x41, 0x78, 0x7c, 0x67, 0x68, 0x00, 0x61};

            data[0] = types[next_random(&seed) % sizeof(types)];
            f.sequence = (uint16_t)(f.sequence + (next_random(&seed) % 16 == 0));
            send(&f, next_random(&seed) % 4 ? (uint32_t)round * 100 : next_random(&seed),
                 next_random(&seed) % 2, data, len);
        }
        wait_ms(&f, next_random(&seed) % 10);
    }
    assert_true(stats(&f)->frames > 0);
    for (size_t i = 0; i < f.stream.count; i++) {
        const struct eng_packet *packet = &f.stream.packets[i].packet;

        if (packet->flags & ENG_PACKET_FRAME_START)
            assert_true(packet->media_time > last);
        else
            assert_true(packet->media_time == last);
        last = packet->media_time;
    }
    end(&f);
}

// A fragment of a slice, all of it the same byte, which must begin a slice header.
static void send_fragment(struct fixture *f, uint32_t timestamp, uint8_t fu_header, uint8_t fill)
{
    uint8_t payload[FRAGMENT_LEN];

    memset(payload, fill, sizeof(payload));
    payload[0] = 0x7c;
    payload[1] = fu_header;
    send(f, timestamp, fu_header & 0x40, payload, sizeof(payload));
}

// Takes the published fragments apart again. Returns their bytes, all of which are fill.
static size_t count_fill(const struct fixture *f, uint8_t fill)
{
    size_t count = 0;

    for (size_t i = 0; i < f->stream.count; i++) {
        const struct recorded *r = &f->stream.packets[i];

        if (r->payload[0] != 0x7c)
            continue; // parameter sets
        for (size_t at = 2; at < r->packet.len; at++, count++)
            assert_int_equal(r->payload[at], fill);
    }
    return count;
}

static void test_cameras_that_send_at_the_same_time(void **state)
{
    static const uint8_t fu_headers[] = {0x85, 0x05, 0x45};
    struct fixture a = {0};
    struct fixture b = {0};

    (void)state;
    begin(&a, ENG_VIDEO, &H264);
    begin(&b, ENG_VIDEO, &H264);
    for (uint32_t i = 0; i < 10; i++) {
        for (size_t part = 0; part < 3; part++) {
            bool open = part < 2 || i < 2; // until the markers are believed

            send_fragment(&a, i * 3000, fu_headers[part], 0x88);
            send_fragment(&b, i * 3000, fu_headers[part], 0xb8);
            assert_int_equal(units.borrowed, open ? 2 : 0);
        }
    }
    assert_int_equal(count_fill(&a, 0x88), 10 * 3 * (FRAGMENT_LEN - 2));
    assert_int_equal(count_fill(&b, 0xb8), 10 * 3 * (FRAGMENT_LEN - 2));
    end(&a);
    end(&b);
}

static void test_rooms_come_back(void **state)
{
    struct rtsp_format unknown = {.codec = RTSP_CODEC_NONE};
    struct fixture f = {0};
    struct fixture audio = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    begin(&audio, ENG_AUDIO, &OPUS);
    send(&audio, 0, false, BYTES(0xfc, 1));
    assert_int_equal(units.borrowed, 0);
    for (uint32_t i = 0; i < 10; i++) // each leaves its unit open
        send(&f, i * 3000, false, BYTES(IDR));
    assert_int_equal(units.borrowed, 1);
    send_fragment(&f, 30000, 0x85, 0x88);
    rtsp_track_end(f.track);
    rtsp_track_end(f.track);
    rtsp_track_end(audio.track);
    assert_int_equal(units.borrowed, 0);
    assert_int_equal(stats(&f)->frames, 10);

    send_fragment(&f, 30000, 0x45, 0x88); // a straggler: nothing is left that it belongs to
    assert_int_equal(units.borrowed, 1);
    begin(&f, ENG_VIDEO, &unknown);
    assert_int_equal(units.borrowed, 0);
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 0, false, BYTES(IDR));
    assert_int_equal(units.borrowed, 1);
    end(&f);
    end(&audio);
    assert_int_equal(units.borrowed, 0);
}

// A picture of two fragmented slices of equal size, a pic_timing in front of each: one train.
static void test_timing_sei_splits_no_train(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_VIDEO, &H264);
    send(&f, 0, true, BYTES(IDR));
    for (unsigned slice = 0; slice < 2; slice++) {
        send(&f, 3000, false, BYTES(0x06, 0x01, 0x01, 0x12, 0x80));
        send_fragment(&f, 3000, 0x81, 0x98);
        send_fragment(&f, 3000, 0x01, 0x98);
        send_fragment(&f, 3000, 0x41, 0x98);
    }
    send(&f, 6000, true, BYTES(IDR));
    assert_int_equal(f.stream.count, 1 + 6);
    assert_int_equal(recorder_trains(&f.stream, 1, 7), 1);
    end(&f);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(rtsp_state_name(RTSP_STALLED), "stalled");
    assert_string_equal(rtsp_codec_name(RTSP_CODEC_NONE), "none");
    assert_string_equal(rtsp_codec_name(RTSP_CODEC_OPUS), "opus");
    assert_string_equal(rtsp_codec_name(RTSP_CODEC_G722), "G722");
    assert_string_equal(rtsp_codec_name(RTSP_CODEC_L16), "L16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_malformed_packets),
        cmocka_unit_test(test_b_frames),
        cmocka_unit_test(test_b_frames_are_dropped),
        cmocka_unit_test(test_new_session),
        cmocka_unit_test(test_yields),
        cmocka_unit_test(test_new_ssrc),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_cameras_that_send_at_the_same_time),
        cmocka_unit_test(test_rooms_come_back),
        cmocka_unit_test(test_timing_sei_splits_no_train),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, free_rooms);
}
