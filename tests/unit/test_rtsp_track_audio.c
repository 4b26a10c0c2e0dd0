// SPDX-License-Identifier: Apache-2.0
//
// Tracks of sound, and what sender reports say of sound and picture.
#include "tests/unit/rtsp_track_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opus),
        cmocka_unit_test(test_pcm_is_cut),
        cmocka_unit_test(test_ticks_of_audio),
        cmocka_unit_test(test_sender_reports),
    };

    return cmocka_run_group_tests(tests, NULL, free_rooms);
}
