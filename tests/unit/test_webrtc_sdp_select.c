// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "webrtc/sdp.h"

#include "webrtc_offers.h"

#define SESSION                                                                                  \
    "v=0\ns=-\nt=0 0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n"                      \
    "a=fingerprint:sha-256 "                                                                     \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:" \
    "1e:ff\n"
#define H264(pt, fmtp) "a=rtpmap:" pt " H264/90000\na=fmtp:" pt " " fmtp "\n"
#define MODE_1         "packetization-mode=1;profile-level-id=42e01f"

static struct wrtc_offer offer;
static struct wrtc_selection selection;
static struct wrtc_error error;

static const struct wrtc_track none = {.codec = WRTC_CODEC_NONE};
static const struct wrtc_track opus = {
    .codec = WRTC_CODEC_OPUS, .clock_rate = 48000, .channels = 2};
static const struct wrtc_track pcma = {.codec = WRTC_CODEC_PCMA, .clock_rate = 8000, .channels = 1};
static const struct wrtc_track g722 = {.codec = WRTC_CODEC_G722, .clock_rate = 8000, .channels = 1};
static const struct wrtc_track pcmu = {.codec = WRTC_CODEC_PCMU, .clock_rate = 8000, .channels = 1};

static struct wrtc_track h264(unsigned profile_level_id)
{
    return (struct wrtc_track){
        .codec = WRTC_CODEC_H264,
        .clock_rate = 90000,
        .profile = {(uint8_t)(profile_level_id >> 16), (uint8_t)(profile_level_id >> 8),
                    (uint8_t)profile_level_id},
    };
}

static int choose(const char *text, size_t len, struct wrtc_track video, struct wrtc_track audio)
{
    int rc = wrtc_offer_parse(text, len, &offer, &error);

    if (rc != 0)
        fail_msg("%s", error.text);
    memset(&error, 0, sizeof(error));
    rc = wrtc_offer_select(&offer, &video, &audio, &selection, &error);
    assert_true(rc == 0 || rc == -ENOENT);
    assert_int_equal(rc == 0, error.text[0] == '\0');
    return rc;
}

static int choose_text(const char *text, struct wrtc_track video, struct wrtc_track audio)
{
    return choose(text, strlen(text), video, audio);
}

static int choose_file(const char *name, struct wrtc_track video, struct wrtc_track audio)
{
    size_t len;
    char *text = read_offer(name, &len);
    int rc = choose(text, len, video, audio);

    free(text);
    return rc;
}

// Which payload type each client gets for each profile of a camera, and what it is told.
static void test_h264_of_clients(void **state)
{
    static const struct {
        const char *file;
        unsigned live, payload_type;
        const char *told;
    } table[] = {
        {"chromium-156-video", 0x42c01e, 108, "\x42\xe0\x1e"},
        {"chromium-156-video", 0x4d8028, 108, "\x42\xe0\x28"},
        {"chromium-156-video", 0x42001f, 102, "\x42\x00\x1f"},
        {"chromium-156-video", 0x4d4028, 116, "\x4d\x00\x28"},
        {"chromium-156-video", 0x640028, 41, "\xf4\x00\x28"}, // contains High
        {"chromium-156-video", 0x000000, 108, "\x42\xe0\x1f"},
        {"aiortc-1.4-video-audio", 0x42e01f, 101, "\x42\xe0\x1f"},
        {"aiortc-1.4-video-audio", 0x640028, 99, "\x42\x00\x28"},                // what there is
        {"gstreamer-1.22-video-audio-max-bundle", 0x640028, 96, "\x42\xe0\x1f"}, // no asymmetry
        {"gstreamer-1.22-video-audio-max-bundle", 0x42c01e, 96, "\x42\xe0\x1e"},
        {"hand-safari", 0x640028, 96, "\x64\x0c\x28"},
        {"hand-safari", 0x640c1f, 96, "\x64\x0c\x1f"},
        {"hand-safari", 0x42c01f, 98, "\x42\xe0\x1f"},
        {"firefox-153-video-audio", 0x4d0028, 105, "\x42\x00\x28"},
        {"firefox-153-video-audio", 0x42e01f, 126, "\x42\xe0\x1f"},
        {"firefox-153-audio-video-datachannel", 0x42001f, 105, "\x42\x00\x1f"},
        {"pion-4.2-video-audio", 0x640028, 112, "\x64\x00\x28"},
        {"pion-4.2-video-audio", 0x4d4028, 127, "\x4d\x00\x28"},
        {"libdatachannel-0.24-video-audio", 0x42c01f, 96, "\x42\xe0\x1f"},
        {"hand-bundle-only", 0x4d401f, 100, "\x4d\x00\x1f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct wrtc_choice *video = &selection.video;

        assert_int_equal(choose_file(table[i].file, h264(table[i].live), none), 0);
        if (!video->on || video->payload_type != table[i].payload_type ||
            memcmp(video->profile, table[i].told, 3) != 0)
            fail_msg("%s, %06x: %u, %02x%02x%02x", table[i].file, table[i].live,
                     video->payload_type, video->profile[0], video->profile[1], video->profile[2]);
    }
}

static struct wrtc_track other(enum wrtc_codec codec, unsigned profile)
{
    return (struct wrtc_track){
        .codec = codec,
        .clock_rate = 90000,
        .profile = {(uint8_t)(profile >> 16), (uint8_t)(profile >> 8), (uint8_t)profile},
    };
}

// The same for the codecs whose profile is a number; for AV1 with level and tier.
static void test_vp8_vp9_av1_of_clients(void **state)
{
    static const struct {
        const char *file;
        enum wrtc_codec codec;
        unsigned live, payload_type, rtx;
        const char *told;
    } table[] = {
        {"chromium-156-video", WRTC_CODEC_VP8, 0, 96, 97, "\0\0\0"},
        {"chromium-156-video", WRTC_CODEC_VP9, 0, 98, 99, "\0\0\0"},
        {"chromium-156-video", WRTC_CODEC_VP9, 0x010000, 35, 36, "\1\0\0"},
        {"chromium-156-video", WRTC_CODEC_VP9, 0x020000, 100, 101, "\2\0\0"},
        {"chromium-156-video", WRTC_CODEC_AV1, 0, 45, 46, "\0\5\0"},
        {"chromium-156-video", WRTC_CODEC_AV1, 0x000801, 45, 46, "\0\5\0"}, // 4.0, high tier
        {"chromium-156-video", WRTC_CODEC_AV1, 0x010000, 47, 48, "\1\5\0"},
        {"aiortc-1.4-video-audio", WRTC_CODEC_VP8, 0, 97, 98, "\0\0\0"},
        {"firefox-153-video-audio-no-h264", WRTC_CODEC_VP8, 0, 120, 124, "\0\0\0"},
        {"firefox-153-video-audio", WRTC_CODEC_VP9, 0, 121, 125, "\0\0\0"},
        {"firefox-153-video-audio", WRTC_CODEC_AV1, 0, 99, 100, "\0\5\0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct wrtc_choice *video = &selection.video;

        assert_int_equal(choose_file(table[i].file, other(table[i].codec, table[i].live), none), 0);
        if (video->payload_type != table[i].payload_type ||
            video->rtx_payload_type != table[i].rtx ||
            memcmp(video->profile, table[i].told, 3) != 0)
            fail_msg("%s, row %zu: %u with RTX %u, %u %u %u", table[i].file, i, video->payload_type,
                     video->rtx_payload_type, video->profile[0], video->profile[1],
                     video->profile[2]);
    }
}

#define VIDEO_96_97(name, fmtp_96, fmtp_97)                                        \
    SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97\na=rtcp-mux\n"                      \
            "a=rtpmap:96 " name "/90000\na=fmtp:96 " fmtp_96 "\na=rtpmap:97 " name \
            "/90000\na=fmtp:97 " fmtp_97 "\n"

static void test_profiles_that_are_numbers(void **state)
{
    static const struct {
        const char *text;
        enum wrtc_codec codec;
        unsigned live, payload_type; // 0: none fits
    } table[] = {
        {VIDEO_96_97("VP9", "max-fr=30", "profile-id=2"), WRTC_CODEC_VP9, 0, 96}, // 0 if not said
        {VIDEO_96_97("vp9", "max-fr=30", "max-fr=30; Profile-ID = 2"), WRTC_CODEC_VP9, 2, 97},
        {VIDEO_96_97("VP9", "profile-id=0", "profile-id=2"), WRTC_CODEC_VP9, 1, 0},
        {VIDEO_96_97("VP9", "profile-id=x", "profile-id=4"), WRTC_CODEC_VP9, 0, 0},
        {VIDEO_96_97("VP8", "max-fs=12288", "x"), WRTC_CODEC_VP8, 0, 96},
        {VIDEO_96_97("VP8", "x", "x"), WRTC_CODEC_VP9, 0, 0},
        {VIDEO_96_97("AV1", "profile=2", "profile=1"), WRTC_CODEC_AV1, 0, 97}, // the nearest above
        {VIDEO_96_97("AV1", "profile=1", "profile=0"), WRTC_CODEC_AV1, 2, 0},
        {VIDEO_96_97("AV1", "level-idx=4", "level-idx=9"), WRTC_CODEC_AV1, 8, 97},
        {VIDEO_96_97("AV1", "level-idx=9", "level-idx=9;tier=1"), WRTC_CODEC_AV1, 9, 96},
        {VIDEO_96_97("AV1", "level-idx=32", "tier=2"), WRTC_CODEC_AV1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned shift = table[i].live > 2 ? 8 : 16; // a level: 8 and above

        int rc = choose_text(table[i].text, other(table[i].codec, table[i].live << shift), none);

        assert_int_equal(rc, table[i].payload_type ? 0 : -ENOENT);
        if (rc == 0 && selection.video.payload_type != table[i].payload_type)
            fail_msg("row %zu: %u", i, selection.video.payload_type);
    }
}

static void test_the_sentence_for_those_who_cannot(void **state)
{
    (void)state;
    choose_text(VIDEO_96_97("H264", "x", "x"), other(WRTC_CODEC_VP8, 0), none);
    assert_non_null(strstr(error.text, "the stream has VP8 as video and nothing as audio"));
    choose_text(VIDEO_96_97("VP9", "x", "x"), other(WRTC_CODEC_VP9, 0x020000), opus);
    assert_non_null(strstr(error.text, "has VP9 with profile-id=2 as video and opus/48000/2 as"));
    choose_text(VIDEO_96_97("AV1", "x", "x"), other(WRTC_CODEC_AV1, 0x010000), none);
    assert_non_null(strstr(error.text, "has AV1 with profile=1 as video"));
    assert_non_null(strstr(error.text, "which this viewer does not take"));
}

static void test_audio(void **state)
{
    (void)state;
    assert_int_equal(choose_file("chromium-156-video-audio", none, opus), 0);
    assert_false(selection.video.on);
    assert_int_equal(selection.audio.payload_type, 111);
    assert_int_equal(selection.audio.media, 1);
    assert_int_equal(choose_file("chromium-156-video-audio", none, pcmu), 0);
    assert_int_equal(selection.audio.payload_type, 0);
    assert_int_equal(choose_file("chromium-156-video-audio", none, pcma), 0);
    assert_int_equal(selection.audio.payload_type, 8);
    assert_int_equal(choose_file("gstreamer-1.22-video-audio-max-bundle", h264(0x42e01f), opus), 0);
    assert_int_equal(selection.audio.payload_type, 97); // "OPUS"
    // Static payload types need no a=rtpmap.
    assert_int_equal(
        choose_text(SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 8 0\na=rtcp-mux\n", none, pcmu), 0);
    assert_int_equal(selection.audio.payload_type, 0);
}

static void test_g722_and_l16(void **state)
{
    static const char static_types[] = SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 9 10 11\na=rtcp-mux\n";
    static const char dynamic_types[] =
        SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 96 97 98\na=rtcp-mux\na=rtpmap:96 L16/16000\n"
                "a=rtpmap:97 L16/48000/2\na=rtpmap:98 L16/48000\n";
    struct wrtc_track l16 = {.codec = WRTC_CODEC_L16, .clock_rate = 44100, .channels = 2};

    (void)state;
    assert_int_equal(choose_file("chromium-156-video-audio", none, g722), 0);
    assert_int_equal(selection.audio.payload_type, 9);
    assert_int_equal(choose_file("firefox-153-video-audio", none, g722), 0);
    assert_int_equal(selection.audio.payload_type, 9);
    assert_int_equal(choose_text(static_types, none, g722), 0);
    assert_int_equal(selection.audio.payload_type, 9);

    assert_int_equal(choose_text(static_types, none, l16), 0);
    assert_int_equal(selection.audio.payload_type, 10);
    l16.channels = 1;
    assert_int_equal(choose_text(static_types, none, l16), 0);
    assert_int_equal(selection.audio.payload_type, 11);
    l16.clock_rate = 48000;
    assert_int_equal(choose_text(static_types, none, l16), -ENOENT);
    assert_non_null(strstr(error.text, "L16/48000/1 as audio"));
    assert_int_equal(choose_text(dynamic_types, none, l16), 0);
    assert_int_equal(selection.audio.payload_type, 98);
    assert_int_equal(choose_file("chromium-156-video-audio", none, l16), -ENOENT);
}

static void test_feedback(void **state)
{
    (void)state;
    assert_int_equal(choose_file("chromium-156-video-audio", h264(0x42e01f), opus), 0);
    assert_true(selection.video.nack && selection.video.nack_pli);
    assert_true(selection.video.level_asymmetry_allowed);
    assert_false(selection.audio.nack || selection.audio.nack_pli);
}

#define URI_PLAYOUT   "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
#define URI_CAPTURE   "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
#define URI_TRANSPORT "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define URI_MID       "urn:ietf:params:rtp-hdrext:sdes:mid"

static void test_extensions(void **state)
{
    const struct eng_extension_config *video = &selection.video.extension;
    const struct eng_extension_config *audio = &selection.audio.extension;

    (void)state;
    assert_int_equal(choose_file("chromium-156-audio-video-datachannel", h264(0x42e01f), opus), 0);
    assert_int_equal(video->playout_delay, 5);
    assert_int_equal(video->transport_cc, 3);
    assert_int_equal(video->capture_time, 0); // not in this offer
    assert_int_equal(video->mid, 4);
    assert_string_equal(video->mid_text, "1");
    assert_int_equal(audio->mid, 4);
    assert_string_equal(audio->mid_text, "0");
    assert_int_equal(audio->playout_delay, 0);
    assert_int_equal(audio->transport_cc, 0); // sound is not resent by RTX

    // One id for two extensions, each in an m-line of its own.
    assert_int_equal(choose_file("aiortc-1.4-video-audio", h264(0x42e01f), opus), 0);
    assert_int_equal(video->mid, 1);
    assert_int_equal(audio->mid, 1);
    assert_int_equal(video->transport_cc, 0);
}

static void test_extensions_that_cannot_be_sent(void **state)
{
    const struct eng_extension_config *video = &selection.video.extension;
    static const char offer_text[] =
        SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97\na=rtcp-mux\na=mid:long\n" H264("96", MODE_1)
            H264("97", MODE_1) "a=rtcp-fb:97 transport-cc\n"
                               "a=extmap:1 " URI_MID "\n"      // too long a mid
                               "a=extmap:15 " URI_CAPTURE "\n" // no id of the one-byte form
                               "a=extmap:2 " URI_CAPTURE "\n"
                               "a=extmap:2 " URI_PLAYOUT "\n"   // stands for another
                               "a=extmap:3 " URI_CAPTURE "\n"   // has an id already
                               "a=extmap:4 " URI_TRANSPORT "\n" // no RTX, nor feedback
                               "a=extmap:5/sendonly " URI_PLAYOUT "\n";

    (void)state;
    assert_int_equal(choose_text(offer_text, h264(0x42e01f), none), 0);
    assert_int_equal(video->mid, 0);
    assert_int_equal(video->capture_time, 2);
    assert_int_equal(video->playout_delay, 0);
    assert_int_equal(video->transport_cc, 0);
}

static void test_transport_cc_needs_its_feedback(void **state)
{
    static const char with[] = SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97\na=rtcp-mux\n" H264(
        "96", MODE_1) "a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n"
                      "a=extmap:4 " URI_TRANSPORT "\na=rtcp-fb:96 transport-cc\n";
    char without[sizeof(with)];

    (void)state;
    assert_int_equal(choose_text(with, h264(0x42e01f), none), 0);
    assert_int_equal(selection.video.extension.transport_cc, 4);
    memcpy(without, with, sizeof(with));
    *strstr(without, "a=rtcp-fb:96 transport-cc") = '\0';
    assert_int_equal(choose_text(without, h264(0x42e01f), none), 0);
    assert_int_equal(selection.video.extension.transport_cc, 0);
}

static void test_only_packetization_mode_1(void **state)
{
    (void)state;
    assert_int_equal(choose_text(SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97\na=rtcp-mux\n" H264(
                                     "96", "profile-level-id=42e01f")
                                     H264("97", "packetization-mode=0;profile-level-id=42e01f"),
                                 h264(0x42e01f), none),
                     -ENOENT);
    assert_non_null(strstr(error.text, "packetization-mode=1"));
    // A nearer profile in mode 0 and a broken one do not win.
    assert_int_equal(choose_text(SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\na=rtcp-mux\n" H264(
                                     "96", "profile-level-id=64001f")
                                     H264("97", "packetization-mode=1;profile-level-id=64")
                                         H264("98", MODE_1),
                                 h264(0x64001f), none),
                     0);
    assert_int_equal(selection.video.payload_type, 98);
}

static void test_first_of_equals(void **state)
{
    (void)state;
    assert_int_equal(choose_text(SESSION "m=video 9 UDP/TLS/RTP/SAVPF 97 96\na=rtcp-mux\n" H264(
                                     "96", MODE_1) H264("97", MODE_1),
                                 h264(0x42e01f), none),
                     0);
    assert_int_equal(selection.video.payload_type, 97);
}

static void test_rtcp_lookalikes(void **state)
{
    (void)state;
    assert_int_equal(choose_text(SESSION "m=video 9 UDP/TLS/RTP/SAVPF 64 95 96\na=rtcp-mux\n" H264(
                                     "64", MODE_1) H264("95", MODE_1) H264("96", MODE_1),
                                 h264(0x42e01f), none),
                     0);
    assert_int_equal(selection.video.payload_type, 96);
}

static void test_rtx(void **state)
{
    static const struct {
        const char *lines;
        unsigned payload_type; // 0: none
    } table[] = {
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n", 97},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 RTX/90000\na=fmtp:97 rtx-time=3000; apt=96\n", 97},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96;rtx-time=3000\n", 97},
        {"a=rtcp-fb:96 nack\na=rtpmap:70 rtx/90000\na=fmtp:70 apt=96\n", 0}, // looks like RTCP
        {"a=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n", 0},                    // no NACK
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=98\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=-96\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=99999999999999999999\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/90000\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 rtx/48000\na=fmtp:97 apt=96\n", 0},
        {"a=rtcp-fb:96 nack\na=rtpmap:97 red/90000\na=fmtp:97 apt=96\n", 0},
    };
    char text[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        snprintf(text, sizeof(text),
                 SESSION
                 "m=video 9 UDP/TLS/RTP/SAVPF 96 97 70\na=rtcp-mux\n" H264("96", MODE_1) "%s",
                 table[i].lines);
        assert_int_equal(choose_text(text, h264(0x42e01f), none), 0);
        if (selection.video.rtx_payload_type != table[i].payload_type)
            fail_msg("%u: %s", selection.video.rtx_payload_type, table[i].lines);
    }
}

// As Chromium offers it where the machine decodes it.
static void test_h265(void **state)
{
#define H265 \
    "a=rtpmap:49 H265/90000\na=fmtp:49 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST\n"
    static const char text[] =
        SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 45 47 49\na=rtcp-mux\n" H264("96", MODE_1) H265
        "a=rtpmap:45 H265/90000\na=fmtp:45 profile-id=2;level-id=93\n"
        "a=rtpmap:47 H265/90000\na=fmtp:47 tx-mode=MRST\n";
    struct wrtc_track h265 = {
        .codec = WRTC_CODEC_H265, .clock_rate = 90000, .profile = {1, 0, 120}};

    (void)state;
    assert_int_equal(choose_text(text, h265, none), 0);
    assert_int_equal(selection.video.payload_type, 49);
    assert_memory_equal(selection.video.profile, "\x01\x00\x78", 3);
    h265.profile[0] = 2;
    assert_int_equal(choose_text(text, h265, none), 0);
    assert_int_equal(selection.video.payload_type, 45);
    assert_memory_equal(selection.video.profile, "\x02\x00\x5d", 3);
    h265.profile[0] = 4;
    assert_int_equal(choose_text(text, h265, none), -ENOENT);
    h265.profile[0] = 1;
    assert_int_equal(choose_file("chromium-156-video-audio", h265, none), -ENOENT);
    assert_string_equal(error.text, "the stream has H265 as video and nothing as audio, which this "
                                    "viewer does not take; try another browser, or set the camera "
                                    "to H.264 and Opus");
    assert_int_equal(choose_file("chromium-156-video-audio", h265, opus), 0);
    assert_false(selection.video.on);
}

static void test_unfit_m_lines(void **state)
{
    static const char *const unfit[] = {
        "m=video 9 RTP/AVP 96\na=rtcp-mux\n",
        "m=video 9 UDP/TLS/RTP/SAVP 96\na=rtcp-mux\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtcp-mux\na=sendonly\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtcp-mux\na=inactive\n",
        "m=video 0 UDP/TLS/RTP/SAVPF 96\na=rtcp-mux\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 96\na=rtcp-mux\n",
        "m=text 9 UDP/TLS/RTP/SAVPF 96\na=rtcp-mux\n",
    };
    char text[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        snprintf(text, sizeof(text), SESSION "%s" H264("96", MODE_1), unfit[i]);
        if (choose_text(text, h264(0x42e01f), none) != -ENOENT)
            fail_msg("taken: %s", unfit[i]);
        assert_non_null(strstr(error.text, "no m-line fits"));
    }
}

static void test_nothing_fits(void **state)
{
    (void)state;
    assert_int_equal(choose_file("firefox-153-video-audio-no-h264", h264(0x42e01f), none), -ENOENT);
    assert_string_equal(error.text,
                        "the stream has H264 with packetization-mode=1 as video and nothing as "
                        "audio, which this viewer does not take; try another browser; Firefox "
                        "needs its OpenH264 plugin (about:addons)");
    assert_int_equal(choose_file("chromium-156-video", none, opus), -ENOENT);
    assert_int_equal(choose_file("chromium-156-video", none, none), -ENOENT);
    assert_int_equal(choose_file("chromium-156-video", h264(0x7a1028), none), -ENOENT);
    // Firefox without its plugin still hears.
    assert_int_equal(choose_file("firefox-153-video-audio-no-h264", h264(0x42e01f), opus), 0);
    assert_false(selection.video.on);
    assert_true(selection.audio.on && selection.inactive[0]);
}

static void test_inactive_in_the_group(void **state)
{
    (void)state;
    // A camera without sound: the audio m-line stays, and so does the group's first transport.
    assert_int_equal(choose_file("aiortc-1.4-audio-video", h264(0x42e01f), none), 0);
    assert_true(selection.inactive[0]);
    assert_false(selection.inactive[1]);
    assert_ptr_equal(selection.transport, &offer.media[0].transport);
    assert_string_equal(selection.transport->ufrag, "8H7p");
    // A data channel cannot stay.
    assert_int_equal(choose_file("chromium-156-audio-video-datachannel", h264(0x42e01f), opus), 0);
    assert_false(selection.inactive[0] || selection.inactive[1] || selection.inactive[2]);
    assert_int_equal(choose_file("firefox-153-audio-video-datachannel", h264(0x42e01f), opus), 0);
    assert_false(selection.inactive[0] || selection.inactive[1] || selection.inactive[2]);
}

static void test_transport_of_the_group(void **state)
{
    static const char text[] = SESSION
        "a=group:BUNDLE a c b\n"
        "m=video 9 RTP/AVP 96\na=mid:a\na=ice-ufrag:first\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:b\na=rtcp-mux\na=ice-ufrag:second\n" H264(
            "96", MODE_1) "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:c\na=rtcp-mux\na=ice-ufrag:third\n";

    (void)state;
    // a is rejected, so the group's next counts (RFC 8843 7.3.1).
    assert_int_equal(choose_text(text, h264(0x42e01f), pcmu), 0);
    assert_string_equal(selection.transport->ufrag, "third");
}

static void test_one_of_each_kind(void **state)
{
    static const char text[] = SESSION
        "a=group:BUNDLE 0 1 2\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=rtcp-mux\na=rtpmap:96 VP8/90000\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 97\na=mid:1\na=rtcp-mux\n" H264(
            "97", MODE_1) "m=video 9 UDP/TLS/RTP/SAVPF 97\na=mid:2\na=rtcp-mux\n" H264("97",
                                                                                       MODE_1);

    (void)state;
    assert_int_equal(choose_text(text, h264(0x42e01f), opus), 0);
    assert_int_equal(selection.video.media, 1);
    assert_true(selection.inactive[0]);
    assert_false(selection.inactive[1]);
    assert_true(selection.inactive[2]);
}

static void test_without_bundle(void **state)
{
    static const char mixed[] =
        SESSION "a=group:BUNDLE 1\n"
                "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=rtcp-mux\n" H264(
                    "96", MODE_1) "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\na=rtcp-mux\n";

    (void)state;
    assert_int_equal(choose_file("gstreamer-1.22-video-audio-no-bundle", h264(0x42e01f), opus), 0);
    assert_true(selection.video.on);
    assert_false(selection.audio.on);
    assert_false(selection.inactive[1]);
    assert_ptr_equal(selection.transport, &offer.media[0].transport);
    assert_int_equal(choose_file("gstreamer-1.22-video-audio-no-bundle", none, opus), 0);
    assert_true(selection.audio.on);
    assert_ptr_equal(selection.transport, &offer.media[1].transport);
    // The group goes before what stands outside of it.
    assert_int_equal(choose_text(mixed, h264(0x42e01f), pcmu), 0);
    assert_true(selection.audio.on);
    assert_false(selection.video.on);
    assert_int_equal(choose_text(mixed, h264(0x42e01f), opus), 0);
    assert_true(selection.video.on);
    assert_false(selection.inactive[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_h264_of_clients),
        cmocka_unit_test(test_vp8_vp9_av1_of_clients),
        cmocka_unit_test(test_profiles_that_are_numbers),
        cmocka_unit_test(test_the_sentence_for_those_who_cannot),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_g722_and_l16),
        cmocka_unit_test(test_feedback),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_extensions_that_cannot_be_sent),
        cmocka_unit_test(test_transport_cc_needs_its_feedback),
        cmocka_unit_test(test_only_packetization_mode_1),
        cmocka_unit_test(test_first_of_equals),
        cmocka_unit_test(test_rtcp_lookalikes),
        cmocka_unit_test(test_rtx),
        cmocka_unit_test(test_h265),
        cmocka_unit_test(test_unfit_m_lines),
        cmocka_unit_test(test_nothing_fits),
        cmocka_unit_test(test_inactive_in_the_group),
        cmocka_unit_test(test_transport_of_the_group),
        cmocka_unit_test(test_one_of_each_kind),
        cmocka_unit_test(test_without_bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
