// SPDX-License-Identifier: Apache-2.0
//
// What bench/source reads from its clients and writes to them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/source_report.h"
#include "bench/source_request.h"
#include "bench/source_sdp.h"
#include "bench/source_transport.h"

static const char setup[] =
    "SETUP rtsp://user@127.0.0.1:8554/site/cam1/trackID=1?x=/y RTSP/1.0\r\n"
    "cseq:  7 \r\n"
    "Session: abc;timeout=60\r\n"
    "Transport: RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-9\r\n"
    "Content-Length: 3\r\n"
    "\r\n"
    "abc";

static void test_setup_is_read(void **state)
{
    struct source_request r;
    (void)state;

    assert_int_equal(source_request_parse(setup, strlen(setup), &r), strlen(setup));
    assert_int_equal(r.method, SOURCE_SETUP);
    assert_string_equal(r.path, "site/cam1");
    assert_int_equal(r.track, 1);
    assert_string_equal(r.cseq, "7");
    assert_string_equal(r.session, "abc");
    assert_int_equal(r.offer_count, 2);
    assert_int_equal(r.offers[0].kind, SOURCE_TRANSPORT_UDP);
    assert_int_equal(r.offers[0].rtp, 5000);
    assert_int_equal(r.offers[0].rtcp, 5001);
    assert_int_equal(r.offers[1].kind, SOURCE_TRANSPORT_INTERLEAVED);
    assert_int_equal(r.offers[1].rtp, 4);
    assert_int_equal(r.offers[1].rtcp, 9);
}

static void test_partial_request_waits(void **state)
{
    (void)state;

    for (size_t cut = 0; cut < strlen(setup); cut++) {
        char *copy = malloc(cut + 1);
        struct source_request r;

        assert_non_null(copy);
        memcpy(copy, setup, cut);
        assert_int_equal(source_request_parse(copy, cut, &r), 0);
        free(copy);
    }
}

static int parse(const char *text, struct source_request *r)
{
    return source_request_parse(text, strlen(text), r);
}

static void test_urls(void **state)
{
    struct source_request r;
    (void)state;

    assert_true(parse("DESCRIBE rtsp://h/demo/ RTSP/1.0\r\n\r\n", &r) > 0);
    assert_string_equal(r.path, "demo");
    assert_int_equal(r.track, -1);
    assert_int_equal(r.offer_count, 0);
    assert_true(parse("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", &r) > 0);
    assert_string_equal(r.path, "*");
    assert_true(parse("PLAY rtsp://h RTSP/1.0\r\n\r\n", &r) > 0);
    assert_string_equal(r.path, "");
    assert_true(parse("RECORD rtsp://h/x RTSP/1.0\r\n\r\n", &r) > 0);
    assert_int_equal(r.method, SOURCE_METHOD_OTHER);
}

static size_t offers(const char *text, struct source_transport out[SOURCE_OFFERS_MAX])
{
    return source_transport_parse((struct source_text){text, strlen(text)}, out);
}

static const struct {
    const char *text;
    struct source_transport transport;
} understood[] = {
    {"RTP/AVP;unicast;client_port=5000-5001", {SOURCE_TRANSPORT_UDP, 5000, 5001}},
    {"rtp/avp/udp; unicast ; client_port=65534", {SOURCE_TRANSPORT_UDP, 65534, 65535}},
    {"RTP/AVP/UDP;client_port=6000-7001;mode=\"PLAY\"", {SOURCE_TRANSPORT_UDP, 6000, 7001}},
    {"RTP/AVP/TCP", {SOURCE_TRANSPORT_INTERLEAVED, -1, -1}},
    {"RTP/AVP/TCP;unicast;interleaved=2-3", {SOURCE_TRANSPORT_INTERLEAVED, 2, 3}},
    {"RTP/AVP/TCP;interleaved=254", {SOURCE_TRANSPORT_INTERLEAVED, 254, 255}},
};

static const char *const not_understood[] = {
    "",
    "RTP/AVP",
    "RTP/AVP;multicast;client_port=5000-5001",
    "RTP/AVP;unicast;client_port=0-1",
    "RTP/AVP;unicast;client_port=65535",
    "RTP/AVP;unicast;client_port=70000-70001",
    "RTP/AVP;unicast;client_port=",
    "RTP/SAVP;unicast;client_port=5000-5001",
    "RTP/AVP/TCP;interleaved=255",
    "RTP/AVP/TCP;interleaved=x",
    "RAW/RAW/UDP;unicast;client_port=5000-5001",
};

static void test_transports(void **state)
{
    struct source_transport out[SOURCE_OFFERS_MAX];
    (void)state;

    for (size_t i = 0; i < sizeof(understood) / sizeof(understood[0]); i++) {
        assert_int_equal(offers(understood[i].text, out), 1);
        assert_int_equal(out[0].kind, understood[i].transport.kind);
        assert_int_equal(out[0].rtp, understood[i].transport.rtp);
        assert_int_equal(out[0].rtcp, understood[i].transport.rtcp);
    }
    for (size_t i = 0; i < sizeof(not_understood) / sizeof(not_understood[0]); i++)
        assert_int_equal(offers(not_understood[i], out), 0);
    assert_int_equal(offers("RTP/AVP/TCP,RTP/AVP/TCP,RTP/AVP/TCP,RTP/AVP/TCP,RTP/AVP/TCP", out),
                     SOURCE_OFFERS_MAX);
}

static void test_first_served_transport_is_taken(void **state)
{
    static const bool all[] = {true, true};
    static const bool tcp[] = {
        [SOURCE_TRANSPORT_INTERLEAVED] = true, [SOURCE_TRANSPORT_UDP] = false};
    static const bool udp[] = {
        [SOURCE_TRANSPORT_INTERLEAVED] = false, [SOURCE_TRANSPORT_UDP] = true};
    struct source_transport out[SOURCE_OFFERS_MAX];
    (void)state;

    size_t count = offers("RTP/AVP;multicast,RTP/AVP;unicast;client_port=8-9,RTP/AVP/TCP", out);
    assert_int_equal(count, 2);
    assert_ptr_equal(source_transport_choose(out, count, all), &out[0]);
    assert_ptr_equal(source_transport_choose(out, count, udp), &out[0]);
    assert_ptr_equal(source_transport_choose(out, count, tcp), &out[1]);
    assert_null(source_transport_choose(out, 1, tcp));
    assert_null(source_transport_choose(out + 1, 1, udp));
    assert_null(source_transport_choose(out, 0, all));
}

static void test_nonsense_is_refused(void **state)
{
    static char endless[SOURCE_HEAD_MAX + 2];
    struct source_request r;
    (void)state;

    assert_int_equal(parse("GET / HTTP/1.1\r\n\r\n", &r), -EBADMSG);
    assert_int_equal(parse("\r\n\r\n", &r), -EBADMSG);
    assert_int_equal(parse("PLAY x RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n", &r), -EBADMSG);
    assert_int_equal(parse("PLAY x RTSP/1.0\r\nCSeq: 1\n2\r\n\r\n", &r), -EBADMSG);
    assert_int_equal(parse("PLAY x RTSP/1.0\r\nCSeq: 1234567890123456\r\n\r\n", &r), -EBADMSG);
    memset(endless, 'a', sizeof(endless));
    assert_int_equal(source_request_parse(endless, sizeof(endless), &r), -EBADMSG);
}

// By hand from RFC 3550 6.4.1 and 6.5.
static void test_report(void **state)
{
    static const uint8_t expected[] = {
        '$',  3,    0,    44,                           // framing
        0x80, 200,  0,    6,    0xde, 0xad, 0xbe, 0xef, // SR, SSRC
        0x83, 0xaa, 0x7e, 0x81, 0x80, 0x00, 0x00, 0x00, // 1.5 s after 1970
        0x00, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00,
        0x10, 0x00, 0x81, 202,  0,    3,    0xde, 0xad, 0xbe, 0xef, // SDES, SSRC
        1,    4,    'd',  'e',  'm',  'o',  0,    0,                // CNAME, end
    };
    struct source_report report = {3, 0xdeadbeef, 1500000000, 0x10002, 5, 4096, "demo"};
    uint8_t out[SOURCE_REPORT_MAX];
    char longest[SOURCE_CNAME_MAX + 1];
    (void)state;

    assert_int_equal(source_report_write(&report, out), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    memset(longest, 'x', SOURCE_CNAME_MAX);
    for (size_t len = 0; len <= SOURCE_CNAME_MAX; len++) {
        report.cname = longest + SOURCE_CNAME_MAX - len;
        longest[SOURCE_CNAME_MAX] = '\0';
        size_t written = source_report_write(&report, out);
        assert_true(written <= SOURCE_REPORT_MAX);
        assert_int_equal(written % 4, 0);
        assert_int_equal(out[written - 1], 0);
    }
}

static void test_sdp(void **state)
{
    struct bench_unit unit = {0};
    struct bench_clip clip = {
        .track[BENCH_VIDEO] = {.units = &unit, .clock_rate = 90000, .payload_type = 96},
        .sps = {0x67, 0x42, 0xc0, 0x1f},
        .sps_len = 4,
        .pps = {0x68, 0xce},
        .pps_len = 2,
    };
    char sdp[SOURCE_SDP_MAX];
    (void)state;

    size_t sdp_len = source_sdp_write(&clip, "cam1", sdp);
    assert_int_equal(sdp_len, strlen(sdp));
    assert_non_null(strstr(sdp, "s=cam1\r\n"));
    assert_non_null(strstr(sdp, "profile-level-id=42c01f;sprop-parameter-sets=Z0LAHw==,aM4=\r\n"));
    assert_null(strstr(sdp, "m=audio"));
    clip.codec = BENCH_CODEC_OPUS;
    clip.track[BENCH_AUDIO] =
        (struct bench_clip_track){.units = &unit, .clock_rate = 48000, .payload_type = 97};
    source_sdp_write(&clip, "cam1", sdp);
    assert_non_null(strstr(sdp, "a=rtpmap:97 opus/48000/2\r\na=fmtp:97 sprop-stereo=1\r\n"));
    assert_non_null(strstr(sdp, "a=control:trackID=1\r\n"));
    clip.codec = BENCH_CODEC_PCMA;
    clip.track[BENCH_AUDIO].payload_type = 8;
    source_sdp_write(&clip, "cam1", sdp);
    assert_non_null(strstr(sdp, "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setup_is_read),
        cmocka_unit_test(test_partial_request_waits),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_transports),
        cmocka_unit_test(test_first_served_transport_is_taken),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_sdp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
