// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_media.h"

#include <string.h>

#include "bench/viewers_h264.h"
#include "bench/viewers_rtcp.h"
#include "engine/bytes.h"
#include "engine/types.h"

enum {
    RTCP_FIRST = 192, // RFC 5761 4: second bytes that are RTCP packet types
    RTCP_LAST = 223,
    RTCP_LEN_MIN = 8,
    LOOKS_MAX = 4, // packets before a frame's first slice: AUD, SPS, PPS, SEI at most
    OSN_LEN = 2,
    VIDEO_CLOCK = 90000,
    OPUS_CLOCK = 48000,
    G711_CLOCK = 8000,
};

// An RTP packet's header (RFC 3550 5.1).
struct rtp {
    uint8_t *data;
    size_t len, header_len;
    uint8_t type;
    uint16_t seq;
    uint32_t timestamp, ssrc;
};

static void count(const struct viewers_media *media, enum viewers_counter id, uint64_t n)
{
    viewers_count(media->env->counters, id, n);
}

void viewers_media_init(struct viewers_media *media, struct viewers_media_env *env,
                        const struct viewers_answer *answer, unsigned index)
{
    memset(media, 0, sizeof(*media));
    media->env = env;
    media->ssrc = index + 1;
    memcpy(media->kind, answer->kind, sizeof(media->kind));
    media->expects_video = answer->video;
    media->nack = answer->nack;
    media->pli = answer->pli;
    media->until_open = env->open_every ? 1 + index % env->open_every : 0;
    media->until_stamp = env->stamp_every ? 1 + index % env->stamp_every : 0;
    media->report_ns = INT64_MAX;
    media->pli_ns = INT64_MAX;
}

int viewers_media_start(struct viewers_media *media, const struct eng_srtp_keying *keying,
                        int64_t now_ns)
{
    media->report_ns = now_ns + VIEWERS_REPORT_NS;
    if (media->expects_video && media->pli)
        media->pli_ns = now_ns + VIEWERS_PLI_NS;
    return viewers_srtp_init(&media->srtp, keying);
}

bool viewers_media_seen(const struct viewers_media *media)
{
    return (media->expects_video ? media->first_keyframe_ns : media->first_packet_ns) != 0;
}

static bool parse(uint8_t *data, size_t len, struct rtp *out)
{
    size_t header_len = ENG_RTP_HEADER_LEN + (size_t)(data[0] & 15) * 4;

    if (data[0] >> 6 != 2 || len > VIEWERS_PACKET_MAX)
        return false;
    if (data[0] & 0x10) {
        if (header_len + 4 > len)
            return false;
        header_len += 4 + (size_t)eng_get16(data + header_len + 2) * 4;
    }
    *out = (struct rtp){
        .data = data,
        .len = len,
        .header_len = header_len,
        .type = data[1] & 127,
        .seq = eng_get16(data + 2),
        .timestamp = eng_get32(data + 4),
        .ssrc = eng_get32(data + 8),
    };
    return header_len <= len;
}

// Returns the payload's length, or 0.
static size_t open_packet(struct viewers_media *media, const struct rtp *rtp, int64_t index)
{
    int n = viewers_srtp_open(media->env->cipher, &media->srtp, rtp->data, rtp->len,
                              rtp->header_len, index, media->env->text);
    bool padded = rtp->data[0] & 0x20;

    count(media, n < 0 ? VIEWERS_COUNTER_FORGED : VIEWERS_COUNTER_OPENED, 1);
    if (n > 0 && padded && media->env->text[n - 1] <= n)
        n -= media->env->text[n - 1];
    return n > 0 ? (size_t)n : 0;
}

// ---- accounting ----

static void count_expected(struct viewers_media *media, struct viewers_track *track, uint32_t n)
{
    track->expected += n;
    count(media, VIEWERS_COUNTER_EXPECTED, n);
    if (track == &media->video)
        count(media, VIEWERS_COUNTER_VIDEO_EXPECTED, n);
}

static void count_received(struct viewers_media *media, struct viewers_track *track)
{
    track->received++;
    count(media, VIEWERS_COUNTER_RECEIVED, 1);
    if (track == &media->video)
        count(media, VIEWERS_COUNTER_VIDEO_RECEIVED, 1);
}

// A packet of video or audio, whichever way it came.
static enum viewers_arrival account(struct viewers_media *media, struct viewers_track *track,
                                    int64_t index, int64_t now_ns)
{
    uint32_t skipped;
    enum viewers_arrival arrival = viewers_sequence_take(&track->sequence, index, &skipped);
    bool video = track == &media->video;

    switch (arrival) {
    case VIEWERS_NEXT:
        count_expected(media, track, skipped + 1);
        count_received(media, track);
        if (skipped > 0 && video && media->nack)
            count(media, VIEWERS_COUNTER_NACKS_FULL,
                  viewers_nack_add(&media->missing, (uint16_t)(index - skipped), skipped, now_ns));
        break;
    case VIEWERS_LATE:
        count_received(media, track);
        count(media,
              video && viewers_nack_remove(&media->missing, (uint16_t)index)
                  ? VIEWERS_COUNTER_RECOVERED
                  : VIEWERS_COUNTER_LATE,
              1);
        break;
    case VIEWERS_DUPLICATE:
        count(media, VIEWERS_COUNTER_DUPLICATE, 1);
        break;
    case VIEWERS_TOO_LATE:
        count(media, VIEWERS_COUNTER_TOO_LATE, 1);
        break;
    }
    return arrival;
}

// A sender that begins, or begins anew under another SSRC.
static void renew(struct viewers_media *media, struct viewers_track *track, const struct rtp *rtp)
{
    uint64_t expected = track->expected, received = track->received;
    uint64_t lost_before = track->lost_before;

    if (track->sequence.started)
        count(media, VIEWERS_COUNTER_SSRC_CHANGES, 1);
    if (track == &media->video)
        media->missing.count = 0;
    *track = (struct viewers_track){
        .ssrc = rtp->ssrc,
        .clock_rate = track == &media->video ? VIDEO_CLOCK
                      : rtp->type < 96       ? G711_CLOCK
                                             : OPUS_CLOCK,
        .expected = expected,
        .received = received,
        .expected_reported = expected,
        .received_reported = received,
        .lost_before = lost_before,
    };
}

static void measure_jitter(struct viewers_track *track, const struct rtp *rtp, int64_t now_ns)
{
    uint64_t ticks = (uint64_t)(now_ns / 1000) * track->clock_rate / 1000000;
    uint32_t transit = (uint32_t)ticks - rtp->timestamp;
    int32_t d = (int32_t)(transit - track->transit);

    if (track->transit != 0)
        track->jitter16 += (uint32_t)(d < 0 ? -(int64_t)d : d) - ((track->jitter16 + 8) >> 4);
    track->transit = transit;
}

// ---- payloads ----

static void take_stamp(struct viewers_media *media, int64_t stamp_ns, int64_t arrived_ns)
{
    if (!media->env->measuring)
        return;
    if (stamp_ns < 0 || stamp_ns > arrived_ns)
        count(media, VIEWERS_COUNTER_STAMPED_AHEAD, 1);
    else
        viewers_histogram_add(media->env->latency, arrived_ns - stamp_ns);
}

static void look(struct viewers_media *media, const uint8_t *payload, size_t len, int64_t now_ns,
                 int64_t arrived_ns)
{
    struct viewers_h264 seen;

    viewers_h264_look(payload, len, &seen);
    if (seen.keyframe && media->first_keyframe_ns == 0) {
        media->first_keyframe_ns = now_ns;
        media->pli_ns = INT64_MAX;
    }
    if (media->looks == 0)
        return;
    media->looks--;
    if (seen.stamped)
        take_stamp(media, seen.stamp_ns, arrived_ns);
    else if (seen.slice || media->looks == 0)
        count(media, VIEWERS_COUNTER_UNSTAMPED, 1);
    if (seen.stamped || seen.slice)
        media->looks = 0;
}

static void note_gap(struct viewers_media *media, int64_t now_ns)
{
    if (now_ns - media->frame_ns > media->longest_gap_ns)
        media->longest_gap_ns = now_ns - media->frame_ns;
    media->frame_ns = now_ns;
}

// A packet that is newer than all before: another frame may begin with it.
static void begin_frame(struct viewers_media *media, uint32_t timestamp, int64_t now_ns)
{
    if (timestamp == media->timestamp && media->frame_ns != 0)
        return;
    note_gap(media, now_ns);
    media->frames++;
    media->timestamp = timestamp;
    media->looks = 0;
    count(media, VIEWERS_COUNTER_FRAMES, 1);
    if (media->until_stamp > 0 && --media->until_stamp == 0) {
        media->until_stamp = media->env->stamp_every;
        media->looks = LOOKS_MAX;
    }
}

static bool is_nth(struct viewers_media *media)
{
    if (media->until_open == 0 || --media->until_open > 0)
        return false;
    media->until_open = media->env->open_every;
    return true;
}

static void take_media(struct viewers_media *media, struct viewers_track *track,
                       const struct rtp *rtp, int64_t now_ns, int64_t arrived_ns)
{
    bool video = track == &media->video, nth;
    enum viewers_arrival arrival;
    int64_t index;
    size_t len;

    if (!track->sequence.started || track->ssrc != rtp->ssrc)
        renew(media, track, rtp);
    index = viewers_sequence_index(&track->sequence, rtp->seq);
    arrival = account(media, track, index, now_ns);
    if (arrival == VIEWERS_DUPLICATE || arrival == VIEWERS_TOO_LATE)
        return;
    measure_jitter(track, rtp, now_ns);
    if (video && arrival == VIEWERS_NEXT)
        begin_frame(media, rtp->timestamp, now_ns);
    if (media->first_packet_ns == 0)
        media->first_packet_ns = now_ns;
    nth = is_nth(media);
    if (!nth && !(video && (media->looks > 0 || media->first_keyframe_ns == 0)))
        return;
    len = open_packet(media, rtp, index);
    if (video && len > 0)
        look(media, media->env->text, len, now_ns, arrived_ns);
}

// RFC 4588 4: the original sequence number stands before the original payload.
static void take_rtx(struct viewers_media *media, const struct rtp *rtp, int64_t now_ns)
{
    uint32_t skipped;
    int64_t index;
    size_t len;

    if (media->rtx_ssrc != rtp->ssrc) {
        media->rtx = (struct viewers_sequence){0};
        media->rtx_ssrc = rtp->ssrc;
    }
    index = viewers_sequence_index(&media->rtx, rtp->seq);
    (void)viewers_sequence_take(&media->rtx, index, &skipped);
    len = open_packet(media, rtp, index);
    if (len <= OSN_LEN || !media->video.sequence.started) // padding, to probe for bandwidth
        return;
    index = viewers_sequence_index(&media->video.sequence, eng_get16(media->env->text));
    if (account(media, &media->video, index, now_ns) == VIEWERS_LATE && media->looks == 0)
        look(media, media->env->text + OSN_LEN, len - OSN_LEN, now_ns, 0);
}

static void take_rtp(struct viewers_media *media, const struct rtp *rtp, int64_t now_ns,
                     int64_t arrived_ns)
{
    enum viewers_kind kind = media->kind[rtp->type];

    if (kind == VIEWERS_NOTHING) {
        count(media, VIEWERS_COUNTER_UNKNOWN, 1);
        return;
    }
    media->last_packet_ns = now_ns;
    count(media, VIEWERS_COUNTER_BYTES, rtp->len);
    if (kind == VIEWERS_RTX) {
        count(media, VIEWERS_COUNTER_RTX, 1);
        take_rtx(media, rtp, now_ns);
    } else if (kind == VIEWERS_VIDEO) {
        count(media, VIEWERS_COUNTER_VIDEO, 1);
        take_media(media, &media->video, rtp, now_ns, arrived_ns);
    } else {
        count(media, VIEWERS_COUNTER_AUDIO, 1);
        take_media(media, &media->audio, rtp, now_ns, arrived_ns);
    }
}

// ---- RTCP ----

struct rtcp_reader {
    struct viewers_media *media;
    int64_t now_ns;
};

static void on_sender_report(void *ctx, uint32_t ssrc, uint32_t ntp_middle)
{
    struct rtcp_reader *reader = ctx;
    struct viewers_track *tracks[] = {&reader->media->video, &reader->media->audio};

    for (int i = 0; i < 2; i++) {
        if (tracks[i]->sequence.started && tracks[i]->ssrc == ssrc) {
            tracks[i]->lsr = ntp_middle;
            tracks[i]->lsr_ns = reader->now_ns;
        }
    }
}

static void on_bye(void *ctx)
{
    struct rtcp_reader *reader = ctx;

    reader->media->bye = true;
}

static void take_rtcp(struct viewers_media *media, uint8_t *packet, size_t len, int64_t now_ns)
{
    struct rtcp_reader reader = {media, now_ns};
    struct viewers_rtcp_handler handler = {&reader, on_sender_report, on_bye};
    int n = viewers_srtp_open_rtcp(media->env->cipher, &media->srtp, packet, len);

    count(media, n < 0 ? VIEWERS_COUNTER_RTCP_FORGED : VIEWERS_COUNTER_RTCP, 1);
    if (n > 0)
        (void)viewers_rtcp_read(packet, (size_t)n, &handler);
}

void viewers_media_receive(struct viewers_media *media, uint8_t *packet, size_t len, int64_t now_ns,
                           int64_t arrived_ns)
{
    struct rtp rtp;

    if (media->srtp.profile == ENG_SRTP_NONE)
        return;
    if (len >= RTCP_LEN_MIN && packet[1] >= RTCP_FIRST && packet[1] <= RTCP_LAST)
        take_rtcp(media, packet, len, now_ns);
    else if (len >= ENG_RTP_HEADER_LEN && parse(packet, len, &rtp))
        take_rtp(media, &rtp, now_ns, arrived_ns);
    else
        count(media, VIEWERS_COUNTER_UNKNOWN, 1);
}

// ---- figures ----

static uint64_t lost_of(const struct viewers_track *track)
{
    return track->expected - track->received;
}

void viewers_media_begin_measuring(struct viewers_media *media, int64_t now_ns)
{
    media->frames = 0;
    media->frame_ns = now_ns;
    media->longest_gap_ns = 0;
    media->video.lost_before = lost_of(&media->video);
    media->audio.lost_before = lost_of(&media->audio);
}

void viewers_media_end_measuring(struct viewers_media *media, int64_t now_ns)
{
    note_gap(media, now_ns);
}

int64_t viewers_media_lost(const struct viewers_media *media)
{
    return (int64_t)(lost_of(&media->video) - media->video.lost_before + lost_of(&media->audio) -
                     media->audio.lost_before);
}
