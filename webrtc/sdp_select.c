// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "webrtc/extmap.h"
#include "webrtc/fmtp.h"
#include "webrtc/h264_profile.h"
#include "webrtc/h265_profile.h"

enum {
    // Under rtcp-mux these payload types look like RTCP (RFC 5761 4).
    RTCP_LOOKALIKE_FIRST = 64,
    RTCP_LOOKALIKE_LAST = 95,
    VP9_PROFILE_MAX = 3,
    AV1_PROFILE_MAX = 2,
    AV1_LEVEL_IDX_MAX = 31,
    AV1_LEVEL_IDX_DEFAULT = 5, // level 3.1
};

static bool is_codec(const struct wrtc_offer_codec *codec, const char *name, uint32_t clock_rate,
                     unsigned channels)
{
    return strcasecmp(codec->name, name) == 0 && codec->clock_rate == clock_rate &&
           codec->channels == channels;
}

static bool looks_like_rtcp(const struct wrtc_offer_codec *codec)
{
    return codec->payload_type >= RTCP_LOOKALIKE_FIRST &&
           codec->payload_type <= RTCP_LOOKALIKE_LAST;
}

// How far the payload type is from what the track sends: 0 is the same, less is better. -1: it
// cannot carry it. Sets what the choice says of H.264.
static int h264_distance(const struct wrtc_track *track, const struct wrtc_offer_codec *codec,
                         struct wrtc_choice *choice)
{
    struct wrtc_h264_params params;

    if (!is_codec(codec, "H264", 90000, 1) || wrtc_h264_params_parse(codec->fmtp, &params) != 0 ||
        params.packetization_mode != 1)
        return -1;
    choice->level_asymmetry_allowed = params.level_asymmetry_allowed;
    wrtc_h264_answer(&params, track->profile, choice->profile);
    return wrtc_h264_distance(track->profile, params.profile_level_id);
}

// The same for H.265.
static int h265_distance(const struct wrtc_track *track, const struct wrtc_offer_codec *codec,
                         struct wrtc_choice *choice)
{
    struct wrtc_h265_params params;

    if (!is_codec(codec, "H265", 90000, 1) || wrtc_h265_params_parse(codec->fmtp, &params) != 0 ||
        !params.srst)
        return -1;
    wrtc_h265_answer(params.profile, track->profile, choice->profile);
    return wrtc_h265_distance(track->profile, params.profile);
}

// The same for VP9, whose profiles do not contain one another (RFC 9628 6).
static int vp9_distance(const struct wrtc_track *track, const struct wrtc_offer_codec *codec,
                        struct wrtc_choice *choice)
{
    uint32_t profile = 0;

    if (!is_codec(codec, "VP9", 90000, 1) ||
        !wrtc_fmtp_number(codec->fmtp, "profile-id", VP9_PROFILE_MAX, &profile))
        return -1;
    choice->profile[0] = (uint8_t)profile;
    return profile == track->profile[0] ? 0 : -1;
}

// The same for AV1, whose profiles contain those below (RTP Payload Format For AV1, 7.2). A level
// or tier below the stream's is no hindrance: browsers offer 3.1 and decode what comes.
static int av1_distance(const struct wrtc_track *track, const struct wrtc_offer_codec *codec,
                        struct wrtc_choice *choice)
{
    uint32_t profile = 0;
    uint32_t level_idx = AV1_LEVEL_IDX_DEFAULT;
    uint32_t tier = 0;
    bool below;

    if (!is_codec(codec, "AV1", 90000, 1) ||
        !wrtc_fmtp_number(codec->fmtp, "profile", AV1_PROFILE_MAX, &profile) ||
        !wrtc_fmtp_number(codec->fmtp, "level-idx", AV1_LEVEL_IDX_MAX, &level_idx) ||
        !wrtc_fmtp_number(codec->fmtp, "tier", 1, &tier) || profile < track->profile[0])
        return -1;
    choice->profile[0] = (uint8_t)profile;
    choice->profile[1] = (uint8_t)level_idx;
    choice->profile[2] = (uint8_t)tier;
    below = level_idx < track->profile[1] || tier < track->profile[2];
    return 2 * (int)(profile - track->profile[0]) + below;
}

static int codec_distance(const struct wrtc_track *track, const struct wrtc_offer_codec *codec,
                          struct wrtc_choice *choice)
{
    bool same = false;

    if (looks_like_rtcp(codec))
        return -1;
    switch (track->codec) {
    case WRTC_CODEC_H264:
        return h264_distance(track, codec, choice);
    case WRTC_CODEC_H265:
        return h265_distance(track, codec, choice);
    case WRTC_CODEC_VP8:
        same = is_codec(codec, "VP8", 90000, 1);
        break;
    case WRTC_CODEC_VP9:
        return vp9_distance(track, codec, choice);
    case WRTC_CODEC_AV1:
        return av1_distance(track, codec, choice);
    case WRTC_CODEC_OPUS:
        same = is_codec(codec, "opus", 48000, 2); // RFC 7587 7: always so, even for mono
        break;
    case WRTC_CODEC_PCMU:
        same = is_codec(codec, "PCMU", 8000, track->channels);
        break;
    case WRTC_CODEC_PCMA:
        same = is_codec(codec, "PCMA", 8000, track->channels);
        break;
    case WRTC_CODEC_G722: // RFC 3551 4.5.2: 8000, although it has 16,000 samples per second
        same = is_codec(codec, "G722", 8000, track->channels);
        break;
    case WRTC_CODEC_L16:
        same = is_codec(codec, "L16", track->clock_rate, track->channels);
        break;
    case WRTC_CODEC_NONE:
        break;
    }
    return same ? 0 : -1;
}

static bool usable(const struct wrtc_offer_media *media)
{
    return !media->refused && media->savpf && media->rtcp_mux && media->kind != WRTC_KIND_OTHER;
}

// The RTX payload type for this one; 0: none.
static uint8_t find_rtx(const struct wrtc_offer_media *media, uint8_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        const struct wrtc_offer_codec *codec = &media->codec[i];
        uint32_t associated = UINT32_MAX; // RFC 4588 8.6

        if (is_codec(codec, "rtx", 90000, 1) && !looks_like_rtcp(codec) &&
            wrtc_fmtp_number(codec->fmtp, "apt", UINT8_MAX, &associated) &&
            associated == payload_type)
            return codec->payload_type;
    }
    return 0;
}

// Transport-cc is nothing without its feedback.
static struct eng_extension_config find_extensions(const struct wrtc_offer_media *media,
                                                   const struct wrtc_choice *choice)
{
    struct eng_extension_config config = wrtc_extmap_choose(media, choice->rtx_payload_type != 0);

    for (size_t i = 0; i < media->codec_count; i++) {
        const struct wrtc_offer_codec *codec = &media->codec[i];

        if (codec->payload_type == choice->payload_type && !codec->transport_cc)
            config.transport_cc = 0;
    }
    return config;
}

// The nearest payload type of the m-line; of equally near ones the first, which the viewer prefers.
static bool choose(const struct wrtc_offer *offer, size_t index, const struct wrtc_track *track,
                   struct wrtc_choice *out)
{
    const struct wrtc_offer_media *media = &offer->media[index];
    int best = -1;

    if (!usable(media) || !media->receives)
        return false;
    for (size_t i = 0; i < media->codec_count; i++) {
        const struct wrtc_offer_codec *codec = &media->codec[i];
        struct wrtc_choice choice = {
            .on = true,
            .media = index,
            .payload_type = codec->payload_type,
            .nack = codec->nack,
            .nack_pli = codec->nack_pli,
            .goog_remb = codec->goog_remb,
        };
        int distance = codec_distance(track, codec, &choice);

        if (distance >= 0 && (best < 0 || distance < best)) {
            best = distance;
            *out = choice;
        }
    }
    if (best >= 0 && out->nack && media->kind == WRTC_KIND_VIDEO)
        out->rtx_payload_type = find_rtx(media, out->payload_type);
    if (best >= 0)
        out->extension = find_extensions(media, out);
    return best >= 0;
}

// Takes the m-line for the track of its kind, unless that track has one.
static bool take(const struct wrtc_offer *offer, size_t index, const struct wrtc_track *video,
                 const struct wrtc_track *audio, struct wrtc_selection *out)
{
    enum wrtc_kind kind = offer->media[index].kind;

    if (kind == WRTC_KIND_VIDEO && !out->video.on)
        return choose(offer, index, video, &out->video);
    if (kind == WRTC_KIND_AUDIO && !out->audio.on)
        return choose(offer, index, audio, &out->audio);
    return false;
}

// Sets what becomes of the other m-lines of the group, and whose transport the group uses.
static void keep_bundle(const struct wrtc_offer *offer, struct wrtc_selection *selection)
{
    for (size_t i = 0; i < offer->bundle_count; i++) {
        size_t index = offer->bundle[i];
        bool chosen = (selection->video.on && selection->video.media == index) ||
                      (selection->audio.on && selection->audio.media == index);

        selection->inactive[index] = !chosen && usable(&offer->media[index]);
        if (!selection->transport && (chosen || selection->inactive[index]))
            selection->transport = &offer->media[index].transport;
    }
}

// text: for a name that has to be put together.
static const char *codec_name(const struct wrtc_track *track, char text[WRTC_TOKEN_MAX])
{
    unsigned profile = track->profile[0];

    switch (track->codec) {
    case WRTC_CODEC_H264:
        return "H264 with packetization-mode=1";
    case WRTC_CODEC_H265:
        return "H265";
    case WRTC_CODEC_VP8:
        return "VP8";
    case WRTC_CODEC_VP9:
        snprintf(text, WRTC_TOKEN_MAX, "VP9 with profile-id=%u", profile);
        return text;
    case WRTC_CODEC_AV1:
        snprintf(text, WRTC_TOKEN_MAX, "AV1 with profile=%u", profile);
        return text;
    case WRTC_CODEC_OPUS:
        return "opus/48000/2";
    case WRTC_CODEC_PCMU:
        return "PCMU/8000";
    case WRTC_CODEC_PCMA:
        return "PCMA/8000";
    case WRTC_CODEC_G722:
        return "G722/8000";
    case WRTC_CODEC_L16:
        snprintf(text, WRTC_TOKEN_MAX, "L16/%" PRIu32 "/%u", track->clock_rate, track->channels);
        return text;
    case WRTC_CODEC_NONE:
        break;
    }
    return "nothing";
}

// Whether the viewer would receive the track if it took its codec.
static bool wants(const struct wrtc_offer *offer, enum wrtc_kind kind,
                  const struct wrtc_track *track)
{
    for (size_t i = 0; i < offer->media_count && track->codec != WRTC_CODEC_NONE; i++) {
        const struct wrtc_offer_media *media = &offer->media[i];

        if (media->kind == kind && usable(media) && media->receives)
            return true;
    }
    return false;
}

static void explain(const struct wrtc_offer *offer, const struct wrtc_track *video,
                    const struct wrtc_track *audio, struct wrtc_error *err)
{
    char video_name[WRTC_TOKEN_MAX];
    char audio_name[WRTC_TOKEN_MAX];
    const char *fault = "to be received over UDP/TLS/RTP/SAVPF with rtcp-mux; no m-line fits";
    const char *advice = "";

    if (wants(offer, WRTC_KIND_VIDEO, video) || wants(offer, WRTC_KIND_AUDIO, audio)) {
        fault = "which this viewer does not take; try another browser";
        advice = video->codec == WRTC_CODEC_H264 ? "; " WRTC_H264_ADVICE
                                                 : ", or set the camera to H.264 and Opus";
    }
    snprintf(err->text, sizeof(err->text), "the stream has %s as video and %s as audio, %s%s",
             codec_name(video, video_name), codec_name(audio, audio_name), fault, advice);
}

int wrtc_offer_select(const struct wrtc_offer *offer, const struct wrtc_track *video,
                      const struct wrtc_track *audio, struct wrtc_selection *out,
                      struct wrtc_error *err)
{
    struct wrtc_selection selection = {0};

    for (size_t i = 0; i < offer->media_count; i++) {
        if (offer->media[i].bundled)
            take(offer, i, video, audio, &selection);
    }
    if (selection.video.on || selection.audio.on)
        keep_bundle(offer, &selection);
    for (size_t i = 0; i < offer->media_count && !selection.transport; i++) {
        if (take(offer, i, video, audio, &selection))
            selection.transport = &offer->media[i].transport;
    }
    if (!selection.transport) {
        explain(offer, video, audio, err);
        return -ENOENT;
    }
    *out = selection;
    return 0;
}
