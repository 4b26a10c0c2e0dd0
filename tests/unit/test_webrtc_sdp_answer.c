// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>

#include "webrtc/sdp.h"

#include "webrtc_offers.h"

#define OUR_FINGERPRINT                                                                          \
    "a=fingerprint:sha-256 "                                                                     \
    "A0:A1:A2:A3:A4:A5:A6:A7:A8:A9:AA:AB:AC:AD:AE:AF:B0:B1:B2:B3:B4:B5:B6:B7:B8:B9:BA:BB:BC:BD:" \
    "BE:BF\r\n"
#define CREDENTIALS                                                                \
    "a=ice-ufrag:ourufrag\r\na=ice-pwd:ourpasswordourpassword\r\n" OUR_FINGERPRINT \
    "a=setup:passive\r\n"
#define CANDIDATES                                                 \
    "a=candidate:1 1 udp 2130706431 192.0.2.7 8189 typ host\r\n"   \
    "a=candidate:2 1 udp 2130706175 2001:db8::7 8189 typ host\r\n" \
    "a=end-of-candidates\r\n"

static struct wrtc_offer offer;
static struct wrtc_selection selection;
static struct wrtc_error error;
static struct wrtc_fingerprint fingerprint = {.algorithm = "sha-256", .len = 32};
static struct eng_addr candidates[WRTC_CANDIDATES_MAX];
static struct wrtc_track video, audio;
static struct wrtc_answer_config config;
static char answer[WRTC_SDP_MAX];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < fingerprint.len; i++)
        fingerprint.bytes[i] = (uint8_t)(0xa0 + i);
    for (size_t i = 0; i < WRTC_CANDIDATES_MAX; i++) {
        candidates[i].in6.sin6_family = AF_INET6;
        candidates[i].in6.sin6_port = htons(8189);
        inet_pton(AF_INET6, "2001:db8::7", &candidates[i].in6.sin6_addr);
    }
    candidates[0].in4.sin_family = AF_INET;
    inet_pton(AF_INET, "192.0.2.7", &candidates[0].in4.sin_addr);
    video = (struct wrtc_track){
        .codec = WRTC_CODEC_H264, .clock_rate = 90000, .profile = {0x42, 0xc0, 0x1e}};
    audio = (struct wrtc_track){.codec = WRTC_CODEC_OPUS, .clock_rate = 48000, .channels = 2};
    config = (struct wrtc_answer_config){
        .session_id = UINT64_MAX / 2,
        .ufrag = "ourufrag",
        .pwd = "ourpasswordourpassword",
        .fingerprint = &fingerprint,
        .candidates = candidates,
        .candidate_count = 2,
        .cname = "fan",
        .video_ssrc = 4294967295,
        .audio_ssrc = 2,
        .video_rtx_ssrc = 3,
        .video = &video,
        .audio = &audio,
    };
    return 0;
}

static void select_from(const char *text, size_t len)
{
    assert_int_equal(wrtc_offer_parse(text, len, &offer, &error), 0);
    assert_int_equal(wrtc_offer_select(&offer, &video, &audio, &selection, &error), 0);
}

static void answer_file(const char *name)
{
    size_t len, answer_len;
    char *text = read_offer(name, &len);

    select_from(text, len);
    free(text);
    assert_int_equal(
        wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &answer_len), 0);
    assert_int_equal(answer_len, strlen(answer));
}

static void test_whole_answer(void **state)
{
    (void)state;
    answer_file("chromium-156-audio-video-datachannel");
    assert_string_equal(
        answer, "v=0\r\n"
                "o=- 9223372036854775807 1 IN IP4 127.0.0.1\r\n"
                "s=-\r\n"
                "t=0 0\r\n"
                "a=group:BUNDLE 0 1\r\n"
                "a=ice-lite\r\n"
                "a=msid-semantic:WMS *\r\n"
                "m=audio 8189 UDP/TLS/RTP/SAVPF 111\r\n"
                "c=IN IP4 192.0.2.7\r\n"
                "a=sendonly\r\n"
                "a=mid:0\r\n"
                "a=rtcp-mux\r\n"
                "a=rtcp-rsize\r\n" CREDENTIALS CANDIDATES
                "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                "a=rtpmap:111 opus/48000/2\r\n"
                "a=fmtp:111 stereo=1;sprop-stereo=1\r\n"
                "a=msid:fan audio\r\n"
                "a=ssrc:2 cname:fan\r\n"
                "m=video 8189 UDP/TLS/RTP/SAVPF 108 109\r\n"
                "c=IN IP4 192.0.2.7\r\n"
                "a=sendonly\r\n"
                "a=mid:1\r\n"
                "a=rtcp-mux\r\n"
                "a=rtcp-rsize\r\n" CREDENTIALS CANDIDATES "a=extmap:3 http://www.ietf.org/id/"
                "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
                "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n"
                "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                "a=rtpmap:108 H264/90000\r\n"
                "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;"
                "profile-level-id=42e01e\r\n"
                "a=rtcp-fb:108 nack\r\n"
                "a=rtcp-fb:108 nack pli\r\n"
                "a=rtcp-fb:108 goog-remb\r\n"
                "a=rtcp-fb:108 transport-cc\r\n"
                "a=rtpmap:109 rtx/90000\r\n"
                "a=fmtp:109 apt=108\r\n"
                "a=msid:fan video\r\n"
                "a=ssrc-group:FID 4294967295 3\r\n"
                "a=ssrc:4294967295 cname:fan\r\n"
                "a=ssrc:3 cname:fan\r\n"
                "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                "c=IN IP4 0.0.0.0\r\n"
                "a=inactive\r\n"
                "a=mid:2\r\n" CREDENTIALS);
}

static void test_profiles_that_are_numbers(void **state)
{
    (void)state;
    video = (struct wrtc_track){.codec = WRTC_CODEC_VP9, .clock_rate = 90000, .profile = {2}};
    answer_file("chromium-156-video");
    assert_non_null(strstr(answer, "m=video 8189 UDP/TLS/RTP/SAVPF 100 101\r\n"));
    assert_non_null(strstr(answer, "a=rtpmap:100 VP9/90000\r\na=fmtp:100 profile-id=2\r\n"
                                   "a=rtcp-fb:100 nack\r\n"));
    video = (struct wrtc_track){.codec = WRTC_CODEC_AV1, .clock_rate = 90000, .profile = {0, 8}};
    answer_file("chromium-156-video");
    assert_non_null(strstr(answer, "a=rtpmap:45 AV1/90000\r\n"
                                   "a=fmtp:45 level-idx=5;profile=0;tier=0\r\n"));
    video = (struct wrtc_track){.codec = WRTC_CODEC_VP8, .clock_rate = 90000};
    answer_file("chromium-156-video");
    assert_non_null(strstr(answer, "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n"));
}

static void test_inactive(void **state)
{
    (void)state;
    video.codec = WRTC_CODEC_NONE;
    audio.channels = 1;
    answer_file("aiortc-1.4-video-audio");
    assert_non_null(strstr(answer, "a=group:BUNDLE 0 1\r\n"));
    assert_non_null(strstr(answer,
                           "m=video 8189 UDP/TLS/RTP/SAVPF 97\r\n"
                           "c=IN IP4 192.0.2.7\r\n"
                           "a=inactive\r\n"
                           "a=mid:0\r\n"
                           "a=rtcp-mux\r\n" CREDENTIALS CANDIDATES "a=rtpmap:97 VP8/90000\r\n"
                           "m=audio 8189 UDP/TLS/RTP/SAVPF 96\r\n"));
    assert_null(strstr(answer, "stereo"));
    // An inactive H.264 keeps the parameters that it was offered with.
    answer_file("gstreamer-1.22-video-audio-max-bundle");
    assert_non_null(strstr(answer, "a=rtpmap:96 H264/90000\r\n"
                                   "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\r\n"
                                   "m=audio "));
    assert_non_null(strstr(answer, "a=rtpmap:97 OPUS/48000/2\r\n"));
}

static void test_without_bundle(void **state)
{
    (void)state;
    answer_file("gstreamer-1.22-video-audio-no-bundle");
    assert_null(strstr(answer, "a=group"));
    assert_non_null(strstr(answer, "a=fmtp:96 packetization-mode=1;profile-level-id=42e01e\r\n"));
    assert_non_null(strstr(answer, "m=audio 0 UDP/TLS/RTP/SAVPF 97\r\n"
                                   "c=IN IP4 0.0.0.0\r\n"
                                   "a=inactive\r\n"
                                   "a=mid:audio1\r\n" CREDENTIALS));
}

static void test_group_order_is_the_offers(void **state)
{
    static const char text[] =
        "v=0\r\na=group:BUNDLE b a\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" //
        OUR_FINGERPRINT "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:a\r\na=rtcp-mux\r\n"
        "a=rtpmap:96 opus/48000/2\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 97\r\na=mid:b\r\na=rtcp-mux\r\na=rtpmap:97 H264/90000\r\n"
        "a=fmtp:97 packetization-mode=1\r\n";
    size_t len;

    (void)state;
    select_from(text, sizeof(text) - 1);
    assert_int_equal(wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &len),
                     0);
    assert_non_null(strstr(answer, "a=group:BUNDLE b a\r\n"));
    assert_true(strstr(answer, "m=audio") < strstr(answer, "m=video"));
    assert_null(strstr(answer, "rtcp-rsize"));
    assert_null(strstr(answer, "rtcp-fb"));
}

static void test_h265(void **state)
{
    static const char text[] = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" //
        OUR_FINGERPRINT "m=video 9 UDP/TLS/RTP/SAVPF 49\r\na=rtcp-mux\r\n"
                               "a=rtpmap:49 H265/90000\r\na=fmtp:49 level-id=93;tx-mode=SRST\r\n";
    size_t len;

    (void)state;
    video =
        (struct wrtc_track){.codec = WRTC_CODEC_H265, .clock_rate = 90000, .profile = {1, 0, 90}};
    select_from(text, sizeof(text) - 1);
    assert_int_equal(wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &len),
                     0);
    assert_non_null(strstr(answer,
                           "a=rtpmap:49 H265/90000\r\n"
                           "a=fmtp:49 level-id=90;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"));
}

static void test_ipv6_first(void **state)
{
    (void)state;
    config.candidates = &candidates[1];
    config.candidate_count = 1;
    answer_file("chromium-156-video");
    assert_non_null(strstr(answer, "c=IN IP6 2001:db8::7\r\n"));
    assert_non_null(strstr(answer, "a=candidate:1 1 udp 2130706431 2001:db8::7 8189 typ host\r\n"));
}

static void test_candidates_bound(void **state)
{
    (void)state;
    config.candidate_count = WRTC_CANDIDATES_MAX;
    answer_file("chromium-156-video-audio");
    assert_non_null(strstr(answer, "a=candidate:32 1 udp 2130698495 "));
}

// RTX is answered to those who offer it for the chosen payload type, and only to them.
static void test_rtx(void **state)
{
    static const struct {
        const char *file, *payload_types, *lines; // NULL: none
    } table[] = {
        {"chromium-156-video", "108 109\r\n", "a=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\n"},
        {"aiortc-1.4-video-audio", "101 102\r\n",
         "a=rtpmap:102 rtx/90000\r\na=fmtp:102 apt=101\r\n"},
        {"hand-safari", "98 99\r\n", "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"},
        {"firefox-153-video-audio", "126 127\r\n",
         "a=rtpmap:127 rtx/90000\r\na=fmtp:127 apt=126\r\n"},
        {"firefox-153-audio-video-datachannel", "126 127\r\n",
         "a=rtpmap:127 rtx/90000\r\na=fmtp:127 apt=126\r\n"},
        {"gstreamer-1.22-video-audio-max-bundle", "96\r\n", NULL},
        {"libdatachannel-0.24-video-audio", "96\r\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *media;

        answer_file(table[i].file);
        media = strstr(answer, "m=video 8189 UDP/TLS/RTP/SAVPF ");
        assert_non_null(media);
        media += strlen("m=video 8189 UDP/TLS/RTP/SAVPF ");
        if (strncmp(media, table[i].payload_types, strlen(table[i].payload_types)) != 0)
            fail_msg("%s: %.20s", table[i].file, media);
        assert_true(!table[i].lines || strstr(media, table[i].lines));
        assert_true(!table[i].lines == !strstr(media, "a=ssrc-group:FID 4294967295 3\r\n"));
        assert_true(!table[i].lines == !strstr(media, "a=ssrc:3 cname:fan\r\n"));
    }
}

// Nothing that the engine cannot do is answered.
static void test_never_answered(void **state)
{
    static const char *const never[] = {"abs-send-time", "audio-level", "toffset",
                                        "ulpfec",        "red/",        "ccm",
                                        "VP9",           "a=recvonly",  "sendrecv"};

    (void)state;
    for (size_t i = 0; i < OFFER_FILES; i++) {
        answer_file(offer_files[i]);
        for (size_t j = 0; j < sizeof(never) / sizeof(never[0]); j++) {
            if (strstr(answer, never[j]))
                fail_msg("%s: %s is in the answer", offer_files[i], never[j]);
        }
    }
}

// An extension that was chosen, but is not wanted here, is not answered either.
static void test_extensions(void **state)
{
    size_t len;
    char *text = read_offer("firefox-153-video-audio", &len);

    (void)state;
    select_from(text, len);
    free(text);
    assert_int_equal(wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &len),
                     0);
    assert_non_null(strstr(answer, "a=extmap:6/sendonly http://www.webrtc.org/experiments/"
                                   "rtp-hdrext/playout-delay\r\n"));
    selection.video.extension.playout_delay = 0;
    assert_int_equal(wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &len),
                     0);
    assert_null(strstr(answer, "playout-delay"));
    assert_non_null(strstr(answer, "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"));
}

static void test_every_size(void **state)
{
    size_t len = 0, whole;

    (void)state;
    answer_file("chromium-156-video-audio");
    whole = strlen(answer);
    for (size_t size = 0; size <= whole + 1; size++) {
        char *exact = malloc(size ? size : 1);
        int rc;

        assert_non_null(exact);
        rc = wrtc_answer_write(&offer, &selection, &config, exact, size, &len);
        assert_int_equal(rc, size <= whole ? -ENOSPC : 0);
        if (rc == 0)
            assert_string_equal(exact, answer);
        free(exact);
    }
    assert_int_equal(len, whole);
}

// A fixed generator, so that a failure comes back: splitmix64.
static uint64_t next_random(uint64_t *random)
{
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void answer_bytes(const char *text, size_t len)
{
    char *exact = malloc(len);
    size_t answer_len;

    assert_non_null(exact);
    memcpy(exact, text, len);
    if (wrtc_offer_parse(exact, len, &offer, &error) == 0 &&
        wrtc_offer_select(&offer, &video, &audio, &selection, &error) == 0)
        assert_int_equal(
            wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &answer_len), 0);
    free(exact);
}

static void test_random_bytes_flipped(void **state)
{
    enum {
        ROUNDS = 3000
    }; // a few seconds in all under ASan
    uint64_t random = 2026;

    (void)state;
    for (size_t i = 0; i < OFFER_FILES; i++) {
        size_t len;
        char *text = read_offer(offer_files[i], &len);
        char *broken = malloc(len);

        assert_non_null(broken);
        for (unsigned round = 0; round < ROUNDS; round++) {
            unsigned flips = 1 + (unsigned)(next_random(&random) % 8);

            memcpy(broken, text, len);
            for (unsigned j = 0; j < flips; j++) {
                uint64_t value = next_random(&random);
                uint8_t byte = (uint8_t)value;

                // Half of them stay printable: others are refused before anything is read.
                if (byte & 0x80)
                    byte = (uint8_t)(' ' + (byte & 0x3f));
                memcpy(&broken[(value >> 8) % len], &byte, 1);
            }
            answer_bytes(broken, len);
        }
        free(broken);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_answer, setup),
        cmocka_unit_test_setup(test_profiles_that_are_numbers, setup),
        cmocka_unit_test_setup(test_inactive, setup),
        cmocka_unit_test_setup(test_without_bundle, setup),
        cmocka_unit_test_setup(test_group_order_is_the_offers, setup),
        cmocka_unit_test_setup(test_h265, setup),
        cmocka_unit_test_setup(test_ipv6_first, setup),
        cmocka_unit_test_setup(test_candidates_bound, setup),
        cmocka_unit_test_setup(test_rtx, setup),
        cmocka_unit_test_setup(test_never_answered, setup),
        cmocka_unit_test_setup(test_extensions, setup),
        cmocka_unit_test_setup(test_every_size, setup),
        cmocka_unit_test_setup(test_random_bytes_flipped, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
