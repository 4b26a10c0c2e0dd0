// SPDX-License-Identifier: Apache-2.0
#include "rtsp/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/headers.h"
#include "rtsp/refusal.h"
#include "rtsp/transport.h"

static ssize_t parse(const char *text, struct rtsp_message *out)
{
    return rtsp_message_parse((const uint8_t *)text, strlen(text), out);
}

static void assert_span(struct rtsp_span span, const char *expected)
{
    assert_non_null(span.data);
    assert_int_equal(span.len, strlen(expected));
    assert_memory_equal(span.data, expected, span.len);
}

static const char response[] = "RTSP/1.0 200 OK\r\n"
                               "CSeq: 2\r\n"
                               "content-TYPE :  application/sdp \r\n"
                               "WWW-Authenticate: Basic realm=\"a\"\r\n"
                               "WWW-Authenticate: Digest realm=\"b\"\r\n"
                               "Content-Length: 5\r\n"
                               "\r\n"
                               "v=0\r\n";

static void test_response(void **state)
{
    struct rtsp_message m;

    (void)state;
    assert_int_equal(parse(response, &m), sizeof(response) - 1);
    assert_false(m.request);
    assert_int_equal(m.status, 200);
    assert_span(m.reason, "OK");
    assert_span(m.body, "v=0\r\n");
    assert_span(rtsp_message_header(&m, "cseq", 0), "2");
    assert_span(rtsp_message_header(&m, "Content-Type", 0), "application/sdp");
    assert_span(rtsp_message_header(&m, "WWW-Authenticate", 1), "Digest realm=\"b\"");
    assert_null(rtsp_message_header(&m, "WWW-Authenticate", 2).data);
    assert_null(rtsp_message_header(&m, "Session", 0).data);
}

static void test_request(void **state)
{
    struct rtsp_message m;

    (void)state;
    assert_true(parse("GET_PARAMETER rtsp://c/s RTSP/1.0\nCSeq: 7\n\nrest", &m) > 0);
    assert_true(m.request);
    assert_span(m.method, "GET_PARAMETER");
    assert_span(m.uri, "rtsp://c/s");
    assert_span(rtsp_message_header(&m, "CSeq", 0), "7");
    assert_int_equal(m.body.len, 0);
}

static void test_http(void **state)
{
    static const char text[] = "HTTP/1.0 200 OK\r\nContent-Length: 9999\r\n\r\nRTSP/1.0 200 OK\r\n";
    ssize_t head_len = strstr(text, "RTSP") - text;
    struct rtsp_message m;

    (void)state;
    for (ssize_t len = 0; len <= (ssize_t)strlen(text); len++)
        assert_int_equal(rtsp_message_parse_http((const uint8_t *)text, (size_t)len, &m),
                         len < head_len ? 0 : head_len);
    assert_int_equal(m.status, 200);
    assert_span(rtsp_message_header(&m, "Content-Length", 0), "9999");
    assert_int_equal(m.body.len, 0);
    // Each is nothing to the other.
    assert_int_equal(parse("HTTP/1.0 200 OK\r\n\r\n", &m), -EBADMSG);
    assert_int_equal(rtsp_message_parse_http((const uint8_t *)response, strlen(response), &m),
                     -EBADMSG);
    assert_int_equal(rtsp_message_parse_http((const uint8_t *)"GET / HTTP/1.0\r\n\r\n", 18, &m),
                     -EBADMSG);
}

static void test_every_cut_is_incomplete(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(response) - 1; len++) {
        // On the heap, so that a sanitizer sees a read beyond the end.
        uint8_t *copy = malloc(len + 1);
        struct rtsp_message m;

        assert_non_null(copy);
        memcpy(copy, response, len);
        assert_int_equal(rtsp_message_parse(copy, len, &m), 0);
        free(copy);
    }
}

static void test_lenient(void **state)
{
    struct rtsp_message m;

    (void)state;
    assert_true(parse("RTSP/1.0 404\r\n\r\n", &m) > 0);
    assert_int_equal(m.status, 404);
    assert_int_equal(m.reason.len, 0);
    assert_true(parse("RTSP/1.0 200 OK\r\nno colon here\r\nA: b\r\n  c\r\nD:\r\n\r\n", &m) > 0);
    assert_int_equal(m.header_count, 2);
    assert_span(rtsp_message_header(&m, "A", 0), "b\r\n  c");
    assert_span(rtsp_message_header(&m, "D", 0), "");
    assert_true(parse("RTSP/1.0 200 OK\r\nContent-Length:\r\n 1\r\n\r\nx", &m) > 0);
    assert_span(m.body, "x");
    assert_true(parse("RTSP/1.0 200 OK\r\n folded into nothing\r\n\r\n", &m) > 0);
    assert_true(parse("RTSP/1.0 200 OK\r\nServer: K\xc3\xa4mera\r\n\r\n", &m) > 0);
    assert_true(parse("RTSP/1.0 200 OK\r\nContent-Length:\r\n\r\n", &m) > 0);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        " ",
        "rtsp/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "RTSP/1.0 20 OK\r\n\r\n",
        "RTSP/1.0 2000 OK\r\n\r\n",
        "RTSP/1.0 099 OK\r\n\r\n",
        "RTSP/1.0 abc OK\r\n\r\n",
        "RTSP/1.0\r\n\r\n",
        "OPTIONS rtsp://c/s\r\n\r\n",
        "OPTIONS rtsp://c/s HTTP/1.1\r\n\r\n",
        "ABCDEFGHIJKLMNOPQRSTU",
        "OPTIONS\x01",
        "OPTIONS \x01",
        "RTSP/1.0 200 OK\r\nA: \x02",
    };
    struct rtsp_message m;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (parse(bad[i], &m) != -EBADMSG)
            fail_msg("not refused: %s", bad[i]);
}

static void test_bounds(void **state)
{
    char text[2 * RTSP_HEAD_MAX];
    struct rtsp_message m;
    int used;

    (void)state;
    for (int count = RTSP_HEADERS_MAX - 1; count <= RTSP_HEADERS_MAX + 1; count++) {
        used = snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\n");
        for (int i = 0; i < count; i++)
            used += snprintf(text + used, sizeof(text) - (size_t)used, "A: b\r\n");
        snprintf(text + used, sizeof(text) - (size_t)used, "\r\n");
        if (count <= RTSP_HEADERS_MAX)
            assert_true(parse(text, &m) > 0);
        else
            assert_int_equal(parse(text, &m), -EMSGSIZE);
    }

    // 17 bytes of start line, "A: " and two line ends are the rest.
    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nA: %0*d\r\n\r\n", RTSP_HEAD_MAX - 24, 0);
    assert_int_equal(parse(text, &m), RTSP_HEAD_MAX);
    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nA: %0*d\r\n\r\n", RTSP_HEAD_MAX - 23, 0);
    assert_int_equal(parse(text, &m), -EMSGSIZE);

    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: 65536\r\n\r\n", &m), 0);
    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: 65537\r\n\r\n", &m), -EMSGSIZE);
    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", &m), -EMSGSIZE);
    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", &m),
                     -EMSGSIZE);
}

static void assert_session(const char *line, const char *expected_id, uint32_t expected_s)
{
    char text[1024];
    char id[RTSP_SESSION_MAX] = "old";
    uint32_t timeout_s = 60;
    struct rtsp_message m;

    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\n%s\r\n\r\n", line);
    assert_true(parse(text, &m) > 0);
    rtsp_headers_session(&m, id, &timeout_s);
    assert_string_equal(id, expected_id);
    assert_int_equal(timeout_s, expected_s);
}

static void test_session(void **state)
{
    (void)state;
    assert_session("Session: 12345678", "12345678", 60);
    assert_session("Session:12345678;timeout=15", "12345678", 15);
    assert_session("session:   1234  ;  Timeout = 15  ", "1234", 15);
    assert_session("Session: 1234 ;x=y; timeout=15;z", "1234", 15);
    assert_session("Session: 1234;timeout=", "1234", 60);
    assert_session("Session: 1234;timeout=0", "1234", 60);
    assert_session("Session: 1234;timeout=1", "1234", 2);
    assert_session("Session: 1234;timeout=4000000000", "1234", 3600);
    assert_session("Session: 1234;timeout=99999999999", "1234", 60);
    assert_session("Session: ;timeout=15", "old", 15);
    assert_session("Session:", "old", 60);
    assert_session("X: y", "old", 60);
}

static void assert_transport(const char *line, bool good, uint8_t rtp, uint8_t rtcp)
{
    struct rtsp_transport found = {.rtp_channel = 2, .rtcp_channel = 3};
    char text[1024];
    struct rtsp_message m;

    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\n%s\r\n\r\n", line);
    assert_true(parse(text, &m) > 0);
    assert_int_equal(rtsp_transport_read(&m, &found) == 0 && found.kind == RTSP_TRANSPORT_TCP,
                     good);
    assert_int_equal(found.rtp_channel, rtp);
    assert_int_equal(found.rtcp_channel, rtcp);
}

static void test_transport(void **state)
{
    (void)state;
    assert_transport("Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 1A2B", true, 0, 1);
    assert_transport("Transport: RTP/AVP/TCP; interleaved= 8 - 12 ;mode=\"PLAY\"", true, 8, 12);
    assert_transport("Transport: RTP/AVP/TCP;interleaved=8", true, 8, 9);
    assert_transport("Transport: RTP/AVP/TCP;interleaved=255", true, 255, 0);
    assert_transport("Transport: RTP/AVP;interleaved=4-5", true, 4, 5);
    assert_transport("Transport: RTP/AVP/TCP;unicast", true, 2, 3);
    assert_transport("X: y", true, 2, 3);
    assert_transport("Transport: RTP/AVP;unicast;client_port=5000-5001", false, 2, 3);
    assert_transport("Transport: RTP/AVP/TCP;interleaved=256-257", false, 2, 3);
    assert_transport("Transport: RTP/AVP/TCP;interleaved=", false, 2, 3);
}

static void test_refusal(void **state)
{
    char text[160];
    struct rtsp_message m;

    (void)state;
    assert_true(parse("RTSP/1.0 401 Unauthorized\r\n\r\n", &m) > 0);
    rtsp_refusal_describe(&m, "DESCRIBE", "10.0.0.5", text, sizeof(text));
    assert_string_equal(text, "401 from 10.0.0.5: wrong user or password in the source URL");
    assert_true(parse("RTSP/1.0 455 Method Not Valid In This State\r\n\r\n", &m) > 0);
    rtsp_refusal_describe(&m, "PLAY", "cam", text, sizeof(text));
    assert_string_equal(text, "455 Method Not Valid In This State from cam in answer to PLAY; look "
                              "into its log");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response),  cmocka_unit_test(test_request),
        cmocka_unit_test(test_http),      cmocka_unit_test(test_every_cut_is_incomplete),
        cmocka_unit_test(test_lenient),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_session),
        cmocka_unit_test(test_transport), cmocka_unit_test(test_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
