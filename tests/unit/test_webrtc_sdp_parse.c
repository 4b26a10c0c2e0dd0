// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "webrtc/sdp.h"

#include "webrtc_offers.h"

#define FINGERPRINT                                                                              \
    "a=fingerprint:sha-256 "                                                                     \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:" \
    "1e:FF\n"
#define SHA512                                                                                   \
    "a=fingerprint:SHA-512 "                                                                     \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:" \
    "0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:" \
    "0c:0d:0e:0f\n"
#define UFRAG   "a=ice-ufrag:abcd\n"
#define PWD     "a=ice-pwd:0123456789012345678901\n"
#define SESSION "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n"
#define VIDEO   "m=video 9 UDP/TLS/RTP/SAVPF 96\n"
#define GOOD    SESSION UFRAG PWD FINGERPRINT "a=setup:actpass\n" VIDEO

static struct wrtc_offer offer;
static struct wrtc_error error;

// From a buffer of exactly that size, so that ASan sees a read beyond it.
static int parse_bytes(const char *text, size_t len)
{
    char *exact = malloc(len ? len : 1);
    int rc;

    assert_non_null(exact);
    memcpy(exact, text, len);
    memset(&error, 0, sizeof(error));
    rc = wrtc_offer_parse(exact, len, &offer, &error);
    free(exact);
    if (rc != 0) {
        assert_true(rc == -EINVAL || rc == -E2BIG);
        assert_true(error.text[0] != '\0');
    }
    return rc;
}

static int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void parse_file(const char *name)
{
    size_t len;
    char *text = read_offer(name, &len);
    int rc = parse_bytes(text, len);

    free(text);
    if (rc != 0)
        fail_msg("%s: %d, %s", name, rc, error.text);
}

static const struct wrtc_offer_codec *codec_of(size_t media, unsigned payload_type)
{
    for (size_t i = 0; i < offer.media[media].codec_count; i++) {
        if (offer.media[media].codec[i].payload_type == payload_type)
            return &offer.media[media].codec[i];
    }
    fail_msg("no payload type %u", payload_type);
    return NULL;
}

static void test_all_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < OFFER_FILES; i++) {
        parse_file(offer_files[i]);
        for (size_t j = 0; j < offer.media_count; j++) {
            assert_false(offer.media[j].refused);
            if (offer.media[j].kind == WRTC_KIND_OTHER)
                continue;
            assert_true(offer.media[j].savpf);
            assert_true(offer.media[j].receives);
            assert_true(offer.media[j].rtcp_mux);
            assert_int_equal(offer.media[j].transport.setup, WRTC_SETUP_ACTPASS);
            assert_int_equal(offer.media[j].transport.fingerprint.len, 32);
        }
    }
}

static void test_chromium(void **state)
{
    const struct wrtc_offer_codec *codec;

    (void)state;
    parse_file("chromium-156-audio-video-datachannel");
    assert_int_equal(offer.media_count, 3);
    assert_int_equal(offer.bundle_count, 3);
    assert_int_equal(offer.media[0].kind, WRTC_KIND_AUDIO);
    assert_int_equal(offer.media[1].kind, WRTC_KIND_VIDEO);
    assert_int_equal(offer.media[1].codec_count, 34);
    codec = codec_of(1, 108);
    assert_string_equal(codec->name, "H264");
    assert_int_equal(codec->clock_rate, 90000);
    assert_int_equal(codec->channels, 1);
    assert_string_equal(codec->fmtp,
                        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
    assert_true(codec->nack && codec->nack_pli && codec->ccm_fir && codec->transport_cc);
    assert_true(codec->goog_remb);
    assert_false(codec_of(1, 109)->nack);
    codec = codec_of(0, 111);
    assert_string_equal(codec->name, "opus");
    assert_int_equal(codec->channels, 2);
    assert_false(codec->nack);
    assert_string_equal(codec_of(0, 110)->name, "telephone-event");
    assert_true(offer.media[1].rtcp_rsize);
    assert_int_equal(offer.media[1].extmap_count, 11);
    assert_int_equal(offer.media[1].extmap[0].id, 14);
    assert_string_equal(offer.media[1].extmap[0].uri, "urn:ietf:params:rtp-hdrext:toffset");
    assert_int_equal(offer.media[2].kind, WRTC_KIND_OTHER);
    assert_string_equal(offer.media[2].kind_name, "application");
    assert_string_equal(offer.media[2].protocol, "UDP/DTLS/SCTP");
    assert_string_equal(offer.media[2].format, "webrtc-datachannel");
    assert_int_equal(offer.media[2].codec_count, 0);
    assert_string_equal(offer.media[2].mid, "2");
}

// aiortc: other ICE credentials and other meanings of one extension id in each m-line.
static void test_aiortc(void **state)
{
    (void)state;
    parse_file("aiortc-1.4-video-audio");
    assert_string_equal(offer.media[0].transport.ufrag, "SNaX");
    assert_string_equal(offer.media[0].transport.pwd, "XciUkh9yG9fciUEzbePUjS");
    assert_string_equal(offer.media[1].transport.ufrag, "LcpQ");
    assert_int_equal(offer.media[0].extmap[1].id, 2);
    assert_int_equal(offer.media[1].extmap[1].id, 2);
    assert_non_null(strstr(offer.media[0].extmap[1].uri, "abs-send-time"));
    assert_non_null(strstr(offer.media[1].extmap[1].uri, "ssrc-audio-level"));
    assert_string_equal(codec_of(1, 0)->name, "PCMU");
}

static void test_webrtcbin_port_0_is_not_refused(void **state)
{
    (void)state;
    parse_file("gstreamer-1.22-video-audio-max-bundle");
    assert_int_equal(offer.media_count, 2);
    assert_true(offer.media[1].bundle_only);
    assert_true(offer.media[1].bundled);
    assert_false(offer.media[1].refused);
    assert_string_equal(offer.media[1].mid, "audio1");
    parse_file("gstreamer-1.22-video-audio-no-bundle");
    assert_int_equal(offer.bundle_count, 0);
}

static void test_session_attributes_are_defaults(void **state)
{
    (void)state;
    parse_file("libdatachannel-0.24-video-audio"); // fingerprint of the session
    assert_string_equal(offer.media[1].transport.ufrag, "PDDh");
    assert_int_equal(offer.media[1].transport.fingerprint.bytes[0], 0xa6);
    parse_file("firefox-153-video-audio"); // fingerprint of the session, credentials of the m-line
    assert_string_equal(offer.media[1].transport.ufrag, "d26d0c22");
    assert_string_equal(codec_of(0, 126)->name, "H264"); // its a=fmtp stands before its a=rtpmap
    assert_int_equal(offer.media[0].extmap[3].id, 6);    // offered as 6/recvonly
    assert_true(offer.media[0].extmap[3].recvonly);
    assert_false(offer.media[0].extmap[2].recvonly);

    assert_int_equal(parse(SESSION FINGERPRINT UFRAG PWD "a=inactive\n" VIDEO VIDEO "a=recvonly\n"),
                     0);
    assert_false(offer.media[0].receives);
    assert_true(offer.media[1].receives);
}

static void test_bundle_only_inherits(void **state)
{
    (void)state;
    parse_file("hand-bundle-only");
    assert_string_equal(offer.media[1].transport.ufrag, "ETEn");
    assert_string_equal(offer.media[1].transport.pwd, "OtSK0WpNtpUjkY4+86js7ZQl");
    assert_int_equal(offer.media[1].transport.fingerprint.len, 32);
    assert_true(offer.media[1].rtcp_mux && offer.media[1].rtcp_rsize);
    assert_true(codec_of(1, 100)->nack); // a=rtcp-fb:*
}

static void test_port_0(void **state)
{
    (void)state;
    assert_int_equal(parse(GOOD "m=audio 0 UDP/TLS/RTP/SAVPF 0\n"), 0);
    assert_false(offer.media[0].refused);
    assert_true(offer.media[1].refused);
    // Bundle-only without a group to be in.
    assert_int_equal(parse(GOOD "m=audio 0 UDP/TLS/RTP/SAVPF 0\na=bundle-only\na=mid:1\n"), 0);
    assert_true(offer.media[1].refused);
    // In the group, but neither port nor bundle-only: refused, and no transport is looked for.
    assert_int_equal(parse(SESSION "a=group:BUNDLE 1 0\n" VIDEO "a=mid:0\n" UFRAG PWD FINGERPRINT
                                   "m=audio 0 UDP/TLS/RTP/SAVPF 0\na=mid:1\n"),
                     0);
    assert_int_equal(offer.bundle_count, 1);
    assert_int_equal(offer.bundle[0], 0);
    assert_true(offer.media[1].refused);
}

static void test_bundle_order_is_the_groups(void **state)
{
    static const char text[] = SESSION UFRAG PWD FINGERPRINT
        "a=group:LS b a\na=group:BUNDLE b gone  a b\na=group:BUNDLE c\n" VIDEO "a=mid:a\n" VIDEO
        "a=mid:b\n" VIDEO "a=mid:c\n";

    (void)state;
    assert_int_equal(parse(text), 0);
    assert_int_equal(offer.bundle_count, 2);
    assert_int_equal(offer.bundle[0], 1);
    assert_int_equal(offer.bundle[1], 0);
    assert_false(offer.media[2].bundled);
}

static void test_line_ends_and_characters(void **state)
{
    static const char good[] = GOOD;

    (void)state;
    assert_int_equal(parse(good), 0);
    assert_int_equal(parse_bytes(good, sizeof(good) - 2), 0); // no line end at the end
    assert_int_equal(parse(GOOD "\r\n\r\n"), 0);
    assert_int_equal(parse(GOOD "i=\xc3\xa9\n"), 0);
    assert_int_equal(parse_bytes(good, sizeof(good)), -EINVAL); // with its NUL
    assert_int_equal(parse(GOOD "a=x:\x01\n"), -EINVAL);
    assert_int_equal(parse(GOOD "a=x:\ty\n"), -EINVAL);
    assert_int_equal(parse(GOOD "a=x:\x7f\n"), -EINVAL);
    assert_int_equal(parse(GOOD "a=x\ry\n"), -EINVAL);
    assert_int_equal(parse(GOOD "a=x\r"), -EINVAL);
}

static void test_not_sdp(void **state)
{
    static const char *const broken[] = {
        "",
        "\n",
        "v=1\n" VIDEO,
        "{\"type\":\"offer\"}",
        SESSION,
        SESSION "hello\n" VIDEO,
        GOOD "a=\n",
        GOOD "m=\n",
        GOOD "m=audio\n",
        GOOD "m=audio 9\n",
        GOOD "m=audio 9 UDP/TLS/RTP/SAVPF\n",
        GOOD "m=audio 65536 UDP/TLS/RTP/SAVPF 0\n",
        GOOD "m=audio -1 UDP/TLS/RTP/SAVPF 0\n",
        GOOD "m=audio 9 UDP/TLS/RTP/SAVPF 128\n",
        GOOD "m=audio 9 UDP/TLS/RTP/SAVPF opus\n",
        GOOD "m=au(dio 9 UDP/TLS/RTP/SAVPF 0\n",
        GOOD "m=application 9 UDP/DTLS/SCTP a\"b\n",
        GOOD "a=rtpmap:x H264/90000\n",
        GOOD "a=rtpmap:96 H264\n",
        GOOD "a=rtpmap:96 H264/fast\n",
        GOOD "a=rtpmap:96 /90000\n",
        GOOD "a=fmtp:\n",
        GOOD "a=rtcp-fb:999 nack\n",
        GOOD "a=extmap:x urn:y\n",
        GOOD "a=extmap:1\n",
        GOOD "a=mid:\n",
        GOOD "a=mid:a b\n",
        GOOD "a=mid:a\n" VIDEO "a=mid:a\n",
        GOOD "a=setup:perhaps\n",
        GOOD "a=ice-ufrag:abc\n",
        GOOD "a=ice-ufrag:ab:cd\n",
        GOOD "a=ice-pwd:short\n",
        GOOD "a=fingerprint:sha-256 00:01\n",
        GOOD "a=fingerprint:sha-256\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        if (parse(broken[i]) != -EINVAL)
            fail_msg("taken: %s", broken[i]);
    }
    assert_int_equal(parse(GOOD "a=rtpmap:x y/1\n"), -EINVAL);
    assert_string_equal(error.text, "line 10: a=rtpmap without payload type");
}

static void test_unusable_but_allowed(void **state)
{
    (void)state;
    // An extension id of an offer's placeholders, a URI without end, an unknown payload type.
    assert_int_equal(parse(GOOD "a=extmap:4096 urn:y\na=extmap:0 urn:y\na=fmtp:97 x\n"
                                "a=rtpmap:97 x/1\na=rtcp-fb:97 nack\n"),
                     0);
    assert_int_equal(offer.media[0].extmap_count, 0);
    assert_int_equal(parse(GOOD "a=extmap:1/sendonly urn:y\na=extmap:2/inactive urn:y\n"), 0);
    assert_int_equal(offer.media[0].extmap_count, 0);
    assert_int_equal(parse(GOOD "a=rtpmap:96 a-name-of-17-chars/90000\n"), 0);
    assert_string_equal(offer.media[0].codec[0].name, "");
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT "m=video 9/2 RTP/SAVPF 96 96\n"), 0);
    assert_int_equal(offer.media[0].codec_count, 1);
    assert_true(offer.media[0].savpf);
}

static void test_missing_transport(void **state)
{
    (void)state;
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT VIDEO), 0); // no setup: active
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT VIDEO "a=setup:active\n"), 0);
    assert_int_equal(parse(SESSION PWD FINGERPRINT VIDEO), -EINVAL);
    assert_string_equal(error.text, "m-line 1: no a=ice-ufrag");
    assert_int_equal(parse(SESSION UFRAG FINGERPRINT VIDEO), -EINVAL);
    assert_non_null(strstr(error.text, "ice-pwd"));
    assert_int_equal(parse(SESSION UFRAG PWD VIDEO), -EINVAL);
    assert_non_null(strstr(error.text, "fingerprint"));
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT VIDEO "a=setup:passive\n"), -EINVAL);
    assert_non_null(strstr(error.text, "passive"));
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT VIDEO "a=setup:holdconn\n"), -EINVAL);
    assert_int_equal(parse(SESSION "a=ice-lite\n" UFRAG PWD FINGERPRINT VIDEO), -EINVAL);
    // What will be rejected anyway needs none.
    assert_int_equal(parse(SESSION "m=audio 4000 RTP/AVP 0\n"), 0);
    assert_false(offer.media[0].savpf);
    assert_int_equal(parse(SESSION "m=audio 0 UDP/TLS/RTP/SAVPF 0\n"), 0);
}

static void test_fingerprints(void **state)
{
    const struct wrtc_fingerprint *fingerprint = &offer.media[0].transport.fingerprint;

    (void)state;
    assert_int_equal(parse(SESSION UFRAG PWD SHA512 FINGERPRINT VIDEO), 0);
    assert_string_equal(fingerprint->algorithm, "sha-256");
    assert_int_equal(fingerprint->len, 32);
    assert_int_equal(fingerprint->bytes[10], 0x0a);
    assert_int_equal(fingerprint->bytes[31], 0xff);
    assert_int_equal(parse(SESSION UFRAG PWD FINGERPRINT SHA512 VIDEO), 0);
    assert_string_equal(fingerprint->algorithm, "sha-256");
    assert_int_equal(parse(SESSION UFRAG PWD SHA512 VIDEO), 0);
    assert_string_equal(fingerprint->algorithm, "sha-512");
    assert_int_equal(fingerprint->len, 64);
    assert_int_equal(parse(SESSION UFRAG PWD "a=fingerprint:sha-1 00:01\n" VIDEO), -EINVAL);
}

static char *append(char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    at += vsprintf(at, format, args);
    va_end(args);
    return at;
}

static void test_bounds(void **state)
{
    static char text[WRTC_SDP_MAX + 2];
    char *at;

    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        int expected = extra ? -E2BIG : 0;

        at = append(text, SESSION UFRAG PWD FINGERPRINT);
        for (unsigned i = 0; i < WRTC_MEDIA_MAX + extra; i++)
            at = append(at, VIDEO);
        assert_int_equal(parse(text), expected);

        at = append(text, SESSION UFRAG PWD FINGERPRINT "m=video 9 UDP/TLS/RTP/SAVPF");
        for (unsigned i = 0; i < WRTC_CODECS_MAX + extra; i++)
            at = append(at, " %u", i);
        assert_int_equal(parse(text), expected);

        at = append(text, GOOD);
        for (unsigned i = 0; i < WRTC_EXTMAPS_MAX + extra; i++)
            at = append(at, "a=extmap:%u urn:x\n", i + 1);
        assert_int_equal(parse(text), expected);

        append(text, GOOD "a=mid:%0*d\n", WRTC_MID_MAX - 1 + (int)extra, 0);
        assert_int_equal(parse(text), expected);
        append(text, GOOD "a=fmtp:96 %0*d\n", WRTC_FMTP_MAX - 1 + (int)extra, 0);
        assert_int_equal(parse(text), expected);
        append(text, GOOD "m=x%0*d 9 RTP/AVP 0\n", WRTC_TOKEN_MAX - 2 + (int)extra, 0);
        assert_int_equal(parse(text), expected);
        append(text, GOOD "a=ice-ufrag:%0*d\n", WRTC_UFRAG_MAX - 1 + (int)extra, 0);
        assert_int_equal(parse(text), extra ? -EINVAL : 0);

        at = append(text, GOOD);
        append(at, "a=x:%0*d\n", (int)(WRTC_SDP_MAX - (size_t)(at - text) - 5 + extra), 0);
        assert_int_equal(strlen(text), WRTC_SDP_MAX + extra);
        assert_int_equal(parse(text), expected);
    }
}

static void test_truncated_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < OFFER_FILES; i++) {
        size_t len;
        char *text = read_offer(offer_files[i], &len);

        for (size_t cut = 0; cut < len; cut++)
            parse_bytes(text, cut);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_files),
        cmocka_unit_test(test_chromium),
        cmocka_unit_test(test_aiortc),
        cmocka_unit_test(test_webrtcbin_port_0_is_not_refused),
        cmocka_unit_test(test_session_attributes_are_defaults),
        cmocka_unit_test(test_bundle_only_inherits),
        cmocka_unit_test(test_port_0),
        cmocka_unit_test(test_bundle_order_is_the_groups),
        cmocka_unit_test(test_line_ends_and_characters),
        cmocka_unit_test(test_not_sdp),
        cmocka_unit_test(test_unusable_but_allowed),
        cmocka_unit_test(test_missing_transport),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_truncated_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
