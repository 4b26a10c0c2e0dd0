// SPDX-License-Identifier: Apache-2.0
//
// A viewer's offer, what is chosen from it, and the answer. Input: codecs of the stream (two
// bytes), the offer's text.
#include <arpa/inet.h>
#include <errno.h>

#include "input.h"
#include "webrtc/sdp.h"

// New ones go to the end, for inputs begin with places in these tables.
static const struct wrtc_track videos[] = {
    {.codec = WRTC_CODEC_H264, .clock_rate = 90000, .profile = {0x64, 0x00, 0x1f}},
    {.codec = WRTC_CODEC_H264, .clock_rate = 90000, .profile = {0x42, 0xc0, 0x1e}},
    {.codec = WRTC_CODEC_H264, .clock_rate = 90000},
    {.codec = WRTC_CODEC_NONE},
    {.codec = WRTC_CODEC_H265, .clock_rate = 90000, .profile = {1, 0, 93}},
    {.codec = WRTC_CODEC_VP8, .clock_rate = 90000},
    {.codec = WRTC_CODEC_VP9, .clock_rate = 90000, .profile = {2}},
    {.codec = WRTC_CODEC_AV1, .clock_rate = 90000, .profile = {0, 8, 0}},
};
static const struct wrtc_track audios[] = {
    {.codec = WRTC_CODEC_OPUS, .clock_rate = 48000, .channels = 2},
    {.codec = WRTC_CODEC_OPUS, .clock_rate = 48000, .channels = 1},
    {.codec = WRTC_CODEC_PCMU, .clock_rate = 8000, .channels = 1},
    {.codec = WRTC_CODEC_PCMA, .clock_rate = 8000, .channels = 1},
    {.codec = WRTC_CODEC_NONE},
    {.codec = WRTC_CODEC_G722, .clock_rate = 8000, .channels = 1},
    {.codec = WRTC_CODEC_L16, .clock_rate = 44100, .channels = 2},
};

enum {
    VIDEOS = sizeof(videos) / sizeof(videos[0]),
    AUDIOS = sizeof(audios) / sizeof(audios[0])
};

static struct wrtc_offer offer;
static struct eng_addr candidates[WRTC_CANDIDATES_MAX];
static char answer[WRTC_SDP_MAX];

static void check_error(int rc, const struct wrtc_error *error)
{
    assert(rc == -EINVAL || rc == -E2BIG || rc == -ENOENT);
    assert(error->text[0] && input_is_line(error->text, sizeof(error->text)));
}

static void check_transport(const struct wrtc_transport *t)
{
    assert(t->ufrag[0] && input_is_line(t->ufrag, sizeof(t->ufrag)));
    assert(t->pwd[0] && input_is_line(t->pwd, sizeof(t->pwd)));
    assert(t->fingerprint.len > 0 && t->fingerprint.len <= WRTC_FINGERPRINT_MAX);
    assert(t->setup != WRTC_SETUP_PASSIVE && t->setup != WRTC_SETUP_HOLDCONN);
}

static void check_media(const struct wrtc_offer_media *media)
{
    assert(media->kind_name[0] && input_is_line(media->kind_name, sizeof(media->kind_name)));
    assert(media->protocol[0] && input_is_line(media->protocol, sizeof(media->protocol)));
    assert(media->format[0] && input_is_line(media->format, sizeof(media->format)));
    assert(input_is_line(media->mid, sizeof(media->mid)));
    assert(media->codec_count <= WRTC_CODECS_MAX && media->extmap_count <= WRTC_EXTMAPS_MAX);
    if (media->savpf && !media->refused)
        check_transport(&media->transport);
    for (size_t i = 0; i < media->codec_count; i++) {
        assert(input_is_line(media->codec[i].name, sizeof(media->codec[i].name)));
        assert(input_is_line(media->codec[i].fmtp, sizeof(media->codec[i].fmtp)));
    }
}

static void check_offer(void)
{
    assert(offer.media_count >= 1 && offer.media_count <= WRTC_MEDIA_MAX);
    assert(offer.bundle_count <= offer.media_count);
    for (size_t i = 0; i < offer.media_count; i++)
        check_media(&offer.media[i]);
    for (size_t i = 0; i < offer.bundle_count; i++) {
        assert(offer.bundle[i] < offer.media_count && offer.media[offer.bundle[i]].bundled);
        for (size_t j = 0; j < i; j++)
            assert(offer.bundle[i] != offer.bundle[j]);
    }
}

static bool has_payload_type(const struct wrtc_offer_media *media, uint8_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++)
        if (media->codec[i].payload_type == payload_type)
            return true;
    return false;
}

static void check_choice(const struct wrtc_choice *choice, enum wrtc_kind kind)
{
    const struct wrtc_offer_media *media;

    if (!choice->on)
        return;
    assert(choice->media < offer.media_count);
    media = &offer.media[choice->media];
    assert(media->kind == kind && media->savpf && media->rtcp_mux && media->receives);
    assert(!media->refused && has_payload_type(media, choice->payload_type));
    assert(choice->rtx_payload_type == 0 || has_payload_type(media, choice->rtx_payload_type));
    assert(choice->rtx_payload_type != choice->payload_type || choice->payload_type == 0);
}

static void check_selection(const struct wrtc_selection *selection)
{
    check_choice(&selection->video, WRTC_KIND_VIDEO);
    check_choice(&selection->audio, WRTC_KIND_AUDIO);
    assert(selection->video.on || selection->audio.on);
    check_transport(selection->transport);
    for (size_t i = 0; i < offer.media_count; i++) {
        assert(!selection->inactive[i] || offer.media[i].bundled);
        assert(!selection->inactive[i] || !selection->video.on || selection->video.media != i);
        assert(!selection->inactive[i] || !selection->audio.on || selection->audio.media != i);
    }
}

// Lines of text, each ended by CRLF, and as many m-lines as were offered, of the same kinds.
static void check_answer(size_t len)
{
    size_t media = 0;
    char *line = answer;

    assert(len == strlen(answer));
    while (*line) {
        char *end = strstr(line, "\r\n");

        assert(end && end - line >= 2 && line[1] == '=');
        *end = '\0';
        assert(input_is_line(line, (size_t)(end - line) + 1));
        if (line[0] == 'm') {
            const char *kind = offer.media[media].kind_name;

            assert(media++ < offer.media_count && strncmp(line + 2, kind, strlen(kind)) == 0);
        }
        line = end + 2;
    }
    assert(media == offer.media_count);
}

static void write_answer(const struct wrtc_selection *selection, const struct wrtc_track *video,
                         const struct wrtc_track *audio)
{
    static const struct wrtc_fingerprint fingerprint = {.algorithm = "sha-256", .len = 32};
    struct wrtc_answer_config config = {
        .session_id = UINT64_MAX / 2,
        .ufrag = "ourufrag",
        .pwd = "ourpasswordourpassword",
        .fingerprint = &fingerprint,
        .candidates = candidates,
        .candidate_count = WRTC_CANDIDATES_MAX,
        .cname = "0123456789abcdef",
        .video_ssrc = 4294967295,
        .audio_ssrc = 2,
        .video_rtx_ssrc = 3,
        .video = video,
        .audio = audio,
    };
    size_t len = 0;

    for (size_t i = 0; i < WRTC_CANDIDATES_MAX; i++) {
        candidates[i].in6.sin6_family = AF_INET6;
        candidates[i].in6.sin6_port = htons(8189);
        memset(&candidates[i].in6.sin6_addr, 0xff, sizeof(candidates[i].in6.sin6_addr));
    }
    assert(wrtc_answer_write(&offer, selection, &config, answer, sizeof(answer), &len) == 0);
    check_answer(len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    const struct wrtc_track *video = &videos[input_u8(&in) % VIDEOS];
    const struct wrtc_track *audio = &audios[input_u8(&in) % AUDIOS];
    char *text = (char *)input_copy(in.data, in.len);
    struct wrtc_error error = {0};
    struct wrtc_selection selection;
    int rc = wrtc_offer_parse(text, in.len, &offer, &error);

    free(text); // nothing may point into it
    if (rc == 0) {
        check_offer();
        rc = wrtc_offer_select(&offer, video, audio, &selection, &error);
    }
    if (rc == 0) {
        check_selection(&selection);
        write_answer(&selection, video, audio);
    } else {
        check_error(rc, &error);
    }
    return 0;
}
