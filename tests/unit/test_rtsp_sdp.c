// SPDX-License-Identifier: Apache-2.0
#include "rtsp/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rtsp_sdp parse(const char *text)
{
    static struct rtsp_sdp sdp;

    assert_int_equal(rtsp_sdp_parse(text, strlen(text), true, &sdp), 0);
    return sdp;
}

static const char camera[] = "v=0\r\n"
                             "o=- 1109162014219182 1109162014219192 IN IP4 x.y.z.w\r\n"
                             "s=Media Presentation\r\n"
                             "e=NONE\r\n"
                             "c=IN IP4 0.0.0.0\r\n"
                             "t=0 0\r\n"
                             "a=control:*\r\n"
                             "a=range:npt=now-\r\n"
                             "m=video 0 RTP/AVP 96\r\n"
                             "b=AS:5000\r\n"
                             "a=control:trackID=1\r\n"
                             "a=rtpmap:96 H264/90000\r\n"
                             "a=fmtp:96 profile-level-id=420029; packetization-mode=1; "
                             "sprop-parameter-sets=Z0IAKeKQFoe2AtwEBAaQeJEV,aM48gA==\r\n"
                             "m=audio 0 RTP/AVP 97\r\n"
                             "a=control:trackID=2\r\n"
                             "a=rtpmap:97 opus/48000/2\r\n"
                             "m=application 0 RTP/AVP 107\r\n"
                             "a=control:trackID=3\r\n"
                             "a=rtpmap:107 vnd.onvif.metadata/90000\r\n";

static void test_camera(void **state)
{
    static const uint8_t sps[] = {0x67, 0x42, 0x00, 0x29, 0xe2, 0x90, 0x16, 0x87, 0xb6,
                                  0x02, 0xdc, 0x04, 0x04, 0x06, 0x90, 0x78, 0x91, 0x15};
    static const uint8_t pps[] = {0x68, 0xce, 0x3c, 0x80};
    struct rtsp_sdp sdp = parse(camera);
    const struct rtsp_format *video = &sdp.track[ENG_VIDEO].format;
    const struct rtsp_format *audio = &sdp.track[ENG_AUDIO].format;

    (void)state;
    assert_string_equal(sdp.control, "*");
    assert_string_equal(sdp.track[ENG_VIDEO].control, "trackID=1");
    assert_string_equal(sdp.track[ENG_AUDIO].control, "trackID=2");
    assert_string_equal(sdp.track[ENG_VIDEO].offered, "H264");
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "opus");
    assert_int_equal(video->codec, RTSP_CODEC_H264);
    assert_int_equal(video->payload_type, 96);
    assert_int_equal(video->clock_rate, 90000);
    assert_int_equal(video->set[0].len, sizeof(sps));
    assert_memory_equal(video->set[0].data, sps, sizeof(sps));
    assert_int_equal(video->set[1].len, sizeof(pps));
    assert_memory_equal(video->set[1].data, pps, sizeof(pps));
    assert_int_equal(audio->codec, RTSP_CODEC_OPUS);
    assert_int_equal(audio->payload_type, 97);
    assert_int_equal(audio->clock_rate, 48000);
    assert_int_equal(audio->channels, 2);
}

static void test_static_types(void **state)
{
    struct rtsp_sdp sdp = parse("m=audio 0 RTP/AVP 8 0\na=control:a\n");

    (void)state;
    assert_int_equal(sdp.track[ENG_AUDIO].format.codec, RTSP_CODEC_PCMA);
    assert_int_equal(sdp.track[ENG_AUDIO].format.payload_type, 8);
    assert_int_equal(sdp.track[ENG_AUDIO].format.clock_rate, 8000);
    assert_int_equal(sdp.track[ENG_AUDIO].format.channels, 1);
    assert_int_equal(sdp.track[ENG_VIDEO].format.codec, RTSP_CODEC_NONE);

    sdp = parse("m=audio 0 RTP/AVP 0\n");
    assert_int_equal(sdp.track[ENG_AUDIO].format.codec, RTSP_CODEC_PCMU);
    assert_string_equal(sdp.track[ENG_AUDIO].control, "");

    // One that is not carried has a name all the same.
    sdp = parse("m=video 0 RTP/AVP 26\nm=audio 0 RTP/AVP 18\n");
    assert_string_equal(sdp.track[ENG_VIDEO].offered, "JPEG");
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "G729");
}

static void expect_audio(const char *text, enum rtsp_codec codec, uint32_t clock_rate,
                         unsigned channels)
{
    struct rtsp_sdp sdp = parse(text);
    const struct rtsp_format *format = &sdp.track[ENG_AUDIO].format;

    assert_int_equal(format->codec, codec);
    assert_int_equal(format->clock_rate, clock_rate);
    assert_int_equal(format->channels, channels);
}

static void test_g722_and_l16(void **state)
{
    (void)state;
    expect_audio("m=audio 0 RTP/AVP 9\n", RTSP_CODEC_G722, 8000, 1);
    expect_audio("m=audio 0 RTP/AVP 97\na=rtpmap:97 G722/8000/1\n", RTSP_CODEC_G722, 8000, 1);
    expect_audio("m=audio 0 RTP/AVP 97\na=rtpmap:97 G722/16000\n", RTSP_CODEC_NONE, 0, 0);
    expect_audio("m=audio 0 RTP/AVP 10\n", RTSP_CODEC_L16, 44100, 2);
    expect_audio("m=audio 0 RTP/AVP 11\n", RTSP_CODEC_L16, 44100, 1);
    expect_audio("m=audio 0 RTP/AVP 98\na=rtpmap:98 L16/16000\n", RTSP_CODEC_L16, 16000, 1);
    expect_audio("m=audio 0 RTP/AVP 98\na=rtpmap:98 L16/48000/2\n", RTSP_CODEC_L16, 48000, 2);
    expect_audio("m=audio 0 RTP/AVP 98\na=rtpmap:98 L16/48000/6\n", RTSP_CODEC_NONE, 0, 0);
    expect_audio("m=audio 0 RTP/AVP 98\na=rtpmap:98 L16/0\n", RTSP_CODEC_NONE, 0, 0);
    expect_audio("m=audio 0 RTP/AVP 98\na=rtpmap:98 L16/192001\n", RTSP_CODEC_NONE, 0, 0);
}

static void test_video_codecs(void **state)
{
    static const struct {
        const char *name;
        enum rtsp_codec codec;
    } table[] = {
        {"VP8/90000", RTSP_CODEC_VP8},   {"VP9/90000", RTSP_CODEC_VP9},
        {"vp9/90000/1", RTSP_CODEC_VP9}, {"AV1/90000", RTSP_CODEC_AV1},
        {"VP8/48000", RTSP_CODEC_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char text[200];
        struct rtsp_sdp sdp;

        snprintf(text, sizeof(text),
                 "m=video 0 RTP/AVP 98\na=rtpmap:98 %s\na=fmtp:98 profile-id=2; level-idx=8\n"
                 "m=audio 0 RTP/AVP 99\na=rtpmap:99 %s\n",
                 table[i].name, table[i].name);
        sdp = parse(text);
        assert_int_equal(sdp.track[ENG_VIDEO].format.codec, table[i].codec);
        assert_int_equal(sdp.track[ENG_AUDIO].format.codec, RTSP_CODEC_NONE);
        if (table[i].codec != RTSP_CODEC_NONE)
            assert_int_equal(sdp.track[ENG_VIDEO].format.clock_rate, 90000);
    }
}

static void test_first_that_can_be_carried(void **state)
{
    struct rtsp_sdp sdp = parse("m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=control:v1\n"
                                "m=video 0 RTP/AVP 97 96\na=rtpmap:96 h264/90000\na=control:v2\n"
                                "a=rtpmap:97 MP4V-ES/90000\n"
                                "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:v3\n"
                                "m=audio 0 RTP/AVP 104\na=rtpmap:104 MPEG4-GENERIC/48000/2\n"
                                "m=audio 0 RTP/AVP 105\na=rtpmap:105 PCMU/16000\n"
                                "m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU/8000/2\n"
                                "m=audio 0 RTP/AVP 99\na=rtpmap: 99  PCMU/8000/1\na=control:a4\n");

    (void)state;
    assert_string_equal(sdp.track[ENG_VIDEO].control, "v2");
    assert_int_equal(sdp.track[ENG_VIDEO].format.payload_type, 96);
    assert_string_equal(sdp.track[ENG_AUDIO].control, "a4");
    assert_int_equal(sdp.track[ENG_AUDIO].format.codec, RTSP_CODEC_PCMU);
    assert_int_equal(sdp.track[ENG_AUDIO].format.payload_type, 99);
}

// VPS, SPS and PPS have parameters of their own; lists of which the first that is one is taken.
static void test_h265(void **state)
{
    static const char text[] =
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"
        "a=fmtp:96 sprop-sps=QgEBAWAAAAMAkAAAAwAAAwA8oAoIDxZZFllJMrxaAgAAAwACAAADADIQ; "
        "sprop-pps=QAEMAQ==,RAHBcrRiQA==; sprop-max-don-diff=0;"
        "sprop-vps=AAAAAUABDAH//wFgAAADAJAAAAMAAAMAPJWUCQ==,QAEMAQ==\r\n";
    struct rtsp_sdp sdp = parse(text);
    const struct rtsp_format *video = &sdp.track[ENG_VIDEO].format;

    (void)state;
    assert_int_equal(video->codec, RTSP_CODEC_H265);
    assert_int_equal(video->set[0].len, 24);
    assert_memory_equal(video->set[0].data, "\x40\x01\x0c\x01", 4);
    assert_int_equal(video->set[1].len, 42);
    assert_memory_equal(video->set[1].data, "\x42\x01\x01\x01", 4);
    assert_int_equal(video->set[2].len, 7);
    assert_memory_equal(video->set[2].data, "\x44\x01\xc1\x72", 4);
}

// Whichever comes first.
static void test_h264_before_h265(void **state)
{
    static const char h264[] = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:4\n";
    static const char h265[] = "m=video 0 RTP/AVP 97\na=rtpmap:97 H265/90000\na=control:5\n";
    char text[256];
    struct rtsp_sdp sdp;

    (void)state;
    snprintf(text, sizeof(text), "%s%s", h264, h265);
    sdp = parse(text);
    assert_string_equal(sdp.track[ENG_VIDEO].control, "4");
    snprintf(text, sizeof(text), "%s%s%s", h265, h264, h265);
    sdp = parse(text);
    assert_string_equal(sdp.track[ENG_VIDEO].control, "4");
    assert_int_equal(sdp.track[ENG_VIDEO].format.codec, RTSP_CODEC_H264);
}

static void test_nothing_to_carry(void **state)
{
    struct rtsp_sdp sdp = parse("m=video 0 RTP/AVP 98\na=rtpmap:98 H266/90000\n"
                                "m=audio 0 RTP/AVP 104\na=rtpmap:104 MPEG4-GENERIC/48000/2\n");

    (void)state;
    assert_int_equal(sdp.track[ENG_VIDEO].format.codec, RTSP_CODEC_NONE);
    assert_int_equal(sdp.track[ENG_AUDIO].format.codec, RTSP_CODEC_NONE);
    assert_string_equal(sdp.track[ENG_VIDEO].offered, "H266");
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "MPEG4-GENERIC");

    // The name alone would not say what is wrong. What is no name is left out.
    sdp = parse("m=audio 0 RTP/AVP 97 98 99\na=rtpmap:97 opus/48000/6\na=rtpmap:98 x\xc3\xbc/8000\n"
                "a=rtpmap:99 AC3/48000/6\n");
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "opus/48000/6, AC3");
}

// The first section that can be carried, wherever it stands.
static void test_jpeg_first(void **state)
{
    struct rtsp_sdp sdp = parse("m=video 0 RTP/AVP 26\na=control:v1\n"
                                "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:v2\n");

    (void)state;
    assert_int_equal(sdp.track[ENG_VIDEO].format.codec, RTSP_CODEC_H264);
    assert_string_equal(sdp.track[ENG_VIDEO].control, "v2");
    assert_string_equal(sdp.track[ENG_VIDEO].offered, "JPEG, H264");
}

// Carried where that can be done, and if its parameters are there.
static void test_aac(void **state)
{
    static const char latm[] = "m=audio 0 RTP/AVP 97\na=rtpmap:97 MP4A-LATM/16000\n"
                               "a=fmtp:97 cpresent=0;config=40002810\n";
    struct rtsp_sdp sdp;
    const struct rtsp_format *format = &sdp.track[ENG_AUDIO].format;

    (void)state;
    sdp = parse("m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\n"
                "a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1190;sizelength=13\n");
    assert_int_equal(format->codec, RTSP_CODEC_AAC);
    assert_int_equal(format->clock_rate, 48000);
    assert_int_equal(format->aac.channels, 2);
    assert_false(format->aac.latm);
    sdp = parse(latm);
    assert_int_equal(format->codec, RTSP_CODEC_AAC);
    assert_true(format->aac.latm);
    assert_int_equal(rtsp_sdp_parse(latm, strlen(latm), false, &sdp), 0);
    assert_int_equal(format->codec, RTSP_CODEC_NONE);
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "MP4A-LATM");
    // The next one is taken where there is none.
    sdp = parse("m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/48000/2\n"
                "m=audio 0 RTP/AVP 8\n");
    assert_int_equal(format->codec, RTSP_CODEC_PCMA);
    assert_string_equal(sdp.track[ENG_AUDIO].offered, "MPEG4-GENERIC, PCMA");
}

static void test_no_media(void **state)
{
    struct rtsp_sdp sdp;
    char *large = calloc(1, RTSP_SDP_MAX + 1);

    (void)state;
    assert_non_null(large);
    assert_int_equal(rtsp_sdp_parse("", 0, true, &sdp), -EBADMSG);
    assert_int_equal(rtsp_sdp_parse("v=0\r\ns=x\r\n", 10, true, &sdp), -EBADMSG);
    assert_int_equal(rtsp_sdp_parse("<html>\r\n", 8, true, &sdp), -EBADMSG);
    assert_int_equal(rtsp_sdp_parse(large, RTSP_SDP_MAX + 1, true, &sdp), -EMSGSIZE);
    assert_int_equal(rtsp_sdp_parse(large, RTSP_SDP_MAX, true, &sdp), -EBADMSG);
    free(large);
}

static void assert_sets(const char *sets, size_t sps_len, size_t pps_len)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "m=video 0 RTP/AVP 96\r\na=fmtp:96 sprop-parameter-sets=%s\r\n"
             "a=rtpmap:96 H264/90000\r\n",
             sets);
    struct rtsp_sdp sdp = parse(text);

    assert_int_equal(sdp.track[ENG_VIDEO].format.set[0].len, sps_len);
    assert_int_equal(sdp.track[ENG_VIDEO].format.set[1].len, pps_len);
}

static void test_parameter_sets(void **state)
{
    char sets[1024];

    (void)state;
    assert_sets("Z0IAKQ==,aM48gA==", 4, 4);
    assert_sets("Z0IAKQ,aM48gA", 4, 4);             // padding left out
    assert_sets("aM48gA==,Z0IAKQ==", 4, 4);         // the other way round
    assert_sets("AAAAAWdCACk=,AAAAAWjOPIA=", 4, 4); // with start codes
    assert_sets("Z0IAKQ==", 4, 0);
    assert_sets("Z0IAKQAA,aM48gAA=", 4, 4);         // with zeros behind them
    assert_sets("50IAKQ==,aM48gA==", 0, 4);         // forbidden bit
    assert_sets("Z0IAKQAAAWcBAg==,aM48gA==", 0, 4); // a start code inside
    assert_sets("", 0, 0);
    assert_sets(",,;x", 0, 0);
    assert_sets("!!!!,aM48gA==", 0, 4);
    assert_sets("AAAAAQ==,AAAAAA==", 0, 0);

    // 256 bytes are the most that is taken: 342 base64 characters.
    memset(sets, 'B', sizeof(sets));
    memcpy(sets, "Zw", 2);
    sets[342] = '\0';
    assert_sets(sets, 256, 0);
    memset(sets, 'B', sizeof(sets));
    memcpy(sets, "Zw", 2);
    sets[343] = '\0';
    assert_sets(sets, 0, 0);
    memset(sets, 'B', 1000);
    sets[1000] = '\0';
    assert_sets(sets, 0, 0);
}

static void test_every_cut(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(camera); len++) {
        char *copy = malloc(len + 1);
        struct rtsp_sdp sdp;

        assert_non_null(copy);
        memcpy(copy, camera, len);
        int rc = rtsp_sdp_parse(copy, len, true, &sdp);

        assert_true(rc == 0 || rc == -EBADMSG);
        free(copy);
    }
}

// Every single byte replaced by a few others: nothing but an answer may come of it.
static void test_every_byte_wrong(void **state)
{
    static const char wrong[] = {'\0', '\n', ' ', ':', ';', '=', ',', '/', 'm', '9', (char)0xff};
    char text[sizeof(camera)];
    struct rtsp_sdp sdp;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(camera); i++)
        for (size_t j = 0; j < sizeof(wrong); j++) {
            memcpy(text, camera, sizeof(camera));
            text[i] = wrong[j];
            assert_int_equal(rtsp_sdp_parse(text, sizeof(camera) - 1, true, &sdp), 0);
        }
}

static enum rtsp_refresh refresh_of(const char *lines)
{
    char text[256];

    snprintf(text, sizeof(text),
             "m=video 0 RTP/AVPF 96 97\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 H264/90000\r\n%s",
             lines);
    return parse(text).track[ENG_VIDEO].format.refresh;
}

static void test_how_a_keyframe_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(refresh_of(""), RTSP_REFRESH_NONE);
    assert_int_equal(refresh_of("a=rtcp-fb:96 nack\r\n"), RTSP_REFRESH_NONE);
    assert_int_equal(refresh_of("a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"),
                     RTSP_REFRESH_PLI);
    assert_int_equal(refresh_of("a=rtcp-fb:* nack pli\r\n"), RTSP_REFRESH_PLI);
    assert_int_equal(refresh_of("a=rtcp-fb:96 ccm fir\r\n"), RTSP_REFRESH_FIR);
    assert_int_equal(refresh_of("a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack pli\r\n"),
                     RTSP_REFRESH_PLI);
    // Of another payload type, or no line at all.
    assert_int_equal(refresh_of("a=rtcp-fb:97 nack pli\r\n"), RTSP_REFRESH_NONE);
    assert_int_equal(refresh_of("a=rtcp-fb:\r\na=rtcp-fb:96\r\na=rtcp-fb: nack pli\r\n"),
                     RTSP_REFRESH_NONE);
}

static void test_many_sections(void **state)
{
    static const char other[] = "m=audio 0 RTP/AVP 99\n";
    static const char wanted[] = "m=audio 0 RTP/AVP 0\n";

    (void)state;
    for (int before = RTSP_SDP_MEDIA_MAX - 1; before <= RTSP_SDP_MEDIA_MAX; before++) {
        char text[1024];
        size_t used = 0;

        for (int i = 0; i < before; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", other);
        snprintf(text + used, sizeof(text) - used, "%s", wanted);
        assert_int_equal(parse(text).track[ENG_AUDIO].format.codec,
                         before < RTSP_SDP_MEDIA_MAX ? RTSP_CODEC_PCMU : RTSP_CODEC_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_camera),
        cmocka_unit_test(test_static_types),
        cmocka_unit_test(test_g722_and_l16),
        cmocka_unit_test(test_video_codecs),
        cmocka_unit_test(test_first_that_can_be_carried),
        cmocka_unit_test(test_h265),
        cmocka_unit_test(test_h264_before_h265),
        cmocka_unit_test(test_nothing_to_carry),
        cmocka_unit_test(test_jpeg_first),
        cmocka_unit_test(test_aac),
        cmocka_unit_test(test_no_media),
        cmocka_unit_test(test_parameter_sets),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_byte_wrong),
        cmocka_unit_test(test_many_sections),
        cmocka_unit_test(test_how_a_keyframe_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
