// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp.h"

#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>

#include "webrtc/extmap.h"
#include "webrtc/sdp_writer.h"

struct writer {
    struct wrtc_sdp_writer text;
    const struct wrtc_answer_config *config;
};

// What was chosen in an m-line; NULL: nothing, it is rejected.
static const struct wrtc_choice *choice_of(const struct wrtc_selection *selection, size_t media)
{
    if (selection->video.on && selection->video.media == media)
        return &selection->video;
    if (selection->audio.on && selection->audio.media == media)
        return &selection->audio;
    return NULL;
}

// RFC 8843 7.3.1: the accepted m-lines in the order of the offer's group, which makes the first of
// them the one whose transport counts.
static void put_bundle(struct writer *writer, const struct wrtc_offer *offer,
                       const struct wrtc_selection *selection)
{
    bool begun = false;

    for (size_t i = 0; i < offer->bundle_count; i++) {
        size_t index = offer->bundle[i];

        if (!choice_of(selection, index) && !selection->inactive[index])
            continue;
        wrtc_sdp_put(&writer->text, "%s %s", begun ? "" : "a=group:BUNDLE",
                     offer->media[index].mid);
        begun = true;
    }
    if (begun)
        wrtc_sdp_put(&writer->text, "\r\n");
}

static void put_session(struct writer *writer, const struct wrtc_offer *offer,
                        const struct wrtc_selection *selection)
{
    wrtc_sdp_put(&writer->text,
                 "v=0\r\n"
                 "o=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\n"
                 "s=-\r\n"
                 "t=0 0\r\n",
                 writer->config->session_id);
    put_bundle(writer, offer, selection);
    wrtc_sdp_put(&writer->text, "a=ice-lite\r\n"
                                "a=msid-semantic:WMS *\r\n");
}

static void put_transport(struct writer *writer)
{
    const struct wrtc_answer_config *config = writer->config;
    const struct wrtc_fingerprint *fingerprint = config->fingerprint;

    wrtc_sdp_put(&writer->text,
                 "a=ice-ufrag:%s\r\n"
                 "a=ice-pwd:%s\r\n"
                 "a=fingerprint:%s ",
                 config->ufrag, config->pwd, fingerprint->algorithm);
    for (size_t i = 0; i < fingerprint->len; i++)
        wrtc_sdp_put(&writer->text, "%s%02X", i == 0 ? "" : ":", fingerprint->bytes[i]);
    wrtc_sdp_put(&writer->text, "\r\n"
                                "a=setup:passive\r\n");
}

static void put_rejected(struct writer *writer, const struct wrtc_offer_media *media)
{
    wrtc_sdp_put(&writer->text,
                 "m=%s 0 %s %s\r\n"
                 "c=IN IP4 0.0.0.0\r\n"
                 "a=inactive\r\n",
                 media->kind_name, media->protocol, media->format);
    if (media->mid[0] != '\0')
        wrtc_sdp_put(&writer->text, "a=mid:%s\r\n", media->mid);
    put_transport(writer);
}

// What every accepted m-line begins with. rtx: an RTX payload type, 0: none.
static void put_accepted(struct writer *writer, const struct wrtc_offer_media *media,
                         unsigned payload_type, unsigned rtx, const char *direction)
{
    const struct eng_addr *first = &writer->config->candidates[0];
    char text[INET6_ADDRSTRLEN];

    // RFC 8839 4.2.1.2: the default destination is one of the candidates.
    wrtc_sdp_put(&writer->text, "m=%s %u %s %u", media->kind_name, eng_addr_port(first),
                 media->protocol, payload_type);
    if (rtx != 0)
        wrtc_sdp_put(&writer->text, " %u", rtx);
    wrtc_sdp_put(&writer->text,
                 "\r\n"
                 "c=IN IP%d %s\r\n"
                 "a=%s\r\n",
                 first->sa.sa_family == AF_INET6 ? 6 : 4, wrtc_sdp_address_text(first, text),
                 direction);
    if (media->mid[0] != '\0')
        wrtc_sdp_put(&writer->text, "a=mid:%s\r\n", media->mid);
    wrtc_sdp_put(&writer->text, "a=rtcp-mux\r\n");
    if (media->rtcp_rsize)
        wrtc_sdp_put(&writer->text, "a=rtcp-rsize\r\n");
    put_transport(writer);
    wrtc_sdp_put_candidates(&writer->text, writer->config->candidates,
                            writer->config->candidate_count, writer->config->tcp);
}

static void put_rtpmap(struct writer *writer, const struct wrtc_offer_codec *codec)
{
    if (codec->name[0] == '\0')
        return;
    wrtc_sdp_put(&writer->text, "a=rtpmap:%u %s/%" PRIu32, codec->payload_type, codec->name,
                 codec->clock_rate);
    if (codec->channels > 1)
        wrtc_sdp_put(&writer->text, "/%u", codec->channels);
    wrtc_sdp_put(&writer->text, "\r\n");
}

// The first payload type as it was offered, for there has to be one.
static void put_inactive(struct writer *writer, const struct wrtc_offer_media *media)
{
    const struct wrtc_offer_codec *codec = &media->codec[0];

    put_accepted(writer, media, codec->payload_type, 0, "inactive");
    put_rtpmap(writer, codec);
    if (codec->fmtp[0] != '\0')
        wrtc_sdp_put(&writer->text, "a=fmtp:%u %s\r\n", codec->payload_type, codec->fmtp);
}

static void put_fmtp(struct writer *writer, const struct wrtc_choice *choice,
                     const struct wrtc_track *track)
{
    const uint8_t *id = choice->profile;

    if (track->codec == WRTC_CODEC_H264)
        wrtc_sdp_put(&writer->text,
                     "a=fmtp:%u %spacketization-mode=1;profile-level-id=%02x%02x%02x\r\n",
                     choice->payload_type,
                     choice->level_asymmetry_allowed ? "level-asymmetry-allowed=1;" : "", id[0],
                     id[1], id[2]);
    else if (track->codec == WRTC_CODEC_H265)
        wrtc_sdp_put(&writer->text,
                     "a=fmtp:%u level-id=%u;profile-id=%u;tier-flag=%u;tx-mode=SRST\r\n",
                     choice->payload_type, id[2], id[0], id[1]);
    else if (track->codec == WRTC_CODEC_VP9)
        wrtc_sdp_put(&writer->text, "a=fmtp:%u profile-id=%u\r\n", choice->payload_type, id[0]);
    else if (track->codec == WRTC_CODEC_AV1)
        wrtc_sdp_put(&writer->text, "a=fmtp:%u level-idx=%u;profile=%u;tier=%u\r\n",
                     choice->payload_type, id[1], id[0], id[2]);
    else if (track->codec == WRTC_CODEC_OPUS && track->channels == 2)
        wrtc_sdp_put(&writer->text, "a=fmtp:%u stereo=1;sprop-stereo=1\r\n", choice->payload_type);
}

static void put_feedback(struct writer *writer, const struct wrtc_choice *choice)
{
    if (choice->nack)
        wrtc_sdp_put(&writer->text, "a=rtcp-fb:%u nack\r\n", choice->payload_type);
    if (choice->nack_pli)
        wrtc_sdp_put(&writer->text, "a=rtcp-fb:%u nack pli\r\n", choice->payload_type);
    if (choice->goog_remb)
        wrtc_sdp_put(&writer->text, "a=rtcp-fb:%u goog-remb\r\n", choice->payload_type);
    if (choice->extension.transport_cc != 0)
        wrtc_sdp_put(&writer->text, "a=rtcp-fb:%u transport-cc\r\n", choice->payload_type);
}

static void put_extmaps(struct writer *writer, const struct wrtc_offer_media *media,
                        const struct wrtc_choice *choice)
{
    for (size_t i = 0; i < media->extmap_count; i++) {
        const struct wrtc_offer_extmap *extmap = &media->extmap[i];

        if (wrtc_extmap_is_chosen(&choice->extension, extmap))
            wrtc_sdp_put(&writer->text, "a=extmap:%u%s %s\r\n", extmap->id,
                         extmap->recvonly ? "/sendonly" : "", extmap->uri);
    }
}

static void put_rtx(struct writer *writer, const struct wrtc_choice *choice)
{
    wrtc_sdp_put(&writer->text,
                 "a=rtpmap:%u rtx/90000\r\n"
                 "a=fmtp:%u apt=%u\r\n",
                 choice->rtx_payload_type, choice->rtx_payload_type, choice->payload_type);
}

// rtx: 0 is none.
static void put_ssrcs(struct writer *writer, uint32_t ssrc, uint32_t rtx)
{
    const char *cname = writer->config->cname;

    if (rtx != 0)
        wrtc_sdp_put(&writer->text, "a=ssrc-group:FID %" PRIu32 " %" PRIu32 "\r\n", ssrc, rtx);
    wrtc_sdp_put(&writer->text, "a=ssrc:%" PRIu32 " cname:%s\r\n", ssrc, cname);
    if (rtx != 0)
        wrtc_sdp_put(&writer->text, "a=ssrc:%" PRIu32 " cname:%s\r\n", rtx, cname);
}

static void put_chosen(struct writer *writer, const struct wrtc_offer_media *media,
                       const struct wrtc_choice *choice)
{
    const struct wrtc_answer_config *config = writer->config;
    const struct wrtc_offer_codec *codec = media->codec;
    bool video = media->kind == WRTC_KIND_VIDEO;

    while (codec->payload_type != choice->payload_type)
        codec++;
    put_accepted(writer, media, codec->payload_type, choice->rtx_payload_type, "sendonly");
    put_extmaps(writer, media, choice);
    put_rtpmap(writer, codec);
    put_fmtp(writer, choice, video ? config->video : config->audio);
    put_feedback(writer, choice);
    if (choice->rtx_payload_type != 0)
        put_rtx(writer, choice);
    wrtc_sdp_put(&writer->text, "a=msid:%s %s\r\n", config->cname, media->kind_name);
    put_ssrcs(writer, video ? config->video_ssrc : config->audio_ssrc,
              choice->rtx_payload_type != 0 ? config->video_rtx_ssrc : 0);
}

int wrtc_answer_write(const struct wrtc_offer *offer, const struct wrtc_selection *selection,
                      const struct wrtc_answer_config *config, char *out, size_t size, size_t *len)
{
    struct writer writer = {.text = {.out = out, .size = size}, .config = config};

    assert(config->candidate_count >= 1 && config->candidate_count <= WRTC_CANDIDATES_MAX);
    put_session(&writer, offer, selection);
    for (size_t i = 0; i < offer->media_count; i++) {
        const struct wrtc_choice *choice = choice_of(selection, i);

        if (choice)
            put_chosen(&writer, &offer->media[i], choice);
        else if (selection->inactive[i])
            put_inactive(&writer, &offer->media[i]);
        else
            put_rejected(&writer, &offer->media[i]);
    }
    return wrtc_sdp_finish(&writer.text, len);
}
