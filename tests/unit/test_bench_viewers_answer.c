// SPDX-License-Identifier: Apache-2.0
//
// Answers of several servers, as bench/viewers reads them, and its own offer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/viewers_answer.h"
#include "bench/viewers_offer.h"

#define FINGERPRINT_HEX                                                                            \
    "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67" \
    ":89"

#define HEAD        "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
#define TRANSPORT   "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
#define CERTIFICATE "a=fingerprint:sha-256 " FINGERPRINT_HEX "\r\n"
#define VIDEO                                                                                \
    "m=video 9 UDP/TLS/RTP/SAVPF 98 99\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n"     \
    "a=rtcp-mux\r\na=rtpmap:98 H264/90000\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:98 nack pli\r\n" \
    "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"
#define AUDIO                                                                          \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendrecv\r\n" \
    "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"

static struct viewers_answer answer;

static const char *parse(const char *text)
{
    const char *what = NULL;
    int err = viewers_answer_parse(text, strlen(text), &answer, &what);

    assert_int_equal(err != 0, what != NULL);
    return what;
}

static void check_candidate(size_t i, const char *address, uint16_t port)
{
    char text[INET6_ADDRSTRLEN];
    const struct eng_addr *a = &answer.candidate[i];

    assert_true(i < answer.candidate_count);
    inet_ntop(a->sa.sa_family,
              a->sa.sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr
                                          : (const void *)&a->in4.sin_addr,
              text, sizeof(text));
    assert_string_equal(text, address);
    assert_int_equal(eng_addr_port(a), port);
}

static void test_all_in_each_media(void **state)
{
    (void)state;
    assert_null(parse(
        HEAD VIDEO TRANSPORT CERTIFICATE
        "a=setup:passive\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host\r\n" AUDIO TRANSPORT CERTIFICATE
        "a=setup:passive\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host\r\n"));
    assert_string_equal(answer.transport.ufrag, "abcd");
    assert_string_equal(answer.transport.pwd, "0123456789abcdefghijkl");
    assert_string_equal(answer.transport.fingerprint.algorithm, "sha-256");
    assert_int_equal(answer.transport.fingerprint.len, 32);
    assert_int_equal(answer.transport.fingerprint.bytes[0], 0xab);
    assert_int_equal(answer.transport.fingerprint.bytes[31], 0x89);
    assert_int_equal(answer.transport.setup, WRTC_SETUP_PASSIVE);
    assert_true(answer.video && answer.audio && answer.nack && answer.pli);
    assert_int_equal(answer.kind[98], VIEWERS_VIDEO);
    assert_int_equal(answer.kind[99], VIEWERS_RTX);
    assert_int_equal(answer.kind[111], VIEWERS_AUDIO);
    assert_int_equal(answer.kind[96], VIEWERS_NOTHING);
    assert_int_equal(answer.candidate_count, 1);
    check_candidate(0, "192.0.2.1", 8189);
}

// As pion writes it: the certificate in the session's part; it wants to be the DTLS client.
static void test_session_attributes(void **state)
{
    (void)state;
    assert_null(parse(HEAD CERTIFICATE "a=setup:active\r\n" VIDEO TRANSPORT));
    assert_int_equal(answer.transport.setup, WRTC_SETUP_ACTIVE);
    assert_int_equal(answer.transport.fingerprint.len, 32);
    assert_null(parse(HEAD TRANSPORT CERTIFICATE VIDEO));
    assert_string_equal(answer.transport.ufrag, "abcd");
}

static void test_candidates(void **state)
{
    (void)state;
    assert_null(parse(HEAD VIDEO TRANSPORT CERTIFICATE
                      "a=candidate:1 1 udp 100 192.0.2.1 1001 typ srflx raddr 0.0.0.0 rport 0\r\n"
                      "a=candidate:2 1 UDP 300 2001:db8::1 1002 typ host\r\n"
                      "a=candidate:3 2 udp 300 192.0.2.3 1003 typ host\r\n"
                      "a=candidate:4 1 tcp 300 192.0.2.4 9 typ host tcptype active\r\n"
                      "a=candidate:5 1 udp 300 camera.local 1005 typ host\r\n"
                      "a=candidate:6 1 udp 200 192.0.2.6 1006 typ host generation 0\r\n"
                      "a=candidate:7 1 udp 900 192.0.2.7 0 typ host\r\n"
                      "a=candidate:8 1 udp\r\n"
                      "a=candidate:6 1 udp 200 192.0.2.6 1006 typ host\r\n"));
    assert_int_equal(answer.candidate_count, 3);
    check_candidate(0, "2001:db8::1", 1002);
    check_candidate(1, "192.0.2.6", 1006);
    check_candidate(2, "192.0.2.1", 1001);
    assert_int_equal(answer.unusable, 4);
}

static void test_too_many_candidates(void **state)
{
    static char text[8192];

    (void)state;
    strcpy(text, HEAD VIDEO TRANSPORT CERTIFICATE);
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "a=candidate:1 1 udp %d 192.0.2.1 %d typ host\r\n", i,
                1000 + i);
    assert_null(parse(text));
    assert_int_equal(answer.candidate_count, VIEWERS_CANDIDATES_MAX);
}

static void test_what_is_not_sent(void **state)
{
    (void)state;
    // Refused, and inactive.
    assert_null(parse(HEAD VIDEO TRANSPORT CERTIFICATE
                      "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"));
    assert_true(answer.video && !answer.audio);
    assert_int_equal(answer.kind[111], VIEWERS_NOTHING);
    assert_null(parse(HEAD "m=video 9 UDP/TLS/RTP/SAVPF 98\r\na=inactive\r\n"
                           "a=rtpmap:98 H264/90000\r\n" TRANSPORT CERTIFICATE AUDIO));
    assert_true(!answer.video && answer.audio);
    assert_int_equal(answer.kind[98], VIEWERS_NOTHING);
    assert_string_equal(answer.transport.ufrag, "abcd");
}

static void test_static_payload_type(void **state)
{
    (void)state;
    assert_null(
        parse(HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=sendonly\r\n" TRANSPORT CERTIFICATE));
    assert_int_equal(answer.kind[8], VIEWERS_AUDIO);
    assert_false(answer.video);
}

static void test_what_is_missing(void **state)
{
    (void)state;
    assert_string_equal(parse("nonsense"), "the answer sends neither H.264 nor audio");
    assert_string_equal(parse(""), "the answer sends neither H.264 nor audio");
    assert_string_equal(parse(HEAD VIDEO CERTIFICATE), "the answer has no ice-ufrag or ice-pwd");
    assert_string_equal(parse(HEAD VIDEO TRANSPORT), "the answer has no fingerprint");
    assert_string_equal(parse(HEAD VIDEO TRANSPORT "a=fingerprint:sha-256 AB:C\r\n"),
                        "the answer has no fingerprint");
}

// No prefix of an answer, each in memory of its own size, does harm.
static void test_cut_short(void **state)
{
    static const char whole[] = HEAD VIDEO TRANSPORT CERTIFICATE
        "a=candidate:1 1 udp 100 192.0.2.1 1001 typ host\r\n" AUDIO;
    const char *what;

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++) {
        char *text = malloc(len + 1);

        memcpy(text, whole, len);
        (void)viewers_answer_parse(text, len, &answer, &what);
        free(text);
    }
}

static void write_offer(bool nack, struct wrtc_offer *out)
{
    struct viewers_offer offer = {
        .session_id = 1,
        .ufrag = "abcdefgh",
        .pwd = "0123456789abcdefghijklmn",
        .fingerprint = FINGERPRINT_HEX,
        .nack = nack,
    };
    char text[VIEWERS_OFFER_MAX];
    struct wrtc_error err;

    offer.local.in4.sin_family = AF_INET;
    size_t len = viewers_offer_write(&offer, text);
    assert_int_equal(wrtc_offer_parse(text, len, out, &err), 0);
}

// The server's own parser takes the offer, and finds what a browser would offer.
static void test_offer(void **state)
{
    static struct wrtc_offer offer;

    (void)state;
    write_offer(true, &offer);
    assert_int_equal(offer.media_count, 2);
    assert_int_equal(offer.bundle_count, 2);
    assert_true(offer.media[0].receives && offer.media[0].rtcp_mux && offer.media[0].bundled);
    assert_int_equal(offer.media[0].codec_count, 8); // four profiles, each with RTX
    assert_true(offer.media[0].codec[0].nack && offer.media[0].codec[0].nack_pli);
    assert_string_equal(offer.media[0].codec[1].name, "rtx");
    assert_int_equal(offer.media[0].transport.setup, WRTC_SETUP_ACTPASS);
    write_offer(false, &offer);
    assert_int_equal(offer.media[0].codec_count, 4);
    assert_false(offer.media[0].codec[0].nack);
    assert_true(offer.media[0].codec[0].nack_pli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_in_each_media),
        cmocka_unit_test(test_session_attributes),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_too_many_candidates),
        cmocka_unit_test(test_what_is_not_sent),
        cmocka_unit_test(test_static_payload_type),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_offer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
