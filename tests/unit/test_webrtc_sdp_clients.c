// SPDX-License-Identifier: Apache-2.0
//
// What each client's offer comes to: from the file in tests/unit/offers to the answer.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "webrtc/sdp.h"

#include "webrtc_offers.h"

static struct wrtc_offer offer;
static struct wrtc_selection selection;
static struct wrtc_error error;
static char answer[WRTC_SDP_MAX];

static const struct wrtc_track none = {.codec = WRTC_CODEC_NONE};
static const struct wrtc_track opus = {
    .codec = WRTC_CODEC_OPUS, .clock_rate = 48000, .channels = 2};

static struct wrtc_track track(enum wrtc_codec codec, unsigned profile)
{
    return (struct wrtc_track){
        .codec = codec,
        .clock_rate = 90000,
        .profile = {(uint8_t)(profile >> 16), (uint8_t)(profile >> 8), (uint8_t)profile},
    };
}

static void write_answer(const struct wrtc_track *video, const struct wrtc_track *audio)
{
    static const struct wrtc_fingerprint fingerprint = {.algorithm = "sha-256", .len = 32};
    struct eng_addr candidate = {.in4 = {.sin_family = AF_INET, .sin_port = htons(8189)}};
    struct wrtc_answer_config config = {
        .ufrag = "ourufrag",
        .pwd = "ourpasswordourpassword",
        .fingerprint = &fingerprint,
        .candidates = &candidate,
        .candidate_count = 1,
        .cname = "fan",
        .video_ssrc = 1,
        .audio_ssrc = 2,
        .video_rtx_ssrc = 3,
        .video = video,
        .audio = audio,
    };
    size_t len;

    inet_pton(AF_INET, "192.0.2.7", &candidate.in4.sin_addr);
    assert_int_equal(wrtc_answer_write(&offer, &selection, &config, answer, sizeof(answer), &len),
                     0);
}

// Answers a file; false: neither track could be matched.
static bool answer_file(const char *file, struct wrtc_track video, struct wrtc_track audio)
{
    size_t len;
    char *text = read_offer(file, &len);
    int rc = wrtc_offer_parse(text, len, &offer, &error);

    free(text);
    if (rc != 0)
        fail_msg("%s: %s", file, error.text);
    if (wrtc_offer_select(&offer, &video, &audio, &selection, &error) != 0)
        return false;
    write_answer(&video, &audio);
    return true;
}

static void expect(const char *file, size_t row, const char *line)
{
    char whole[WRTC_FMTP_MAX + 64];

    snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
    if (!strstr(answer, whole))
        fail_msg("%s, row %zu: no %s in\n%s", file, row, line, answer);
}

#define ASYMMETRIC(level) "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" level
#define PLAIN(level)      "packetization-mode=1;profile-level-id=" level
#define H265_LEVEL_93     "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST"
#define AV1_LEVEL_5       "level-idx=5;profile=0;tier=0"

// Payload types of the answer, that of RTX behind the codec's, and the codec's parameters.
static const struct {
    const char *file;
    enum wrtc_codec codec;
    unsigned live;
    const char *payload_types, *fmtp; // fmtp NULL: none
} video_cases[] = {
    {"aiortc-1.9-video-audio", WRTC_CODEC_H264, 0x42c01e, "101 102", ASYMMETRIC("42e01e")},
    {"aiortc-1.9-video-audio", WRTC_CODEC_VP8, 0, "97 98", NULL},
    {"aiortc-1.16-video-audio-sendrecv", WRTC_CODEC_H264, 0x640028, "99 100", ASYMMETRIC("420028")},
    {"chromium-109-video-audio", WRTC_CODEC_H264, 0x42c01e, "125 107", ASYMMETRIC("42e01e")},
    {"chromium-109-video-audio", WRTC_CODEC_H264, 0x640028, "41 42", ASYMMETRIC("f40028")},
    {"chromium-109-video-audio", WRTC_CODEC_VP9, 0, "98 99", "profile-id=0"},
    {"chromium-109-video-audio", WRTC_CODEC_AV1, 0, "45 46", AV1_LEVEL_5}, // offers no fmtp
    {"chromium-131-audio-video", WRTC_CODEC_H264, 0x4d4028, "127 125", ASYMMETRIC("4d0028")},
    {"chromium-131-audio-video", WRTC_CODEC_AV1, 0, "45 46", AV1_LEVEL_5},
    // It receives no more than it would send: no High, nor what contains it.
    {"chromium-143-video-audio-sendrecv", WRTC_CODEC_H264, 0x640028, "117 118",
     ASYMMETRIC("4d0028")},
    {"chromium-143-video-audio-sendrecv", WRTC_CODEC_VP8, 0, "96 97", NULL},
    {"gstreamer-1.22-h265-nack", WRTC_CODEC_H265, 0x010078, "96 98", H265_LEVEL_93},
    {"gstreamer-1.22-video-audio-sendrecv", WRTC_CODEC_H264, 0x42c01e, "96 98", PLAIN("42e01e")},
    {"hand-safari", WRTC_CODEC_H265, 0x010078, "104 105", H265_LEVEL_93},
    {"hand-safari", WRTC_CODEC_VP8, 0, "106 107", NULL},
    {"hand-safari", WRTC_CODEC_VP9, 0x020000, "127 125", "profile-id=2"},
    {"libdatachannel-0.24-video-audio", WRTC_CODEC_H264, 0x640028, "96", ASYMMETRIC("42e028")},
    {"libdatachannel-0.24-video-datachannel", WRTC_CODEC_H264, 0x42c01e, "96",
     ASYMMETRIC("42e01e")},
    {"libdatachannel-0.24-five-codecs", WRTC_CODEC_H264, 0x42c01e, "96", ASYMMETRIC("42e01e")},
    {"libdatachannel-0.24-five-codecs", WRTC_CODEC_H265, 0x01005a, "99",
     "level-id=90;profile-id=1;tier-flag=0;tx-mode=SRST"},
    {"libdatachannel-0.24-five-codecs", WRTC_CODEC_VP8, 0, "97", NULL},
    {"libdatachannel-0.24-five-codecs", WRTC_CODEC_VP9, 0, "98", "profile-id=0"},
    {"libdatachannel-0.24-five-codecs", WRTC_CODEC_AV1, 0, "100", AV1_LEVEL_5},
    {"pion-3.2-video-audio", WRTC_CODEC_H264, 0x42c01e, "106 107", ASYMMETRIC("42e01e")},
    {"pion-3.2-video-audio", WRTC_CODEC_H264, 0x42001f, "102 103", ASYMMETRIC("42001f")},
    {"pion-3.2-video-audio", WRTC_CODEC_H264, 0x640028, "112 113", ASYMMETRIC("640028")},
    {"pion-3.2-video-audio", WRTC_CODEC_VP9, 0x020000, "100 101", "profile-id=2"},
    {"pion-4.2-video-audio", WRTC_CODEC_H264, 0x4d4028, "127 125", ASYMMETRIC("4d0028")},
    {"pion-4.2-video-audio", WRTC_CODEC_H265, 0x010078, "116 117", H265_LEVEL_93},
    {"pion-4.2-video-audio", WRTC_CODEC_AV1, 0, "45 46", AV1_LEVEL_5},
    {"pion-4.2-video-audio-sendrecv", WRTC_CODEC_VP8, 0, "96 97", NULL},
    {"str0m-0.24-video-audio", WRTC_CODEC_H264, 0x42c01e, "108 109", ASYMMETRIC("42e01e")},
    {"str0m-0.24-video-audio", WRTC_CODEC_H265, 0x010078, "102 103",
     "level-id=120;profile-id=1;tier-flag=0;tx-mode=SRST"},
    {"webrtc-rs-0.13-video-audio", WRTC_CODEC_H264, 0x42c01e, "125", ASYMMETRIC("42e01e")},
    {"webrtc-rs-0.13-video-audio", WRTC_CODEC_H264, 0x4d4028, "123", ASYMMETRIC("640028")},
    {"webrtc-rs-0.13-video-audio", WRTC_CODEC_AV1, 0, "41", AV1_LEVEL_5},
    {"werift-0.19-video-audio", WRTC_CODEC_VP8, 0, "98", NULL},
    {"werift-0.24-video-audio", WRTC_CODEC_H264, 0x42c01e, "97", ASYMMETRIC("42e01e")},
    {"werift-0.25-no-bundle", WRTC_CODEC_VP8, 0, "98", NULL},
    {"wrtc-0.8-plan-b", WRTC_CODEC_AV1, 0, "35 36", AV1_LEVEL_5},
    {"wrtc-0.10-video-audio", WRTC_CODEC_VP8, 0, "96 97", NULL},
    {"wrtc-0.10-video-audio", WRTC_CODEC_VP9, 0x010000, "35 36", "profile-id=1"},
};

static void test_video_of_clients(void **state)
{
    char line[WRTC_FMTP_MAX + 32];

    (void)state;
    for (size_t i = 0; i < sizeof(video_cases) / sizeof(video_cases[0]); i++) {
        const char *file = video_cases[i].file;

        assert_true(answer_file(file, track(video_cases[i].codec, video_cases[i].live), opus));
        assert_true(selection.video.on);
        snprintf(line, sizeof(line), "m=video 8189 UDP/TLS/RTP/SAVPF %s",
                 video_cases[i].payload_types);
        expect(file, i, line);
        snprintf(line, sizeof(line), "a=fmtp:%u %s", selection.video.payload_type,
                 video_cases[i].fmtp ? video_cases[i].fmtp : "");
        if (video_cases[i].fmtp)
            expect(file, i, line);
        else
            assert_null(strstr(answer, line));
        // All of them ask again for what they lost, Pion up to 4.0 with a blank behind the word.
        snprintf(line, sizeof(line), "a=rtcp-fb:%u nack", selection.video.payload_type);
        expect(file, i, line);
    }
}

// A camera with H.264 and Opus in front of those who know one of them.
static void test_audio_of_clients(void **state)
{
    static const struct {
        const char *file, *video, *audio, *codec; // m-lines without their protocol; NULL: none
    } table[] = {
        {"aiortc-1.16-video-audio-sendrecv", "8189 101 102", "8189 96", "96 opus/48000/2"},
        {"chromium-119-audio", NULL, "8189 111", "111 opus/48000/2"},
        {"gstreamer-1.22-video-audio-sendrecv", "8189 96 98", "8189 97", "97 OPUS/48000/2"},
        {"gstreamer-1.22-h265-nack", "8189 96", "8189 97", "97 OPUS/48000/2"}, // inactive video
        {"libdatachannel-0.24-video-audio", "8189 96", "8189 97", "97 opus/48000/2"},
        {"libdatachannel-0.24-video-datachannel", "8189 96", NULL, NULL},
        {"pion-4.0-audio", NULL, "8189 111", "111 opus/48000/2"},
        {"pion-4.2-video-audio", "8189 106 107", "8189 111", "111 opus/48000/2"},
        {"str0m-0.24-video-audio", "8189 108 109", "8189 111", "111 opus/48000/2"},
        {"webrtc-rs-0.13-video-audio", "8189 125", "8189 111", "111 opus/48000/2"},
        {"werift-0.24-video-audio", "8189 97", "8189 96", "96 OPUS/48000/2"},
        // Without a group there is one transport, for what fits.
        {"werift-0.25-no-bundle", "0 98", "8189 96", "96 OPUS/48000/2"},
        {"wrtc-0.8-plan-b", "8189 96", "8189 111", "111 opus/48000/2"},
        {"wrtc-0.10-video-audio", "8189 96", "8189 111", "111 opus/48000/2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *const lines[] = {table[i].video, table[i].audio};
        static const char *const kinds[] = {"video", "audio"};
        char line[100], port[8], formats[16];

        assert_true(answer_file(table[i].file, track(WRTC_CODEC_H264, 0x42c01e), opus));
        for (size_t j = 0; j < 2; j++) {
            snprintf(line, sizeof(line), "\r\nm=%s ", kinds[j]);
            assert_true(!lines[j] == !strstr(answer, line));
            if (!lines[j])
                continue;
            assert_int_equal(sscanf(lines[j], "%7s %15[0-9 ]", port, formats), 2);
            snprintf(line, sizeof(line), "m=%s %s UDP/TLS/RTP/SAVPF %s", kinds[j], port, formats);
            expect(table[i].file, i, line);
        }
        snprintf(line, sizeof(line), "a=rtpmap:%s", table[i].codec ? table[i].codec : "");
        if (table[i].codec)
            expect(table[i].file, i, line);
    }
}

static void test_extensions_of_clients(void **state)
{
    static const struct {
        const char *file;
        unsigned video_mid, transport_cc, playout_delay, audio_mid;
    } table[] = {
        {"aiortc-1.16-video-audio-sendrecv", 1, 0, 0, 1},
        {"chromium-109-video-audio", 9, 4, 5, 9},
        {"chromium-131-audio-video", 4, 3, 5, 4},
        {"gstreamer-1.22-video-audio-sendrecv", 0, 0, 0, 0},
        {"hand-safari", 9, 4, 5, 9},
        {"libdatachannel-0.24-five-codecs", 0, 0, 0, 0},
        {"pion-3.2-video-audio", 0, 1, 0, 0},
        {"pion-4.2-video-audio", 1, 4, 0, 0},
        {"str0m-0.24-video-audio", 4, 3, 0, 4},
        {"webrtc-rs-0.13-video-audio", 0, 0, 0, 0}, // has the feedback, but no RTX
        {"werift-0.24-video-audio", 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct eng_extension_config *video = &selection.video.extension;

        assert_true(answer_file(table[i].file, track(WRTC_CODEC_H264, 0x42c01e), opus));
        assert_int_equal(video->mid, table[i].video_mid);
        assert_int_equal(video->transport_cc, table[i].transport_cc);
        assert_int_equal(video->playout_delay, table[i].playout_delay);
        assert_int_equal(selection.audio.extension.mid, table[i].audio_mid);
    }
}

static bool chosen(const struct wrtc_choice *choice, size_t media)
{
    return choice->on && choice->media == media;
}

// An m-line of the answer as a parser has it, beside that of the offer.
static void check_media(const char *file, size_t i, const struct wrtc_offer_media *back)
{
    const struct wrtc_offer_media *media = &offer.media[i];
    bool video = chosen(&selection.video, i), audio = chosen(&selection.audio, i);
    bool accepted = video || audio || selection.inactive[i];

    if (strcmp(back->kind_name, media->kind_name) != 0 || strcmp(back->mid, media->mid) != 0 ||
        strcmp(back->protocol, media->protocol) != 0)
        fail_msg("%s: m-line %zu is of another kind, mid or protocol", file, i);
    if (back->refused == accepted || (accepted && back->bundled != media->bundled))
        fail_msg("%s: m-line %zu is %srejected", file, i, back->refused ? "" : "not ");
    if (accepted)
        assert_true(back->rtcp_mux);
    if (video || audio) {
        const struct wrtc_choice *choice = video ? &selection.video : &selection.audio;

        assert_int_equal(back->codec_count, choice->rtx_payload_type ? 2 : 1);
        assert_int_equal(back->codec[0].payload_type, choice->payload_type);
    } else {
        assert_string_equal(back->format, media->format);
    }
}

// Reads the answer as if it were an offer, of which it has the grammar.
static void parse_back(const char *file)
{
    static struct wrtc_offer back;
    char *at = strstr(answer, "a=ice-lite\r\n");

    assert_non_null(at);
    memcpy(at, "a=ice-full\r\n", strlen("a=ice-full\r\n"));
    while ((at = strstr(answer, "a=setup:passive")) != NULL)
        memcpy(at, "a=setup:actpass", strlen("a=setup:actpass"));
    if (wrtc_offer_parse(answer, strlen(answer), &back, &error) != 0)
        fail_msg("%s: %s in\n%s", file, error.text, answer);
    assert_int_equal(back.media_count, offer.media_count);
    for (size_t i = 0; i < offer.media_count; i++) {
        assert_false(back.media[i].receives);
        check_media(file, i, &back.media[i]);
    }
}

static void test_every_answer_parses_back(void **state)
{
    const struct {
        struct wrtc_track video, audio;
    } streams[] = {
        {track(WRTC_CODEC_H264, 0x42c01e), opus}, {track(WRTC_CODEC_H264, 0x42c01e), none},
        {track(WRTC_CODEC_H265, 0x01005d), opus}, {track(WRTC_CODEC_VP8, 0), none},
        {track(WRTC_CODEC_AV1, 0), opus},         {none, opus},
    };
    size_t answers = 0;

    (void)state;
    for (size_t i = 0; i < OFFER_FILES; i++) {
        for (size_t j = 0; j < sizeof(streams) / sizeof(streams[0]); j++) {
            if (!answer_file(offer_files[i], streams[j].video, streams[j].audio))
                continue;
            parse_back(offer_files[i]);
            answers++;
        }
    }
    assert_true(answers > 4 * OFFER_FILES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_video_of_clients),
        cmocka_unit_test(test_audio_of_clients),
        cmocka_unit_test(test_extensions_of_clients),
        cmocka_unit_test(test_every_answer_parses_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
