// SPDX-License-Identifier: Apache-2.0
//
// How client and camera agree on TCP, UDP or multicast.
#include "tests/support/rtsp_client_bench.h"

static const uint16_t ports[ENG_TRACKS] = {[ENG_VIDEO] = 5000, [ENG_AUDIO] = 6000};

// Up to the first SETUP, of video and audio.
static void describe(struct bench *b, enum rtsp_transport_kind kind, bool tcp_too)
{
    struct rtsp_url url;
    const char *error;

    *b = (struct bench){.now_ms = 1000000, .piece = 1 << 20};
    assert_int_equal(rtsp_url_parse("rtsp://cam/s", &url, &error), 0);
    assert_int_equal(rtsp_client_create(&url, &b->client), 0);
    rtsp_client_ask_for(b->client, kind, ports, tcp_too);
    rtsp_client_start(b->client, b->now_ms);
    drain(b);
    feed(b, ok);
    b->sent[0] = '\0';
    feed_sdp(b, "", VIDEO_SDP AUDIO_SDP);
}

static void answer(struct bench *b, const char *status, const char *transport)
{
    char text[512];

    snprintf(text, sizeof(text), "RTSP/1.0 %s\r\nSession: 1\r\nTransport: %s\r\n\r\n", status,
             transport);
    b->sent[0] = '\0';
    feed(b, text);
}

static const struct rtsp_transport *transport(const struct bench *b, enum eng_track track)
{
    return rtsp_client_transport(b->client, track);
}

static void test_udp(void **state)
{
    struct bench b;

    (void)state;
    describe(&b, RTSP_TRANSPORT_UDP, true);
    expect_contains(&b, "SETUP rtsp://cam/s/track1 RTSP/1.0\r\n");
    expect_contains(&b, "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n");
    answer(&b, "200 OK", "RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001");
    expect_contains(&b, "Transport: RTP/AVP;unicast;client_port=6000-6001\r\n");
    answer(&b, "200 OK", "RTP/AVP/UDP;unicast;source=192.0.2.9;server_port=7002-7003;ssrc= 1");
    expect_request(&b, "PLAY ");
    expect_seen(&b, "R");
    assert_int_equal(transport(&b, ENG_VIDEO)->kind, RTSP_TRANSPORT_UDP);
    assert_int_equal(transport(&b, ENG_VIDEO)->rtp_port, 7000);
    assert_int_equal(transport(&b, ENG_VIDEO)->rtcp_port, 7001);
    assert_string_equal(transport(&b, ENG_VIDEO)->host, "");
    assert_int_equal(transport(&b, ENG_AUDIO)->rtp_port, 7002);
    assert_string_equal(transport(&b, ENG_AUDIO)->host, "192.0.2.9");
    // Nothing belongs to a track that comes in the RTSP connection all the same.
    feed(&b, ok);
    feed_frame(&b, 0);
    expect_seen(&b, "");
    assert_int_equal(rtsp_client_dropped(b.client), 1);
    end(&b);
}

static void test_multicast(void **state)
{
    struct bench b;

    (void)state;
    describe(&b, RTSP_TRANSPORT_MULTICAST, false);
    expect_contains(&b, "Transport: RTP/AVP;multicast\r\n");
    answer(&b, "200 OK", "RTP/AVP;multicast;destination=239.1.2.3;port=4000-4001;ttl=16");
    answer(&b, "200 OK", "RTP/AVP;multicast;destination=239.1.2.4;source=192.0.2.9;port=4002");
    expect_seen(&b, "R");
    assert_int_equal(transport(&b, ENG_VIDEO)->kind, RTSP_TRANSPORT_MULTICAST);
    assert_string_equal(transport(&b, ENG_VIDEO)->host, "239.1.2.3");
    assert_int_equal(transport(&b, ENG_AUDIO)->rtp_port, 4002);
    assert_int_equal(transport(&b, ENG_AUDIO)->rtcp_port, 4003);
    end(&b);
}

static void test_udp_refused(void **state)
{
    static const char *const refusals[] = {"461 Unsupported Transport", "400 Bad Request",
                                           "500 Internal Server Error"};

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct bench b;

        describe(&b, RTSP_TRANSPORT_UDP, true);
        answer(&b, refusals[i], "");
        expect_contains(&b, "SETUP rtsp://cam/s/track1 RTSP/1.0\r\n");
        expect_contains(&b, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
        answer(&b, "200 OK", "RTP/AVP/TCP;unicast;interleaved=0-1");
        expect_contains(&b, "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n");
        answer(&b, "200 OK", "RTP/AVP/TCP;unicast;interleaved=2-3");
        feed(&b, ok);
        feed_frame(&b, 0);
        expect_seen(&b, "Rv");
        assert_int_equal(transport(&b, ENG_VIDEO)->kind, RTSP_TRANSPORT_TCP);
        end(&b);
    }
}

static void test_all_refused(void **state)
{
    struct bench b;

    (void)state;
    describe(&b, RTSP_TRANSPORT_UDP, true);
    answer(&b, "461 Unsupported Transport", "");
    answer(&b, "461 Unsupported Transport", "");
    expect_seen(&b, "F");
    end(&b);

    describe(&b, RTSP_TRANSPORT_UDP, false);
    answer(&b, "461 Unsupported Transport", "");
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "461 from cam: it refuses this transport"));
    end(&b);

    // What has nothing to do with the transport is no reason to try another.
    describe(&b, RTSP_TRANSPORT_UDP, true);
    answer(&b, "404 Not Found", "");
    expect_seen(&b, "F");
    end(&b);
}

static void test_camera_decides_for_tcp(void **state)
{
    struct bench b;

    (void)state;
    describe(&b, RTSP_TRANSPORT_UDP, true);
    answer(&b, "200 OK", "RTP/AVP/TCP;unicast;interleaved=4-5");
    answer(&b, "200 OK", "RTP/AVP/TCP;unicast;interleaved=6-7");
    feed(&b, ok);
    feed_frame(&b, 4);
    feed_frame(&b, 7);
    expect_seen(&b, "RvA");
    assert_int_equal(transport(&b, ENG_VIDEO)->kind, RTSP_TRANSPORT_TCP);
    end(&b);
}

static void test_answers_that_cannot_be(void **state)
{
    static const struct {
        enum rtsp_transport_kind asked;
        const char *answer;
        const char *error;
    } wrong[] = {
        {RTSP_TRANSPORT_TCP, "RTP/AVP;unicast;client_port=1-2", "will not send RTP by tcp"},
        {RTSP_TRANSPORT_TCP, "RTP/AVP;multicast;destination=239.1.2.3;port=4000",
         "will not send RTP by tcp"},
        {RTSP_TRANSPORT_UDP, "RTP/AVP;multicast;destination=239.1.2.3;port=4000",
         "will not send RTP by udp"},
        {RTSP_TRANSPORT_UDP, "RTP/AVP;unicast;server_port=70000-70001", "by udp"},
        {RTSP_TRANSPORT_MULTICAST, "RTP/AVP;unicast;server_port=7000-7001", "by multicast"},
        {RTSP_TRANSPORT_MULTICAST, "RTP/AVP;multicast;port=4000-4001", "by multicast"},
        {RTSP_TRANSPORT_MULTICAST, "RTP/AVP;multicast;destination=239.1.2.3", "by multicast"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct bench b;

        describe(&b, wrong[i].asked, false);
        answer(&b, "200 OK", wrong[i].answer);
        expect_request(&b, "TEARDOWN ");
        feed(&b, ok);
        expect_seen(&b, "F");
        assert_non_null(strstr(b.text, wrong[i].error));
        end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_multicast),
        cmocka_unit_test(test_udp_refused),
        cmocka_unit_test(test_all_refused),
        cmocka_unit_test(test_camera_decides_for_tcp),
        cmocka_unit_test(test_answers_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
