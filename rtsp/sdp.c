// SPDX-License-Identifier: Apache-2.0
#include "rtsp/sdp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "rtsp/base64_digit.h"

static const char latm[] = "MP4A-LATM";

// The encodings that can be carried on to browsers (RFC 7742, RFC 7874), and L16, which other
// viewers take.
static const struct encoding {
    const char *name;
    enum eng_track kind;
    enum rtsp_codec codec;
    uint32_t clock_rate; // 0: whatever it is
    unsigned channels_max;
} encodings[] = {
    {"H264", ENG_VIDEO, RTSP_CODEC_H264, 90000, 1}, // RFC 6184 8.2.1
    {"H265", ENG_VIDEO, RTSP_CODEC_H265, 90000, 1}, // RFC 7798 7.1
    {"VP8", ENG_VIDEO, RTSP_CODEC_VP8, 90000, 1},   // RFC 7741 6.1
    {"VP9", ENG_VIDEO, RTSP_CODEC_VP9, 90000, 1},   // RFC 9628 7
    {"AV1", ENG_VIDEO, RTSP_CODEC_AV1, 90000, 1},   // RTP Payload Format For AV1, 7.2.1
    {"opus", ENG_AUDIO, RTSP_CODEC_OPUS, 48000, 2}, // RFC 7587 4.1
    {"PCMU", ENG_AUDIO, RTSP_CODEC_PCMU, 8000, 1},  // RFC 3551 4.5.14
    {"PCMA", ENG_AUDIO, RTSP_CODEC_PCMA, 8000, 1},  // RFC 3551 4.5.14
    {"G722", ENG_AUDIO, RTSP_CODEC_G722, 8000, 1},  // RFC 3551 4.5.2
    {"L16", ENG_AUDIO, RTSP_CODEC_L16, 0, 2},       // RFC 3551 4.5.11
    // Made into Opus. The decoder goes by the configuration, not by the channels named here.
    {"MPEG4-GENERIC", ENG_AUDIO, RTSP_CODEC_AAC, 0, 255}, // RFC 3640 4.1
    {latm, ENG_AUDIO, RTSP_CODEC_AAC, 0, 255},            // RFC 6416 7.1
};

// What payload types mean without an rtpmap (RFC 3551 6): all that cameras use.
static const struct {
    uint32_t type;
    const char *map;
} static_maps[] = {
    {0, "PCMU/8000"},   {3, "GSM/8000"},   {4, "G723/8000"},    {5, "DVI4/8000"},
    {8, "PCMA/8000"},   {9, "G722/8000"},  {10, "L16/44100/2"}, {11, "L16/44100"},
    {14, "MPA/90000"},  {15, "G728/8000"}, {18, "G729/8000"},   {26, "JPEG/90000"},
    {31, "H261/90000"}, {32, "MPV/90000"}, {33, "MP2T/90000"},  {34, "H263/90000"},
};

enum {
    ENCODINGS = sizeof(encodings) / sizeof(encodings[0]),
    STATIC_MAPS = sizeof(static_maps) / sizeof(static_maps[0])
};

// Takes the next line off *rest.
static bool take_line(struct rtsp_span *rest, struct rtsp_span *line)
{
    if (!rtsp_span_cut(rest, '\n', line))
        return false;
    *line = rtsp_span_trim(*line);
    return true;
}

// The value of the section's first line that starts with prefix; its data is NULL if there is none.
static struct rtsp_span find_line(struct rtsp_span section, const char *prefix)
{
    struct rtsp_span line;
    struct rtsp_span value;

    while (take_line(&section, &line))
        if (rtsp_span_starts(line, prefix, &value))
            return rtsp_span_trim(value);
    return (struct rtsp_span){NULL, 0};
}

// The same for "<prefix><payload type> value".
static struct rtsp_span find_for_type(struct rtsp_span section, const char *prefix, uint32_t type)
{
    struct rtsp_span line;
    struct rtsp_span value;
    struct rtsp_span number;
    uint32_t found;

    while (take_line(&section, &line)) {
        if (!rtsp_span_starts(line, prefix, &value))
            continue;
        value = rtsp_span_trim(value);
        rtsp_span_cut(&value, ' ', &number);
        if (value.data && rtsp_span_number(rtsp_span_trim(number), 127, &found) && found == type)
            return rtsp_span_trim(value);
    }
    return (struct rtsp_span){NULL, 0};
}

// How the camera can be asked for a keyframe: "a=rtcp-fb:<payload type or *> <feedback>".
static enum rtsp_refresh find_refresh(struct rtsp_span section, uint32_t type)
{
    enum rtsp_refresh refresh = RTSP_REFRESH_NONE;
    struct rtsp_span line, value, number;
    uint32_t found;

    while (take_line(&section, &line)) {
        if (!rtsp_span_starts(line, "a=rtcp-fb:", &value) || !rtsp_span_cut(&value, ' ', &number) ||
            !value.data)
            continue;
        if (!rtsp_span_is(number, "*") && (!rtsp_span_number(number, 127, &found) || found != type))
            continue;
        value = rtsp_span_trim(value);
        if (rtsp_span_is(value, "nack pli"))
            return RTSP_REFRESH_PLI;
        if (rtsp_span_is(value, "ccm fir"))
            refresh = RTSP_REFRESH_FIR;
    }
    return refresh;
}

// Decodes up to the first character that is not base64; padding may be missing, as it is with many
// cameras. Returns the length, 0 if it does not fit.
static size_t decode_base64(struct rtsp_span text, uint8_t *out, size_t size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int value = rtsp_base64_digit(text.data[i]);

        if (value < 0)
            break;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (len == size)
                return 0;
            out[len++] = (uint8_t)(bits >> count);
        }
    }
    return len;
}

// Decodes one parameter set. Returns its length; 0: it is no NAL unit, or one of more than
// RTSP_PARAMETER_SET_MAX bytes.
static size_t decode_set(struct rtsp_span text, uint8_t out[RTSP_PARAMETER_SET_MAX])
{
    enum {
        FORBIDDEN_BIT = 0x80,
        START_CODE = 4
    };
    uint8_t nal[RTSP_PARAMETER_SET_MAX + START_CODE];
    size_t len = decode_base64(rtsp_span_trim(text), nal, sizeof(nal));
    size_t skip = 0;

    // Some cameras put the Annex B start code in.
    if (len > START_CODE && memcmp(nal, "\0\0\0\1", START_CODE) == 0)
        skip = START_CODE;
    len -= skip;
    while (len > 0 && nal[skip + len - 1] == 0) // a NAL unit never ends in 0
        len--;
    if (len == 0 || len > RTSP_PARAMETER_SET_MAX || nal[skip] & FORBIDDEN_BIT ||
        memmem(nal + skip, len, "\0\0\1", 3))
        return 0;
    memcpy(out, nal + skip, len);
    return len;
}

// What a=fmtp has of parameter sets, each a comma-separated list, and where they go in the format.
// The type of a NAL unit is what type_mask leaves of its first byte.
static const struct sprop {
    enum rtsp_codec codec;
    const char *name;
    uint8_t type_mask, type;
    unsigned set;
} sprops[] = {
    {RTSP_CODEC_H264, "sprop-parameter-sets=", 0x1f, 7, 0}, // SPS (RFC 6184 8.2.1)
    {RTSP_CODEC_H264, "sprop-parameter-sets=", 0x1f, 8, 1}, // PPS
    {RTSP_CODEC_H265, "sprop-vps=", 0x7e, 32 << 1, 0},      // RFC 7798 7.1
    {RTSP_CODEC_H265, "sprop-sps=", 0x7e, 33 << 1, 1},
    {RTSP_CODEC_H265, "sprop-pps=", 0x7e, 34 << 1, 2},
};

// The first set of a kind is kept.
static void take_sprop(const struct sprop *sprop, struct rtsp_span list, struct rtsp_format *format)
{
    struct rtsp_parameter_set *set = &format->set[sprop->set];
    struct rtsp_span text;

    while (set->len == 0 && rtsp_span_cut(&list, ',', &text)) {
        set->len = decode_set(text, set->data);
        if (set->len > 0 && (set->data[0] & sprop->type_mask) != sprop->type)
            set->len = 0;
    }
}

static void take_fmtp(struct rtsp_span fmtp, struct rtsp_format *format)
{
    struct rtsp_span param;
    struct rtsp_span list;

    while (rtsp_span_cut(&fmtp, ';', &param)) {
        for (size_t i = 0; i < sizeof(sprops) / sizeof(sprops[0]); i++) {
            if (sprops[i].codec == format->codec &&
                rtsp_span_starts(rtsp_span_trim(param), sprops[i].name, &list))
                take_sprop(&sprops[i], list, format);
        }
    }
}

// "<name>/<clock rate>[/<channels>]" of the payload type; its data is NULL if nobody says.
static struct rtsp_span find_map(struct rtsp_span section, uint32_t type)
{
    struct rtsp_span map = find_for_type(section, "a=rtpmap:", type);

    for (size_t i = 0; i < STATIC_MAPS && !map.data; i++)
        if (static_maps[i].type == type)
            map = (struct rtsp_span){static_maps[i].map, strlen(static_maps[i].map)};
    return map;
}

// What the section means by payload type type. False: nothing that can be carried. *name is what
// it calls itself, with its clock rate and channels if these are the reason; its data is NULL if
// it does not say.
static bool take_encoding(struct rtsp_span section, enum eng_track kind, uint32_t type,
                          struct rtsp_format *format, struct rtsp_span *name)
{
    struct rtsp_span map = find_map(section, type);
    struct rtsp_span rate;
    uint32_t clock_rate = 0;
    uint32_t channels = 1;

    struct rtsp_span whole = map;

    *name = (struct rtsp_span){NULL, 0};
    rtsp_span_cut(&map, '/', name);
    if (rtsp_span_cut(&map, '/', &rate))
        rtsp_span_number(rtsp_span_trim(rate), RTSP_SDP_RATE_MAX, &clock_rate);
    rtsp_span_number(rtsp_span_trim(map), 255, &channels);

    for (size_t i = 0; i < ENCODINGS; i++) {
        const struct encoding *e = &encodings[i];

        if (e->kind != kind || !rtsp_span_is(rtsp_span_trim(*name), e->name))
            continue;
        if (clock_rate == 0 || (e->clock_rate != 0 && clock_rate != e->clock_rate) ||
            channels == 0 || channels > e->channels_max) {
            *name = whole;
            return false;
        }
        *format = (struct rtsp_format){.codec = e->codec,
                                       .payload_type = (uint8_t)type,
                                       .clock_rate = clock_rate,
                                       .channels = channels};
        return true;
    }
    return false;
}

// Adds a name to the list of what the camera offers. What does not fit is left out, and what is no
// name: it would end up in JSON and in headers of HTTP.
static void note_offered(struct rtsp_span name, char *offered)
{
    size_t used = strlen(offered);
    size_t gap = used > 0 ? 2 : 0;

    name = rtsp_span_trim(name);
    if (name.len == 0 || used + gap + name.len >= RTSP_SDP_OFFERED_MAX ||
        !rtsp_span_is_printable(name))
        return;
    memcpy(offered + used, ", ", gap);
    memcpy(offered + used + gap, name.data, name.len);
    offered[used + gap + name.len] = '\0';
}

// Of a kind the first is taken, but H.264 before all other video: every browser plays it.
static bool is_better(enum rtsp_codec codec, enum rtsp_codec than)
{
    return than == RTSP_CODEC_NONE || (codec == RTSP_CODEC_H264 && than != RTSP_CODEC_H264);
}

static void take_video(struct rtsp_span section, uint32_t type, struct rtsp_format *format)
{
    take_fmtp(find_for_type(section, "a=fmtp:", type), format);
    format->refresh = find_refresh(section, type);
}

// False: it cannot be carried.
static bool take_audio(struct rtsp_span section, uint32_t type, struct rtsp_span name, bool aac,
                       struct rtsp_format *format)
{
    if (format->codec != RTSP_CODEC_AAC)
        return true;
    return aac && rtsp_aac_config_parse(rtsp_span_is(name, latm),
                                        find_for_type(section, "a=fmtp:", type), &format->aac) == 0;
}

// One section, its m= line first: "m=video 0 RTP/AVP 96 97".
static void take_section(struct rtsp_span section, bool aac, struct rtsp_sdp *out)
{
    struct rtsp_span line;
    struct rtsp_span word;
    struct rtsp_span name = {NULL, 0};
    struct rtsp_format format;
    struct rtsp_sdp_track *track;
    enum eng_track kind;
    bool carried = false;

    line = find_line(section, "m=");
    rtsp_span_cut(&line, ' ', &word);
    if (rtsp_span_is(word, "video"))
        kind = ENG_VIDEO;
    else if (rtsp_span_is(word, "audio"))
        kind = ENG_AUDIO;
    else
        return;
    track = &out->track[kind];
    rtsp_span_cut(&line, ' ', &word); // port
    rtsp_span_cut(&line, ' ', &word); // protocol

    for (size_t i = 0; i < RTSP_SDP_PAYLOADS_MAX && !carried; i++) {
        uint32_t type;

        if (!rtsp_span_cut(&line, ' ', &word))
            break;
        if (!rtsp_span_number(rtsp_span_trim(word), 127, &type))
            continue;
        carried = take_encoding(section, kind, type, &format, &name);
        note_offered(name, track->offered);
        if (carried && kind == ENG_VIDEO)
            take_video(section, type, &format);
        else if (carried)
            carried = take_audio(section, type, name, aac, &format);
    }
    if (!carried || !is_better(format.codec, track->format.codec))
        return;
    track->format = format;
    rtsp_span_copy(find_line(section, "a=control:"), track->control, sizeof(track->control));
}

// Takes the lines up to the next m= line off *rest.
static bool cut_section(struct rtsp_span *rest, struct rtsp_span *section)
{
    const char *start = rest->data;
    struct rtsp_span ahead = *rest;
    struct rtsp_span line;
    bool first = true;

    if (!start)
        return false;
    *section = *rest;
    while (take_line(&ahead, &line)) {
        if (!first && rtsp_span_starts(line, "m=", NULL)) {
            section->len = (size_t)(line.data - start);
            rest->data = line.data;
            rest->len -= section->len;
            return true;
        }
        first = false;
    }
    *rest = (struct rtsp_span){NULL, 0};
    return true;
}

int rtsp_sdp_parse(const char *text, size_t len, bool aac, struct rtsp_sdp *out)
{
    struct rtsp_span rest = {text, len};
    struct rtsp_span section;
    struct rtsp_sdp sdp = {0};
    size_t media = 0;

    if (len > RTSP_SDP_MAX)
        return -EMSGSIZE;
    while (media < RTSP_SDP_MEDIA_MAX && cut_section(&rest, &section)) {
        if (find_line(section, "m=").data) {
            take_section(section, aac, &sdp);
            media++;
        } else {
            rtsp_span_copy(find_line(section, "a=control:"), sdp.control, sizeof(sdp.control));
        }
    }
    if (media == 0)
        return -EBADMSG;
    *out = sdp;
    return 0;
}
