// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <cmocka.h>

#include "rtsp/track.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define SPS                                                                                   \
    0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83, 0xf6, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, \
        0x20, 0x00, 0x00, 0x07, 0x81, 0xe2, 0x85, 0x49
#define SPS_1080                                                                              \
    0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, \
        0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58
#define PPS 0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0
#define IDR 0x65, 0x88, 0x84, 0x11
#define P   0x41, 0x9a, 0x23, 0x11
#define B   0x01, 0x9e, 0x62, 0x6a

enum {
    FRAGMENT_LEN = 800
};

static const struct rtsp_format H264 = {
    .codec = RTSP_CODEC_H264,
    .payload_type = 96,
    .clock_rate = 90000,
    .set = {{.data = {SPS}, .len = 23}, {.data = {PPS}, .len = 6}},
};

static const struct rtsp_format OPUS = {
    .codec = RTSP_CODEC_OPUS,
    .payload_type = 97,
    .clock_rate = 48000,
    .channels = 2,
};

static struct rtsp_unit_pool units; // of all tracks, as they are on one thread

// A camera's end of one track.
struct fixture {
    struct eng_stream stream;
    struct rtsp_track *track;
    struct rtsp_now now;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t ssrc;
};

static void begin(struct fixture *f, enum eng_track kind, const struct rtsp_format *format)
{
    if (!f->track)
        assert_int_equal(rtsp_track_create(&f->stream, kind, 1180, &units, &f->track), 0);
    if (f->now.mono_ns == 0)
        f->now = (struct rtsp_now){1000000000, 1700000000000000000};
    f->payload_type = format->payload_type;
    rtsp_track_begin(f->track, format);
}

static void end(struct fixture *f)
{
    rtsp_track_destroy(f->track);
    recorder_clear(&f->stream);
    *f = (struct fixture){0};
}

static void wait_ms(struct fixture *f, int64_t ms)
{
    f->now.mono_ns += ms * 1000000;
    f->now.real_ns += ms * 1000000;
}

static void send(struct fixture *f, uint32_t timestamp, bool marker, const uint8_t *payload,
                 size_t len)
{
    uint8_t *packet = malloc(12 + len);

    packet[0] = 0x80;
    packet[1] = (uint8_t)((marker ? 0x80 : 0) | f->payload_type);
    packet[2] = (uint8_t)(f->sequence >> 8);
    packet[3] = (uint8_t)f->sequence;
    for (unsigned i = 0; i < 4; i++) {
        packet[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
        packet[8 + i] = (uint8_t)(f->ssrc >> (24 - 8 * i));
    }
    memcpy(packet + 12, payload, len);
    f->sequence++;
    rtsp_track_rtp(f->track, packet, 12 + len, f->now);
    free(packet);
}

static const struct rtsp_track_stats *stats(const struct fixture *f)
{
    return rtsp_track_stats(f->track);
}

static int free_rooms(void **state)
{
    (void)state;
    rtsp_unit_pool_fini(&units);
    return 0;
}

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

static void test_opus(void **state)
{
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_AUDIO, &OPUS);
    assert_int_equal(rtsp_track_info(f.track)->channels, 2);
    for (uint32_t i = 0; i < 10; i++) {
        send(&f, 960 * i, false, BYTES(0xfc, 1, 2, 3));
        wait_ms(&f, 20);
    }
    send(&f, 9600, false, BYTES(0xfc));
    send(&f, 9600, false, (const uint8_t *)"", 0); // empty: nothing to play
    assert_int_equal(f.stream.count, 11);
    assert_int_equal(stats(&f)->frames, 11);
    assert_int_equal(f.stream.packets[9].packet.media_time, 9 * 960);
    assert_int_equal(f.stream.packets[9].packet.len, 4);
    assert_int_equal(f.stream.packets[9].track, ENG_AUDIO);
    end(&f);
}

static void test_pcm_is_cut(void **state)
{
    static const struct rtsp_format pcmu = {
        .codec = RTSP_CODEC_PCMU, .payload_type = 0, .clock_rate = 8000, .channels = 1};
    static const uint8_t second[8000];
    struct fixture f = {0};

    (void)state;
    begin(&f, ENG_AUDIO, &pcmu);
    send(&f, 0, false, second, sizeof(second));
    wait_ms(&f, 1000);
    send(&f, 8000, false, second, sizeof(second));
    assert_int_equal(f.stream.count, 14);
    assert_int_equal(f.stream.packets[7].packet.media_time, 8000);
    // The next session begins at once, within the time of what was cut.
    begin(&f, ENG_AUDIO, &pcmu);
    send(&f, 0, false, second, sizeof(second));
    wait_ms(&f, 1000);
    send(&f, 8000, false, second, sizeof(second));
    assert_int_equal(f.stream.count, 21);
    assert_int_equal(stats(&f)->rtp_malformed, 1);
    for (size_t i = 1; i < f.stream.count; i++)
        assert_true(f.stream.packets[i].packet.media_time >
                    f.stream.packets[i - 1].packet.media_time);
    end(&f);
}

// 20 ms in each payload: the clocks of G.722 and of L16 say how long they are.
static void test_ticks_of_audio(void **state)
{
    static const struct {
        struct rtsp_format format;
        size_t payload_len, pieces, piece_len;
    } cases[] = {
        {{.codec = RTSP_CODEC_G722, .payload_type = 9, .clock_rate = 8000, .channels = 1},
         160,
         1,
         160},
        {{.codec = RTSP_CODEC_L16, .payload_type = 11, .clock_rate = 44100, .channels = 1},
         2 * 882,
         2,
         882},
        {{.codec = RTSP_CODEC_L16, .payload_type = 98, .clock_rate = 48000, .channels = 2},
         4 * 960,
         4,
         960},
    };
    static const uint8_t payload[4 * 960];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t ticks = cases[i].format.clock_rate / 50;
        size_t pieces = cases[i].pieces;
        struct fixture f = {0};

        begin(&f, ENG_AUDIO, &cases[i].format);
        assert_int_equal(rtsp_track_info(f.track)->clock_rate, cases[i].format.clock_rate);
        for (uint32_t n = 0; n < 5; n++) {
            send(&f, n * ticks, false, payload, cases[i].payload_len);
            wait_ms(&f, 20);
        }
        assert_int_equal(f.stream.count, 5 * pieces);
        for (size_t n = 0; n < f.stream.count; n++) {
            assert_int_equal(f.stream.packets[n].packet.len, cases[i].piece_len);
            assert_int_equal(f.stream.packets[n].packet.media_time, n * ticks / pieces);
        }
        assert_int_equal(stats(&f)->rtp_jumps, 0);
        end(&f);
    }
}

static void send_report(struct fixture *f, uint32_t ssrc, uint32_t ntp_seconds, uint32_t timestamp,
                        int64_t *offset)
{
    uint8_t sr[28] = {0x80, 200, 0, 6};

    for (unsigned i = 0; i < 4; i++) {
        sr[4 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
        sr[8 + i] = (uint8_t)(ntp_seconds >> (24 - 8 * i));
        sr[16 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
    }
    rtsp_track_rtcp(f->track, sr, sizeof(sr), offset);
}

static void test_sender_reports(void **state)
{
    struct fixture video = {0};
    struct fixture audio = {0};
    int64_t offset = 0;

    (void)state;
    begin(&video, ENG_VIDEO, &H264);
    begin(&audio, ENG_AUDIO, &OPUS);
    send(&video, 0, true, BYTES(IDR));
    send_report(&video, 1234, 1000, 0, &offset); // not its SSRC
    assert_int_equal(offset, 0);
    send_report(&video, 0, 1000, 0, &offset);
    assert_int_not_equal(offset, 0);
    send(&video, 3000, true, BYTES(IDR));
    send(&video, 6000, true, BYTES(IDR));
    // The camera says that this sound is 500 ms younger than the first picture.
    send(&audio, 0, false, BYTES(0xfc, 1));
    send_report(&audio, 0, 1000, 0u - 24000, &offset);
    send(&audio, 960, false, BYTES(0xfc, 1));
    assert_int_equal(video.stream.count, 3);
    assert_true(llabs(audio.stream.packets[1].packet.capture_ns -
                      video.stream.packets[0].packet.capture_ns - 520000000) < 2000000);
    end(&video);
    end(&audio);
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
        cmocka_unit_test(test_opus),
        cmocka_unit_test(test_pcm_is_cut),
        cmocka_unit_test(test_ticks_of_audio),
        cmocka_unit_test(test_sender_reports),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_cameras_that_send_at_the_same_time),
        cmocka_unit_test(test_rooms_come_back),
        cmocka_unit_test(test_timing_sei_splits_no_train),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, free_rooms);
}
