// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp_attribute.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    EXTMAP_ID_MAX = 255, // RFC 8285; higher ones are placeholders of an offer
};

int wrtc_sdp_fail(struct wrtc_sdp_parser *parser, int code, const char *what)
{
    snprintf(parser->error->text, sizeof(parser->error->text), "line %u: %s", parser->line, what);
    return code;
}

static struct wrtc_transport *transport_of(struct wrtc_sdp_parser *parser)
{
    return parser->media ? &parser->media->transport : &parser->session;
}

bool wrtc_sdp_ice_credential(struct wrtc_text value, size_t min, char *out, size_t size)
{
    for (const char *p = value.at; p < value.end; p++) {
        if (*p <= ' ' || *p > '~' || *p == ':')
            return false;
    }
    return wrtc_text_len(value) >= min && wrtc_text_copy(value, out, size);
}

static int read_ice_ufrag(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_transport *transport = transport_of(parser);

    if (!wrtc_sdp_ice_credential(value, WRTC_UFRAG_MIN, transport->ufrag, WRTC_UFRAG_MAX))
        return wrtc_sdp_fail(parser, -EINVAL, "a=ice-ufrag needs 4 to 256 visible characters");
    return 0;
}

static int read_ice_pwd(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_transport *transport = transport_of(parser);

    if (!wrtc_sdp_ice_credential(value, WRTC_PWD_MIN, transport->pwd, WRTC_PWD_MAX))
        return wrtc_sdp_fail(parser, -EINVAL, "a=ice-pwd needs 22 to 256 visible characters");
    return 0;
}

static int read_ice_lite(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    return wrtc_sdp_fail(parser, -EINVAL,
                         "a=ice-lite: neither side would send connectivity checks");
}

// "5B:65:..." into exactly len bytes.
static bool read_hex_bytes(struct wrtc_text text, uint8_t *out, size_t len)
{
    if (wrtc_text_len(text) != 3 * len - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = wrtc_text_hex_digit(text.at[3 * i]);
        int low = wrtc_text_hex_digit(text.at[3 * i + 1]);

        if (high < 0 || low < 0 || (i + 1 < len && text.at[3 * i + 2] != ':'))
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

// Of several the first stays, but SHA-256 goes before the others: every client has it.
static int read_fingerprint(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    static const struct {
        const char *name;
        size_t len;
    } hashes[] = {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};
    struct wrtc_fingerprint *have = &transport_of(parser)->fingerprint;
    struct wrtc_fingerprint found = {0};
    struct wrtc_text algorithm = value;

    wrtc_text_word(&value, &algorithm);
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (!wrtc_text_is_nocase(algorithm, hashes[i].name))
            continue;
        if (!read_hex_bytes(wrtc_text_trim(value), found.bytes, hashes[i].len))
            return wrtc_sdp_fail(parser, -EINVAL, "a=fingerprint is not the hash that it names");
        found.len = hashes[i].len;
        memcpy(found.algorithm, hashes[i].name, strlen(hashes[i].name));
        if (have->len == 0 || (i == 0 && have->len != found.len))
            *have = found;
    }
    return 0;
}

static int read_setup(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    static const char *const names[] = {
        [WRTC_SETUP_ACTPASS] = "actpass",
        [WRTC_SETUP_ACTIVE] = "active",
        [WRTC_SETUP_PASSIVE] = "passive",
        [WRTC_SETUP_HOLDCONN] = "holdconn",
    };

    for (size_t i = WRTC_SETUP_ACTPASS; i <= WRTC_SETUP_HOLDCONN; i++) {
        if (wrtc_text_is(value, names[i])) {
            transport_of(parser)->setup = (enum wrtc_setup)i;
            return 0;
        }
    }
    return wrtc_sdp_fail(parser, -EINVAL, "a=setup has an unknown role");
}

static int set_receives(struct wrtc_sdp_parser *parser, bool receives)
{
    if (parser->media)
        parser->media->receives = receives;
    else
        parser->session_receives = receives;
    return 0;
}

static int read_receiving(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    return set_receives(parser, true);
}

static int read_not_receiving(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    return set_receives(parser, false);
}

static int read_group(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_text semantics;

    if (!parser->media && !parser->bundle.at && wrtc_text_word(&value, &semantics) &&
        wrtc_text_is(semantics, "BUNDLE"))
        parser->bundle = value;
    return 0;
}

static int read_mid(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer *offer = parser->offer;

    if (!wrtc_text_is_token(value))
        return wrtc_sdp_fail(parser, -EINVAL, "a=mid is not a token");
    for (size_t i = 0; i < offer->media_count; i++) {
        if (wrtc_text_is(value, offer->media[i].mid))
            return wrtc_sdp_fail(parser, -EINVAL, "a=mid is used twice");
    }
    if (!wrtc_text_copy(value, parser->media->mid, sizeof(parser->media->mid)))
        return wrtc_sdp_fail(parser, -E2BIG, "a=mid is longer than 31 characters");
    return 0;
}

static int read_bundle_only(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    parser->media->bundle_only = true;
    return 0;
}

static int read_rtcp_mux(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    parser->media->rtcp_mux = true;
    return 0;
}

static int read_rtcp_rsize(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    (void)value;
    parser->media->rtcp_rsize = true;
    return 0;
}

struct wrtc_offer_codec *wrtc_sdp_codec(struct wrtc_offer_media *media, uint32_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        if (media->codec[i].payload_type == payload_type)
            return &media->codec[i];
    }
    return NULL;
}

// Takes the payload type that an attribute begins with. False: it is none. *codec is NULL where
// the m-line does not list it.
static bool take_codec(struct wrtc_sdp_parser *parser, struct wrtc_text *value,
                       struct wrtc_offer_codec **codec)
{
    struct wrtc_text word;
    uint32_t payload_type;

    if (!wrtc_text_word(value, &word) ||
        !wrtc_text_number(word, WRTC_PAYLOAD_TYPE_MAX, &payload_type))
        return false;
    *codec = wrtc_sdp_codec(parser->media, payload_type);
    return true;
}

// a=rtpmap:<payload type> <name>/<clock rate>[/<channels>] (RFC 8866 6.6)
static int read_rtpmap(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer_codec *codec;
    struct wrtc_text name, rate, channels;
    uint32_t clock_rate, channel_count = 1;

    if (!take_codec(parser, &value, &codec))
        return wrtc_sdp_fail(parser, -EINVAL, "a=rtpmap without payload type");
    value = wrtc_text_trim(value);
    if (!wrtc_text_until(&value, '/', &name) || !wrtc_text_is_token(name) ||
        !wrtc_text_until(&value, '/', &rate) || !wrtc_text_number(rate, UINT32_MAX, &clock_rate))
        return wrtc_sdp_fail(parser, -EINVAL, "a=rtpmap is not name/clock rate");
    // Of video some clients put other things there.
    if (wrtc_text_until(&value, '/', &channels) &&
        !wrtc_text_number(channels, UINT8_MAX, &channel_count))
        channel_count = 1;
    if (!codec)
        return 0;
    if (!wrtc_text_copy(name, codec->name, sizeof(codec->name)))
        codec->name[0] = '\0';
    codec->clock_rate = clock_rate;
    codec->channels = channel_count;
    return 0;
}

static int read_fmtp(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer_codec *codec;

    if (!take_codec(parser, &value, &codec))
        return wrtc_sdp_fail(parser, -EINVAL, "a=fmtp without payload type");
    if (codec && !wrtc_text_copy(wrtc_text_trim(value), codec->fmtp, sizeof(codec->fmtp)))
        return wrtc_sdp_fail(parser, -E2BIG, "a=fmtp is longer than 255 characters");
    return 0;
}

static void add_feedback(struct wrtc_offer_codec *codec, struct wrtc_text feedback)
{
    if (wrtc_text_is(feedback, "nack"))
        codec->nack = true;
    else if (wrtc_text_is(feedback, "nack pli"))
        codec->nack_pli = true;
    else if (wrtc_text_is(feedback, "ccm fir"))
        codec->ccm_fir = true;
    else if (wrtc_text_is(feedback, "transport-cc"))
        codec->transport_cc = true;
    else if (wrtc_text_is(feedback, "goog-remb"))
        codec->goog_remb = true;
}

// a=rtcp-fb:<payload type or *> <feedback> (RFC 4585 4.2)
static int read_rtcp_fb(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer_media *media = parser->media;
    struct wrtc_offer_codec *codec;

    if (wrtc_text_skip(&value, "* ")) {
        for (size_t i = 0; i < media->codec_count; i++)
            add_feedback(&media->codec[i], wrtc_text_trim(value));
        return 0;
    }
    if (!take_codec(parser, &value, &codec))
        return wrtc_sdp_fail(parser, -EINVAL, "a=rtcp-fb without payload type");
    if (codec)
        add_feedback(codec, wrtc_text_trim(value));
    return 0;
}

// a=extmap:<id>[/<direction>] <URI> [<attributes>] (RFC 8285 8). word is left with the direction.
static int read_extmap(struct wrtc_sdp_parser *parser, struct wrtc_text value)
{
    struct wrtc_offer_media *media = parser->media;
    struct wrtc_offer_extmap *extmap;
    struct wrtc_text word, number, uri;
    uint32_t id;

    if (!wrtc_text_word(&value, &word) || !wrtc_text_until(&word, '/', &number) ||
        !wrtc_text_number(number, UINT16_MAX, &id) || !wrtc_text_word(&value, &uri))
        return wrtc_sdp_fail(parser, -EINVAL, "a=extmap is not id and URI");
    if (id < 1 || id > EXTMAP_ID_MAX || wrtc_text_len(uri) >= sizeof(extmap->uri) ||
        wrtc_text_is(word, "sendonly") || wrtc_text_is(word, "inactive"))
        return 0;
    if (media->extmap_count == WRTC_EXTMAPS_MAX)
        return wrtc_sdp_fail(parser, -E2BIG, "more than 32 header extensions in an m-line");
    extmap = &media->extmap[media->extmap_count++];
    extmap->id = (uint8_t)id;
    extmap->recvonly = wrtc_text_is(word, "recvonly");
    wrtc_text_copy(uri, extmap->uri, sizeof(extmap->uri));
    return 0;
}

int wrtc_sdp_attribute(struct wrtc_sdp_parser *parser, struct wrtc_text attribute)
{
    static const struct {
        const char *name;
        bool media_only;
        int (*read)(struct wrtc_sdp_parser *parser, struct wrtc_text value);
    } table[] = {
        {"ice-ufrag", false, read_ice_ufrag},
        {"ice-pwd", false, read_ice_pwd},
        {"ice-lite", false, read_ice_lite},
        {"fingerprint", false, read_fingerprint},
        {"setup", false, read_setup},
        {"group", false, read_group},
        {"sendrecv", false, read_receiving},
        {"recvonly", false, read_receiving},
        {"sendonly", false, read_not_receiving},
        {"inactive", false, read_not_receiving},
        {"mid", true, read_mid},
        {"bundle-only", true, read_bundle_only},
        {"rtcp-mux", true, read_rtcp_mux},
        {"rtcp-rsize", true, read_rtcp_rsize},
        {"rtpmap", true, read_rtpmap},
        {"fmtp", true, read_fmtp},
        {"rtcp-fb", true, read_rtcp_fb},
        {"extmap", true, read_extmap},
    };
    struct wrtc_text name;

    if (!wrtc_text_until(&attribute, ':', &name))
        return wrtc_sdp_fail(parser, -EINVAL, "a= without a name");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (wrtc_text_is(name, table[i].name) && (parser->media || !table[i].media_only))
            return table[i].read(parser, attribute);
    }
    return 0;
}
