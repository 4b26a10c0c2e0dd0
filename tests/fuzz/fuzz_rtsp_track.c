// SPDX-License-Identifier: Apache-2.0
//
// One track: RTP of a camera in, packets through the publish door out, which the door checks. What
// was published is then taken by a second track, as if a camera had sent it: it must find nothing
// wrong with it.
//
// Input: the codec, payload_max, length and text of a=fmtp, then {what, length, payload}.
#include <stdio.h>

#include "door.h"
#include "input.h"
#include "rtsp/bytes.h"
#include "rtsp/feedback.h"
#include "rtsp/sdp.h"
#include "rtsp/track.h"

enum {
    HEADER_LEN = 12,
    PAYLOAD_TYPE = 96,
    FRAME_TICKS = 3000,
    DROP_B_FRAMES = 4, // where payload_max has this bit

    // Of what to do next:
    MARKER = 0x80,
    OTHER_TIME = 0x40,   // 4 bytes of timestamp follow, else:
    NEXT_FRAME = 0x20,   // a frame later than before
    OTHER_NUMBER = 0x10, // 2 bytes of sequence number follow
    PASS_TIME = 0x08,    // 33 ms
    OTHER = 0x07,        // not 0: one of these
    RAW = 1,             // the payload is the whole RTP packet
    RTCP = 2,
    NEW_SESSION = 3,
    END = 4, // of a session, and then a new one
    NEW_SSRC = 5,
    BYE = 6, // is it one?
};

// As a camera names them. New ones go to the end, for inputs begin with a place in this table.
static const char *const codecs[] = {
    "H264/90000",      "opus/48000/2", "PCMU/8000", "PCMA/8000",
    "H265/90000",      "VP8/90000",    "VP9/90000", "AV1/90000",
    "G722/8000",       "L16/44100/2",  "L16/8000",  "MPEG4-GENERIC/48000/2",
    "MP4A-LATM/90000",
};

enum {
    CODECS = sizeof(codecs) / sizeof(codecs[0])
};

struct world {
    struct rtsp_format format;
    enum eng_track kind;
    struct eng_stream stream;
    struct rtsp_track *track;
    struct rtsp_now now;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    int64_t camera_offset_ns;
    struct rtsp_feedback feedback;

    struct eng_stream mirror_stream;
    struct rtsp_track *mirror;
    uint16_t mirror_sequence;
};

static struct rtsp_unit_pool units;

static void write_header(uint8_t *p, bool marker, uint16_t sequence, uint32_t timestamp,
                         uint32_t ssrc)
{
    p[0] = 0x80;
    p[1] = (uint8_t)(marker << 7 | PAYLOAD_TYPE);
    rtsp_write_u16(p + 2, sequence);
    rtsp_write_u32(p + 4, timestamp);
    rtsp_write_u32(p + 8, ssrc);
}

// The format that an SDP with this a=fmtp gives; false: none, the codec is not carried.
static bool find_format(struct world *w, uint8_t codec, const char *fmtp)
{
    const char *map = codecs[codec % CODECS];
    struct rtsp_sdp sdp;
    char text[1024];

    for (int kind = 0; kind < ENG_TRACKS; kind++) {
        int len =
            snprintf(text, sizeof(text), "m=%s 0 RTP/AVP %d\r\na=rtpmap:%d %s\r\na=fmtp:%d %s",
                     kind == ENG_VIDEO ? "video" : "audio", PAYLOAD_TYPE, PAYLOAD_TYPE, map,
                     PAYLOAD_TYPE, fmtp);

        assert(len > 0 && (size_t)len < sizeof(text));
        assert(rtsp_sdp_parse(text, (size_t)len, true, &sdp) == 0);
        w->format = sdp.track[kind].format;
        w->kind = (enum eng_track)kind;
        if (w->format.codec != RTSP_CODEC_NONE)
            return true;
    }
    return false;
}

static void reflect(void *ctx, enum eng_track track, const struct eng_packet *packet,
                    const uint8_t *payload)
{
    struct world *w = ctx;
    uint8_t *copy = malloc(HEADER_LEN + packet->len);

    (void)track;
    assert(copy);
    // forbidden_zero_bit
    assert((w->format.codec != RTSP_CODEC_H264 && w->format.codec != RTSP_CODEC_H265) ||
           !(payload[0] & 0x80));
    write_header(copy, packet->flags & ENG_PACKET_MARKER, w->mirror_sequence++,
                 (uint32_t)packet->media_time, 1);
    memcpy(copy + HEADER_LEN, payload, packet->len);
    rtsp_track_rtp(w->mirror, copy, HEADER_LEN + packet->len, w->now);
    free(copy);
}

static void open_world(struct world *w, size_t payload_max)
{
    w->now = (struct rtsp_now){1000000000, 1700000000000000000};
    w->stream = (struct eng_stream){.payload_max = payload_max, .packet = reflect, .ctx = w};
    w->mirror_stream = (struct eng_stream){.payload_max = payload_max};
    assert(rtsp_track_create(&w->stream, w->kind, payload_max, &units, &w->track) == 0);
    assert(rtsp_track_create(&w->mirror_stream, w->kind, payload_max, &units, &w->mirror) == 0);
    if (w->kind == ENG_VIDEO && payload_max & DROP_B_FRAMES)
        rtsp_track_drop_b_frames(w->track);
    rtsp_track_begin(w->track, &w->format);
    rtsp_track_begin(w->mirror, &w->format);
    rtsp_feedback_begin(&w->feedback, RTSP_REFRESH_FIR, 1, rtsp_track_stats(w->track),
                        rtsp_now_ms(w->now));
}

static void close_world(struct world *w)
{
    const struct rtsp_track_stats *seen = rtsp_track_stats(w->mirror);
    const struct rtsp_track_info *info = rtsp_track_info(w->track);

    // A codec that is turned into another one is not understood by a track of its own.
    if (info->codec == w->format.codec && seen->frames_oversize == 0) {
        assert(seen->rtp_malformed == 0 && seen->rtp_lost == 0 && seen->rtp_late == 0);
        assert(seen->frames_damaged == 0 && seen->frames_dropped == 0);
    }
    rtsp_track_destroy(w->track);
    rtsp_track_destroy(w->mirror);
    door_close(&w->stream);
    door_close(&w->mirror_stream);
    assert(units.borrowed == 0);
}

static void send_rtp(struct world *w, bool marker, struct input payload)
{
    uint8_t *packet = malloc(HEADER_LEN + payload.len);

    assert(packet);
    write_header(packet, marker, w->sequence++, w->timestamp, w->ssrc);
    if (payload.len > 0)
        memcpy(packet + HEADER_LEN, payload.data, payload.len);
    rtsp_track_rtp(w->track, packet, HEADER_LEN + payload.len, w->now);
    free(packet);
}

static void send_other(struct world *w, unsigned what, struct input payload)
{
    uint8_t *exact = input_copy(payload.data, payload.len);

    if (what == RAW)
        rtsp_track_rtp(w->track, exact, payload.len, w->now);
    else if (what == RTCP)
        rtsp_track_rtcp(w->track, exact, payload.len, &w->camera_offset_ns);
    else if (what == BYE)
        rtsp_track_says_bye(w->track, exact, payload.len);
    else if (what == END)
        rtsp_track_end(w->track);
    if (what == END || what == NEW_SESSION)
        rtsp_track_begin(w->track, &w->format);
    if (what == NEW_SSRC)
        w->ssrc++;
    free(exact);
}

static void check_feedback(struct world *w)
{
    uint8_t packet[RTSP_FEEDBACK_MAX];
    struct rtsp_reception reception;
    size_t len;

    if (!rtsp_track_reception(w->track, &reception))
        return;
    len = rtsp_feedback_write(&w->feedback, rtsp_track_stats(w->track), &reception,
                              rtsp_now_ms(w->now), packet);
    assert(len <= sizeof(packet) && len % 4 == 0);
}

static void step(struct world *w, struct input *in)
{
    uint8_t what = input_u8(in);
    size_t len;

    if (what & OTHER_TIME)
        w->timestamp = input_u32(in);
    else if (what & NEXT_FRAME)
        w->timestamp += FRAME_TICKS;
    if (what & OTHER_NUMBER)
        w->sequence = input_u16(in);
    if (what & PASS_TIME) {
        w->now.mono_ns += 33000000;
        w->now.real_ns += 33000000;
    }
    len = input_u8(in);
    if (len == UINT8_MAX) // longer ones
        len = input_u16(in);
    if (what & OTHER)
        send_other(w, what & OTHER, input_piece(in, len));
    else
        send_rtp(w, what & MARKER, input_piece(in, len));
    check_feedback(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct world w = {.ssrc = 1};
    uint8_t codec = input_u8(&in);
    size_t payload_max = RTSP_PAYLOAD_MIN + 4 * (size_t)input_u8(&in);
    char *fmtp = input_text(input_piece(&in, input_u8(&in)));

    if (find_format(&w, codec, fmtp)) {
        open_world(&w, payload_max < ENG_PAYLOAD_MAX ? payload_max : ENG_PAYLOAD_MAX);
        while (in.len > 0)
            step(&w, &in);
        close_world(&w);
    }
    free(fmtp);
    return 0;
}
