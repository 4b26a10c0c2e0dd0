// SPDX-License-Identifier: Apache-2.0
//
// The first camera with AAC that a program sees: the client waits for the transcoder, and nothing
// else does. Only the first test sees it, as it is loaded once.
#include "tests/support/rtsp_client_bench.h"

#include <unistd.h>

#include "rtsp/transcode.h"

#define AAC_SDP                                                         \
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/48000/2\r\n"     \
    "a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1190;sizelength=13\r\n" \
    "a=control:track2\r\nm=audio 0 RTP/AVP 8\r\na=control:track3\r\n"

enum {
    TICKS_MAX = 1000, // of 10 ms
};

static void describe(struct bench *b)
{
    begin(b);
    expect_request(b, "OPTIONS ");
    feed(b, ok);
    expect_request(b, "DESCRIBE ");
    feed_sdp(b, "", VIDEO_SDP AAC_SDP);
}

static void plays(struct bench *b, enum rtsp_codec codec, const char *track)
{
    expect_request(b, "SETUP rtsp://cam/s/track1 ");
    feed(b, setup_ok);
    expect_request(b, track);
    feed(b, setup2_ok);
    expect_request(b, "PLAY ");
    expect_seen(b, "R");
    assert_int_equal(rtsp_client_format(b->client, ENG_AUDIO)->codec, codec);
}

static void test_waits_for_the_transcoder(void **state)
{
    struct bench b;

    (void)state;
    describe(&b);
#if RTSP_HAVE_AAC
    for (int i = 0; i < TICKS_MAX && b.sent[0] == '\0'; i++) {
        usleep(10000);
        tick(&b, 20);
    }
    expect_request(&b, "DESCRIBE rtsp://cam/s RTSP/1.0\r\n");
    feed_sdp(&b, "", VIDEO_SDP AAC_SDP);
#endif
    expect_request(&b, "SETUP rtsp://cam/s/track1 ");
    end(&b);
}

static void test_asks_once_when_it_is_there(void **state)
{
    struct bench b;

    (void)state;
    if (!rtsp_transcoder()) {
        print_message("skipped: %s\n", rtsp_transcoder_lacks());
        skip();
    }
    describe(&b);
    plays(&b, RTSP_CODEC_AAC, "SETUP rtsp://cam/s/track2 ");
    end(&b);
}

// The camera has something else to offer.
static void test_takes_the_next_where_there_is_none(void **state)
{
    struct bench b;

    (void)state;
    if (rtsp_transcoder()) {
        print_message("skipped: built with RTCFAN_AAC\n");
        skip();
    }
    describe(&b);
    plays(&b, RTSP_CODEC_PCMA, "SETUP rtsp://cam/s/track3 ");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_for_the_transcoder),
        cmocka_unit_test(test_asks_once_when_it_is_there),
        cmocka_unit_test(test_takes_the_next_where_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
