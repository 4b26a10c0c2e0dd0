// SPDX-License-Identifier: Apache-2.0
//
// The client against scripted cameras, in memory, with a clock of the test's own.
#include "rtsp/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/transcode.h"
#include "tests/support/rtsp_client_bench.h"

static void run_plain(size_t piece)
{
    struct bench b;

    begin_at(&b, "rtsp://cam:8554/s", piece);
    expect_contains(&b, "CSeq: 1\r\n");
    expect_contains(&b, "User-Agent: rtcfan\r\n");
    expect_request(&b, "OPTIONS rtsp://cam:8554/s RTSP/1.0\r\n");
    feed(&b, public_ok);
    expect_contains(&b, "CSeq: 2\r\n");
    expect_contains(&b, "Accept: application/sdp\r\n");
    expect_request(&b, "DESCRIBE rtsp://cam:8554/s RTSP/1.0\r\n");
    feed_sdp(&b, "Content-Base: rtsp://cam:8554/s/\r\n", VIDEO_SDP AUDIO_SDP);
    expect_contains(&b, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
    expect_request(&b, "SETUP rtsp://cam:8554/s/track1 RTSP/1.0\r\n");
    feed(&b, setup_ok);
    expect_contains(&b, "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n");
    expect_contains(&b, "Session: 1234abcd\r\n");
    expect_request(&b, "SETUP rtsp://cam:8554/s/track2 RTSP/1.0\r\n");
    feed(&b, setup2_ok);
    expect_contains(&b, "Session: 1234abcd\r\n");
    expect_contains(&b, "Range: npt=0.000-\r\n");
    expect_request(&b, "PLAY rtsp://cam:8554/s/ RTSP/1.0\r\n");
    // Media may overtake the answer to PLAY.
    feed_frame(&b, 0);
    feed_frame(&b, 3);
    feed(&b, ok);
    feed_frame(&b, 2);
    feed_frame(&b, 1);
    feed_frame(&b, 9);
    expect_seen(&b, "RvAaV");
    assert_int_equal(rtsp_client_dropped(b.client), 1);
    assert_int_equal(rtsp_client_format(b.client, ENG_VIDEO)->codec, RTSP_CODEC_H264);
    assert_int_equal(rtsp_client_format(b.client, ENG_AUDIO)->codec, RTSP_CODEC_PCMU);

    // Half of 30 s.
    tick(&b, 14999);
    assert_string_equal(b.sent, "");
    tick(&b, 1);
    expect_contains(&b, "Session: 1234abcd\r\n");
    expect_request(&b, "GET_PARAMETER rtsp://cam:8554/s/ RTSP/1.0\r\n");
    feed(&b, ok);

    rtsp_client_stop(b.client, b.now_ms);
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    expect_contains(&b, "Session: 1234abcd\r\n");
    expect_request(&b, "TEARDOWN rtsp://cam:8554/s/ RTSP/1.0\r\n");
    feed_frame(&b, 0);
    feed(&b, ok);
    expect_seen(&b, "C");
    end(&b);
}

static void test_plain(void **state)
{
    (void)state;
    run_plain(1 << 20);
    for (size_t piece = 1; piece < 40; piece++)
        run_plain(piece);
}

// The camera goes away after every byte of the dialogue: nothing but waiting comes of it, then a
// timeout.
static void test_truncated_at_every_byte(void **state)
{
    char text[2048];
    size_t len;

    (void)state;
    len = (size_t)snprintf(text, sizeof(text),
                           "%sRTSP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s%s%s", public_ok,
                           strlen(VIDEO_SDP), VIDEO_SDP, setup_ok, ok);
    for (size_t cut = 0; cut <= len; cut++) {
        struct bench b;

        begin(&b);
        feed_bytes(&b, text, cut);
        assert_null(strchr(b.seen, 'F'));
        memset(b.seen, 0, sizeof(b.seen));
        tick(&b, RTSP_RESPONSE_MS);
        tick(&b, RTSP_TEARDOWN_MS);
        expect_seen(&b, cut == len ? "" : "F");
        if (cut < len)
            assert_non_null(strstr(b.text, "no answer to "));
        end(&b);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *answer;
        const char *text;
    } cases[] = {
        {"RTSP/1.0 404 Not Found\r\n\r\n",
         "404 from cam: no such stream; check the path in the source URL"},
        {"RTSP/1.0 500 Boom\r\n\r\n", "500 Boom from cam in answer to DESCRIBE; look into its log"},
        {"RTSP/1.0 200 OK\r\n\r\n",
         "cam describes the stream with an SDP that has no media; check the path"},
        {"RTSP/1.0 200 OK\r\nContent-Length: 46\r\n\r\n"
         "m=video 0 RTP/AVP 98\r\na=rtpmap:98 H266/90000\r\n",
         "the camera sends H266 as video, which browsers do not take; set it to H.264"},
        {"RTSP/1.0 200 OK\r\nContent-Length: 23\r\n\r\nm=audio 0 RTP/AVP 18 4\r\n",
         "the camera sends G729, G723 as audio, which browsers do not take; set it to Opus, G.711 "
         "or G.722"},
        {"RTSP/1.0 200 OK\r\nContent-Length: 29\r\n\r\nm=application 0 RTP/AVP 107\r\n",
         "cam offers no audio or video; check the path"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;

        begin(&b);
        // Cameras that do not know OPTIONS exist.
        feed(&b, "RTSP/1.0 501 Not Implemented\r\n\r\n");
        b.sent[0] = '\0';
        feed(&b, cases[i].answer);
        expect_seen(&b, "F");
        assert_string_equal(b.text, cases[i].text);
        // What still comes is ignored.
        feed(&b, cases[i].answer);
        expect_seen(&b, "");
        assert_string_equal(b.sent, "");
        end(&b);
    }
}

static void expect_urls(const char *headers, const char *controls, const char *setup,
                        const char *aggregate)
{
    char sdp[512];
    char line[RTSP_URL_MAX];
    struct bench b;

    begin(&b);
    feed(&b, ok);
    b.sent[0] = '\0';
    snprintf(sdp, sizeof(sdp), "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n%s", controls);
    // The session's own control stands before the first m= line.
    if (controls[0] == 'a' && strstr(controls, "|")) {
        snprintf(sdp, sizeof(sdp), "%.*s\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n%s",
                 (int)(strchr(controls, '|') - controls), controls, strchr(controls, '|') + 1);
    }
    feed_sdp(&b, headers, sdp);
    snprintf(line, sizeof(line), "SETUP %s RTSP/1.0\r\n", setup);
    expect_request(&b, line);
    feed(&b, setup_ok);
    snprintf(line, sizeof(line), "PLAY %s RTSP/1.0\r\n", aggregate);
    expect_request(&b, line);
    end(&b);
}

static void test_base_urls(void **state)
{
    (void)state;
    expect_urls("", "a=control:t1\n", "rtsp://cam/s/t1", "rtsp://cam/s");
    expect_urls("", "", "rtsp://cam/s", "rtsp://cam/s");
    expect_urls("Content-Base: rtsp://b/x/\r\nContent-Location: rtsp://l/\r\n", "a=control:t1\n",
                "rtsp://b/x/t1", "rtsp://b/x/");
    expect_urls("Content-Location: rtsp://l/y\r\n", "a=control:t1\n", "rtsp://l/y/t1",
                "rtsp://l/y");
    expect_urls("Content-Base: \r\n", "a=control:t1\n", "rtsp://cam/s/t1", "rtsp://cam/s");
    expect_urls("Content-Base: a b\r\n", "a=control:t1\n", "rtsp://cam/s/t1", "rtsp://cam/s");
    expect_urls("Content-Base: rtsp://b/\r\n", "a=control:rtsp://c/t\n", "rtsp://c/t", "rtsp://b/");
    expect_urls("Content-Base: rtsp://b/\r\n", "a=control:*|a=control:t1\n", "rtsp://b/t1",
                "rtsp://b/");
    expect_urls("", "a=control:rtsp://c/all|a=control:t1\n", "rtsp://cam/s/t1", "rtsp://c/all");
}

static void test_camera_numbers_the_channels(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP AUDIO_SDP);
    feed(&b, "RTSP/1.0 200 OK\r\nSession: a\r\nTransport: RTP/AVP/TCP;interleaved=6-7\r\n\r\n");
    // The session's id may change from SETUP to SETUP: the last one counts.
    feed(&b, "RTSP/1.0 200 OK\r\nSession: b\r\nTransport: RTP/AVP/TCP;interleaved=4-5\r\n\r\n");
    expect_contains(&b, "Session: b\r\n");
    feed(&b, ok);
    feed_frame(&b, 0);
    feed_frame(&b, 7);
    feed_frame(&b, 6);
    feed_frame(&b, 5);
    feed_frame(&b, 4);
    feed_frame(&b, 2);
    expect_seen(&b, "RVvAa");
    assert_int_equal(rtsp_client_dropped(b.client), 2);
    end(&b);
}

static void test_setup_refused(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP AUDIO_SDP);
    feed(&b, "RTSP/1.0 461 Unsupported Transport\r\n\r\n");
    expect_seen(&b, "F");
    assert_string_equal(
        b.text, "461 from cam: it refuses this transport; allow it in the camera, or set another "
                "one for the source");
    end(&b);

    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP AUDIO_SDP);
    feed(&b, "RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n\r\n");
    expect_seen(&b, "F");
    end(&b);

    // Without its sound the picture still plays.
    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP AUDIO_SDP);
    feed(&b, setup_ok);
    b.sent[0] = '\0';
    feed(&b, "RTSP/1.0 404 Not Found\r\n\r\n");
    expect_request(&b, "PLAY ");
    expect_seen(&b, "R");
    assert_null(rtsp_client_format(b.client, ENG_AUDIO));
    assert_non_null(rtsp_client_format(b.client, ENG_VIDEO));
    assert_string_equal(rtsp_client_note(b.client, ENG_AUDIO),
                        "404 from cam: no such stream; check the path in the source URL");
    assert_string_equal(rtsp_client_note(b.client, ENG_VIDEO), "");
    end(&b);
}

// What is carried plays; of the rest the client says what is wrong with it, session by session.
static void test_notes(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n");
    feed(&b, setup_ok);
    expect_seen(&b, "R");
    assert_string_equal(rtsp_client_note(b.client, ENG_VIDEO), "");
    assert_string_equal(rtsp_client_note(b.client, ENG_AUDIO),
                        "the camera sends PCMU/16000 as audio, which browsers do not take; set it "
                        "to Opus, G.711 or G.722");

    rtsp_client_start(b.client, b.now_ms);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 MPEG4-GENERIC/16000\r\n");
    assert_string_equal(
        rtsp_client_note(b.client, ENG_AUDIO),
        rtsp_transcoder()
            ? "the camera sends AAC, but neither in mode AAC-hbr or AAC-lbr nor as LATM with "
              "cpresent=0; set it to Opus or G.711"
            : "the camera sends AAC, and this rtcfan cannot make Opus of it; set the camera to Opus "
              "or G.711, or install what rtcfan --version says is missing");

    // It was set to something else meanwhile.
    rtsp_client_start(b.client, b.now_ms);
    feed(&b, ok);
    assert_string_not_equal(rtsp_client_note(b.client, ENG_AUDIO), "");
    feed_sdp(&b, "", "m=video 0 RTP/AVP 26\r\n" AUDIO_SDP);
    assert_string_equal(rtsp_client_note(b.client, ENG_VIDEO),
                        "the camera sends JPEG as video, which browsers do not take; set it to "
                        "H.264");
    assert_string_equal(rtsp_client_note(b.client, ENG_AUDIO), "");
    end(&b);
}

static void test_odd_answers_to_keepalives(void **state)
{
    static const char *const odd[] = {
        "RTSP/1.0 454 Session Not Found\r\nCSeq: 99\r\n\r\n",
        "RTSP/1.0 400 Bad Request\r\n\r\n",
        "RTSP/1.0 501 Not Implemented\r\nCSeq: x\r\n\r\n",
        "RTSP/1.0 302 Moved\r\nLocation: rtsp://x/\r\n\r\n",
        "RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct bench b;

        begin(&b);
        play_video(&b, public_ok);
        tick(&b, 15000);
        expect_request(&b, "GET_PARAMETER ");
        feed(&b, odd[i]);
        feed_frame(&b, 0);
        expect_seen(&b, "v");
        tick(&b, 15000);
        // What was refused is not asked for again.
        expect_request(&b, strstr(odd[i], "401") ? "GET_PARAMETER " : "OPTIONS ");
        // No answer at all.
        for (int n = 0; n < 10; n++)
            tick(&b, 15000);
        feed_frame(&b, 0);
        expect_seen(&b, "v");
        end(&b);
    }
}

static void test_requests_of_the_camera(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    play_video(&b, public_ok);
    feed_frame(&b, 0);
    feed(&b, "OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 77\r\n\r\n");
    expect_contains(&b, "CSeq: 77\r\n");
    expect_contains(&b, "Public: OPTIONS, GET_PARAMETER, SET_PARAMETER\r\n");
    expect_request(&b, "RTSP/1.0 200 OK\r\n");
    feed_frame(&b, 1);
    feed(&b, "SET_PARAMETER * RTSP/1.0\r\nCSeq: 78\r\nContent-Length: 3\r\n\r\na:b");
    expect_contains(&b, "CSeq: 78\r\nSession: 1234abcd\r\n");
    expect_request(&b, "RTSP/1.0 200 OK\r\n");
    feed_frame(&b, 0);
    feed(&b, "ANNOUNCE rtsp://x/ RTSP/1.0\r\nCSeq: 79\r\n\r\n");
    expect_contains(&b, "CSeq: 79\r\n");
    expect_request(&b, "RTSP/1.0 501 Not Implemented\r\n");
    expect_seen(&b, "vVv");
    feed(&b, "TEARDOWN rtsp://x/ RTSP/1.0\r\nCSeq: 80\r\n\r\n");
    expect_contains(&b, "CSeq: 80\r\n");
    expect_request(&b, "RTSP/1.0 200 OK\r\n");
    expect_seen(&b, "C");
    end(&b);
}

static void test_teardown(void **state)
{
    struct bench b;

    (void)state;
    // No session yet: nothing to tear down.
    begin(&b);
    b.sent[0] = '\0';
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    assert_string_equal(b.sent, "");
    expect_seen(&b, "C");
    end(&b);

    // No answer: 500 ms and no more.
    begin(&b);
    play_video(&b, ok);
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    expect_request(&b, "TEARDOWN ");
    tick(&b, 499);
    expect_seen(&b, "");
    tick(&b, 1);
    expect_seen(&b, "C");
    assert_int_equal(rtsp_client_due_ms(b.client), INT64_MAX);
    end(&b);

    // Between SETUP and PLAY there is a session already.
    begin(&b);
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP AUDIO_SDP);
    feed(&b, setup_ok);
    b.sent[0] = '\0';
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    expect_request(&b, "TEARDOWN ");
    feed(&b, "RTSP/1.0 454 Session Not Found\r\n\r\n");
    expect_seen(&b, "C");
    end(&b);
}

static void test_the_next_session_starts_clean(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    play_video(&b, public_ok);
    // The connection breaks in the middle of a frame.
    feed_bytes(&b, "$\x00\x10\x00xxxx", 8);
    rtsp_client_rewind(b.client);
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    assert_null(strstr(b.sent, "Session"));
    expect_request(&b, "OPTIONS ");
    play_video(&b, ok);
    tick(&b, 15000);
    expect_request(&b, "OPTIONS ");
    end(&b);
}

static void test_not_rtsp(void **state)
{
    static const char page[] = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n";
    struct bench b;

    (void)state;
    begin(&b);
    for (int i = 0; i < 10000 && !b.seen[0]; i++)
        feed(&b, page);
    expect_seen(&b, "F");
    assert_string_equal(b.text, "what cam sends is not RTSP; check the port in the source URL");
    end(&b);

    begin(&b);
    feed(&b, "RTSP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n");
    expect_seen(&b, "F");
    end(&b);
}

static void test_interim_answers_are_waited_out(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.sent[0] = '\0';
    feed(&b, "RTSP/1.0 100 Continue\r\n\r\n");
    assert_string_equal(b.sent, "");
    feed(&b, ok);
    expect_request(&b, "DESCRIBE ");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_truncated_at_every_byte),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_base_urls),
        cmocka_unit_test(test_camera_numbers_the_channels),
        cmocka_unit_test(test_setup_refused),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_odd_answers_to_keepalives),
        cmocka_unit_test(test_requests_of_the_camera),
        cmocka_unit_test(test_teardown),
        cmocka_unit_test(test_the_next_session_starts_clean),
        cmocka_unit_test(test_not_rtsp),
        cmocka_unit_test(test_interim_answers_are_waited_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
