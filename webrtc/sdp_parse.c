// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "webrtc/sdp_attribute.h"
#include "webrtc/text.h"

enum {
    PORT_MAX = 65535,
};

// Payload types that need no a=rtpmap (RFC 3551 6), as far as a stream may have them.
static void set_static_codec(struct wrtc_offer_codec *codec)
{
    static const struct {
        uint8_t payload_type;
        const char *name;
        uint32_t clock_rate;
        unsigned channels;
    } types[] = {
        {0, "PCMU", 8000, 1},  {8, "PCMA", 8000, 1},  {9, "G722", 8000, 1},
        {10, "L16", 44100, 2}, {11, "L16", 44100, 1},
    };

    codec->channels = 1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].payload_type != codec->payload_type)
            continue;
        snprintf(codec->name, sizeof(codec->name), "%s", types[i].name);
        codec->clock_rate = types[i].clock_rate;
        codec->channels = types[i].channels;
    }
}

// RFC 8829 5.1.2: all of these mean UDP/TLS/RTP/SAVPF.
static bool is_savpf(struct wrtc_text protocol)
{
    return wrtc_text_is(protocol, "UDP/TLS/RTP/SAVPF") ||
           wrtc_text_is(protocol, "TCP/TLS/RTP/SAVPF") || wrtc_text_is(protocol, "RTP/SAVPF");
}

static int read_formats(struct wrtc_sdp_parser *parser, struct wrtc_text formats)
{
    struct wrtc_offer_media *media = parser->media;
    struct wrtc_text word, rest = formats;
    uint32_t payload_type;

    if (!wrtc_text_word(&rest, &word) || !wrtc_text_is_token(word))
        return wrtc_sdp_fail(parser, -EINVAL, "m= without a format");
    if (!wrtc_text_copy(word, media->format, sizeof(media->format)))
        return wrtc_sdp_fail(parser, -E2BIG, "m= has a format of more than 31 characters");
    if (!strstr(media->protocol, "RTP/")) // names, as of a data channel
        return 0;
    while (wrtc_text_word(&formats, &word)) {
        if (!wrtc_text_number(word, WRTC_PAYLOAD_TYPE_MAX, &payload_type))
            return wrtc_sdp_fail(parser, -EINVAL, "m= has a payload type that is not 0 to 127");
        if (wrtc_sdp_codec(media, payload_type))
            continue;
        if (media->codec_count == WRTC_CODECS_MAX)
            return wrtc_sdp_fail(parser, -E2BIG, "more than 64 payload types in an m-line");
        media->codec[media->codec_count].payload_type = (uint8_t)payload_type;
        set_static_codec(&media->codec[media->codec_count++]);
    }
    return 0;
}

// m=<media> <port>[/<number>] <protocol> <format> ... (RFC 8866 5.14)
static int read_media(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer *offer = parser->offer;
    struct wrtc_offer_media *media;
    struct wrtc_text kind, port, protocol, number;
    uint32_t port_number;

    if (offer->media_count == WRTC_MEDIA_MAX)
        return wrtc_sdp_fail(parser, -E2BIG, "more than 16 m-lines");
    if (!wrtc_text_word(&value, &kind) || !wrtc_text_is_token(kind) ||
        !wrtc_text_word(&value, &port) || !wrtc_text_until(&port, '/', &number) ||
        !wrtc_text_number(number, PORT_MAX, &port_number) || !wrtc_text_word(&value, &protocol))
        return wrtc_sdp_fail(parser, -EINVAL, "m= is not media, port, protocol and formats");

    media = parser->media = &offer->media[offer->media_count++];
    if (!wrtc_text_copy(kind, media->kind_name, sizeof(media->kind_name)) ||
        !wrtc_text_copy(protocol, media->protocol, sizeof(media->protocol)))
        return wrtc_sdp_fail(parser, -E2BIG, "m= has a word of more than 31 characters");
    if (wrtc_text_is(kind, "video"))
        media->kind = WRTC_KIND_VIDEO;
    else if (wrtc_text_is(kind, "audio"))
        media->kind = WRTC_KIND_AUDIO;
    media->savpf = is_savpf(protocol);
    media->refused = port_number == 0; // until a=bundle-only is known
    media->receives = parser->session_receives;
    return read_formats(parser, value);
}

static int read_line(struct wrtc_sdp_parser *parser, struct wrtc_text line)
{
    if (wrtc_text_skip(&line, "a="))
        return wrtc_sdp_attribute(parser, line);
    if (wrtc_text_skip(&line, "m="))
        return read_media(parser, line);
    if (wrtc_text_len(line) >= 2 && line.at[0] >= 'a' && line.at[0] <= 'z' && line.at[1] == '=')
        return 0;
    return wrtc_sdp_fail(parser, -EINVAL, "not SDP: a line is to begin with a letter and '='");
}

// Mids that no m-line has are passed over: the group then names an m-line that was removed.
static void resolve_bundle(struct wrtc_sdp_parser *parser)
{
    struct wrtc_offer *offer = parser->offer;
    struct wrtc_text mids = parser->bundle, mid;

    while (mids.at && wrtc_text_word(&mids, &mid)) {
        for (size_t i = 0; i < offer->media_count; i++) {
            struct wrtc_offer_media *media = &offer->media[i];

            if (media->bundled || !wrtc_text_is(mid, media->mid))
                continue;
            if (media->refused && !media->bundle_only)
                continue;
            media->refused = false;
            media->bundled = true;
            offer->bundle[offer->bundle_count++] = i;
        }
    }
}

static void inherit_transport(struct wrtc_transport *to, const struct wrtc_transport *from)
{
    if (to->ufrag[0] == '\0')
        memcpy(to->ufrag, from->ufrag, sizeof(to->ufrag));
    if (to->pwd[0] == '\0')
        memcpy(to->pwd, from->pwd, sizeof(to->pwd));
    if (to->fingerprint.len == 0)
        to->fingerprint = from->fingerprint;
    if (to->setup == WRTC_SETUP_NONE)
        to->setup = from->setup;
}

static void complete_media(struct wrtc_sdp_parser *parser)
{
    struct wrtc_offer *offer = parser->offer;

    for (size_t i = 0; i < offer->media_count; i++)
        inherit_transport(&offer->media[i].transport, &parser->session);
    for (size_t i = 1; i < offer->bundle_count; i++) {
        struct wrtc_offer_media *media = &offer->media[offer->bundle[i]];
        const struct wrtc_offer_media *first = &offer->media[offer->bundle[0]];

        inherit_transport(&media->transport, &first->transport);
        media->rtcp_mux |= first->rtcp_mux;
        media->rtcp_rsize |= first->rtcp_rsize;
    }
}

// What a transport lacks; NULL: nothing.
static const char *transport_flaw(const struct wrtc_transport *transport)
{
    if (transport->ufrag[0] == '\0')
        return "no a=ice-ufrag";
    if (transport->pwd[0] == '\0')
        return "no a=ice-pwd";
    if (transport->fingerprint.len == 0)
        return "no a=fingerprint of sha-256, sha-384 or sha-512";
    if (transport->setup == WRTC_SETUP_PASSIVE || transport->setup == WRTC_SETUP_HOLDCONN)
        return "a=setup is to be actpass or active: the server takes the passive role";
    return NULL;
}

static int check_media(const struct wrtc_offer *offer, struct wrtc_error *err)
{
    for (size_t i = 0; i < offer->media_count; i++) {
        const struct wrtc_offer_media *media = &offer->media[i];
        const char *flaw = transport_flaw(&media->transport);

        if (flaw && !media->refused && media->savpf) {
            snprintf(err->text, sizeof(err->text), "m-line %zu: %s", i + 1, flaw);
            return -EINVAL;
        }
    }
    return 0;
}

int wrtc_offer_parse(const char *text, size_t len, struct wrtc_offer *out, struct wrtc_error *err)
{
    struct wrtc_sdp_parser parser = {
        .offer = out, .error = err, .line = 1, .session_receives = true};
    struct wrtc_text rest = wrtc_text_of(text, len), line;
    const char *bad;
    int rc;

    if (len > WRTC_SDP_MAX) {
        snprintf(err->text, sizeof(err->text), "an offer may have %d bytes", WRTC_SDP_MAX);
        return -E2BIG;
    }
    bad = wrtc_text_bad_character(rest);
    if (bad) {
        snprintf(err->text, sizeof(err->text), "not SDP: there is %s in it", bad);
        return -EINVAL;
    }
    memset(out, 0, sizeof(*out));
    if (!wrtc_text_line(&rest, &line) || !wrtc_text_is(line, "v=0"))
        return wrtc_sdp_fail(&parser, -EINVAL, "not SDP: v=0 is to come first");
    while (wrtc_text_line(&rest, &line)) {
        parser.line++;
        if (line.at == line.end) // a mail-like blank line at the end is seen in the field
            continue;
        rc = read_line(&parser, line);
        if (rc)
            return rc;
    }
    if (out->media_count == 0)
        return wrtc_sdp_fail(&parser, -EINVAL, "the offer has no m-line");
    resolve_bundle(&parser);
    complete_media(&parser);
    return check_media(out, err);
}
