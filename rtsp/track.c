// SPDX-License-Identifier: Apache-2.0
#include "rtsp/track.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/aac.h"
#include "rtsp/access_unit.h"
#include "rtsp/figures.h"
#include "rtsp/packetise_audio.h"
#include "rtsp/reframe.h"
#include "rtsp/rtp.h"
#include "rtsp/video_codec.h"

// What audio tracks have no use for.
struct video {
    const struct rtsp_video_codec *codec; // of this session
    struct rtsp_depacketiser depacketiser;
    struct rtsp_access_unit au;
    int64_t media_time; // of the open unit
    int64_t capture_ns;
};

struct rtsp_track {
    struct eng_stream *stream;
    enum eng_track kind;
    size_t payload_max;
    uint8_t payload_type;
    struct rtsp_track_info info;
    struct rtsp_track_stats stats;
    struct rtsp_clock clock;
    struct rtsp_sequence sequence;
    struct rtsp_figures figures;
    bool has_ssrc;
    uint32_t ssrc;
    uint64_t malformed;  // RTP packets; those of the depacketiser and access unit come on top
    struct video *video; // NULL: an audio track
    struct rtsp_audio audio;
    struct rtsp_aac *aac; // NULL: no camera has sent any
};

static int create_video(struct rtsp_unit_pool *units, struct video **out)
{
    struct video *video = calloc(1, sizeof(*video));

    if (!video)
        return -ENOMEM;
    rtsp_access_unit_init(&video->au, units);
    *out = video;
    return 0;
}

int rtsp_track_create(struct eng_stream *stream, enum eng_track kind, size_t payload_max,
                      struct rtsp_unit_pool *units, struct rtsp_track **out)
{
    struct rtsp_track *track;
    int rc = 0;

    if (payload_max < RTSP_PAYLOAD_MIN || payload_max > ENG_PAYLOAD_MAX)
        return -EINVAL;
    track = calloc(1, sizeof(*track));
    if (!track)
        return -ENOMEM;
    track->stream = stream;
    track->kind = kind;
    track->payload_max = payload_max;
    rtsp_clock_init(&track->clock);
    if (kind == ENG_VIDEO)
        rc = create_video(units, &track->video);
    if (rc < 0) {
        free(track);
        return rc;
    }
    *out = track;
    return 0;
}

void rtsp_track_destroy(struct rtsp_track *track)
{
    if (!track)
        return;
    if (track->video)
        rtsp_access_unit_fini(&track->video->au);
    free(track->video);
    rtsp_aac_destroy(track->aac);
    free(track);
}

void rtsp_track_drop_b_frames(struct rtsp_track *track)
{
    assert(track->video);
    track->video->au.drop_b_frames = true;
}

static void refresh_info(struct rtsp_track *track)
{
    const struct rtsp_picture_info *live = &track->video->au.sets.live;

    memcpy(track->info.profile, live->profile, sizeof(track->info.profile));
    track->info.width = live->width;
    track->info.height = live->height;
}

static void refresh_stats(struct rtsp_track *track)
{
    struct rtsp_track_stats *stats = &track->stats;
    const struct video *video = track->video;

    stats->rtp_lost = track->sequence.lost;
    stats->rtp_late = track->sequence.late + track->sequence.duplicates;
    stats->rtp_jumps = track->sequence.jumps + track->clock.jumps;
    stats->rtp_malformed = track->malformed;
    if (!video)
        return;
    stats->rtp_malformed +=
        video->depacketiser.malformed + video->depacketiser.refused + video->au.malformed;
    stats->frames_damaged = video->au.damaged_units;
    stats->frames_dropped = video->au.dropped_units;
    stats->frames_oversize = video->au.oversize_units;
    stats->b_frames_dropped = video->au.dropped_b_frames;
    stats->b_frames = video->au.b_frames;
    stats->b_frames_missing = video->au.b_frames_missing;
}

// Whether the codec belongs on this track, with the one clock that WebRTC knows for it.
static bool can_carry(enum eng_track kind, const struct rtsp_format *format)
{
    if (rtsp_video_codec_of(format->codec))
        return kind == ENG_VIDEO && format->clock_rate == 90000;
    switch (format->codec) {
    case RTSP_CODEC_OPUS: // RFC 7587 4.1
        return kind == ENG_AUDIO && format->clock_rate == 48000;
    case RTSP_CODEC_PCMU:
    case RTSP_CODEC_PCMA: // RFC 7874 3
        return kind == ENG_AUDIO && format->clock_rate == 8000 && format->channels > 0;
    case RTSP_CODEC_G722: // RFC 3551 4.5.2
        return kind == ENG_AUDIO && format->clock_rate == 8000 && format->channels == 1;
    case RTSP_CODEC_L16: // RFC 3551 4.5.11
        return kind == ENG_AUDIO && format->clock_rate > 0 && format->channels > 0;
    case RTSP_CODEC_AAC:
        return kind == ENG_AUDIO && format->clock_rate > 0;
    default:
        return false;
    }
}

// Bytes that one tick of the RTP clock stands for; 0: not to be cut. A tick of G.722 is a byte of
// two samples (RFC 3551 4.5.2).
static unsigned tick_len(const struct rtsp_format *format)
{
    switch (format->codec) {
    case RTSP_CODEC_PCMU:
    case RTSP_CODEC_PCMA:
    case RTSP_CODEC_G722:
        return format->channels;
    case RTSP_CODEC_L16:
        return 2 * format->channels;
    default:
        return 0;
    }
}

static void drop_picture(struct video *video)
{
    video->depacketiser.in_fragment = false;
    rtsp_access_unit_release(&video->au);
}

void rtsp_track_end(struct rtsp_track *track)
{
    rtsp_figures_begin(&track->figures, track->figures.rate);
    if (track->aac)
        rtsp_aac_end(track->aac);
    if (track->video)
        drop_picture(track->video);
}

static void begin_video(struct video *video, const struct rtsp_format *format)
{
    video->codec = rtsp_video_codec_of(format->codec);
    rtsp_access_unit_begin(&video->au, video->codec);
    for (size_t i = 0; i < RTSP_SET_KINDS - 1; i++) {
        const struct rtsp_parameter_set *set = &format->set[i];

        if (set->len > 0)
            rtsp_access_unit_take_set(&video->au, set->data, set->len);
    }
}

static void begin_aac(struct rtsp_track *track, const struct rtsp_format *format)
{
    struct rtsp_track_info *info = &track->info;
    int rc = track->aac ? 0 : rtsp_aac_create(&track->aac);

    if (rc == 0)
        rc = rtsp_aac_begin(track->aac, &format->aac, format->clock_rate);
    if (rc < 0) {
        *info = (struct rtsp_track_info){.codec = RTSP_CODEC_NONE};
        snprintf(info->note, sizeof(info->note), "%s",
                 rc == -ENOMEM ? "out of memory"
                               : "the decoder refuses this kind of AAC; set the camera to AAC-LC");
        return;
    }
    info->codec = RTSP_CODEC_OPUS;
    info->clock_rate = RTSP_REFRAME_RATE;
    info->channels = format->aac.channels;
}

void rtsp_track_begin(struct rtsp_track *track, const struct rtsp_format *format)
{
    struct video *video = track->video;

    rtsp_track_end(track);
    track->info = (struct rtsp_track_info){.codec = RTSP_CODEC_NONE};
    track->has_ssrc = false;
    rtsp_sequence_restart(&track->sequence);
    if (!can_carry(track->kind, format))
        return;
    track->info.codec = track->info.camera_codec = format->codec;
    track->info.clock_rate = format->clock_rate;
    track->info.channels = video ? 0 : format->channels;
    track->payload_type = format->payload_type;
    rtsp_figures_begin(&track->figures, format->clock_rate);
    if (video) {
        begin_video(video, format);
        refresh_info(track);
    } else if (format->codec == RTSP_CODEC_AAC) {
        begin_aac(track, format);
    } else {
        track->audio = (struct rtsp_audio){
            .payload_max = track->payload_max,
            .clock_rate = format->clock_rate,
            .tick_len = tick_len(format),
            .next = track->audio.next,
        };
    }
    if (track->info.codec != RTSP_CODEC_NONE)
        rtsp_clock_begin(&track->clock, track->info.clock_rate,
                         video ? track->info.clock_rate / 2 : 0);
    refresh_stats(track);
}

static void finish_unit(struct rtsp_track *track)
{
    struct video *video = track->video;
    struct rtsp_unit unit;

    video->codec->end(&video->depacketiser, &video->au);
    if (rtsp_access_unit_finish(&video->au, &unit)) {
        video->codec->packetise(track->stream, &unit, track->payload_max, video->media_time,
                                video->capture_ns);
        track->stats.frames++;
        track->stats.keyframes += unit.keyframe;
        rtsp_figures_frame(&track->figures, unit.keyframe, video->media_time);
    }
    rtsp_access_unit_release(&video->au);
    refresh_info(track);
}

static void take_video(struct rtsp_track *track, const struct rtsp_rtp *rtp, bool gap,
                       struct rtsp_now now)
{
    struct video *video = track->video;
    struct rtsp_access_unit *au = &video->au;

    if (gap) {
        video->codec->lose(&video->depacketiser, au);
        rtsp_access_unit_lost(au, rtp->timestamp);
    }
    if (rtsp_access_unit_ends_before(au, rtp->timestamp))
        finish_unit(track);
    if (!au->open) {
        rtsp_access_unit_open(au, rtp->timestamp);
        rtsp_clock_map(&track->clock, rtp->timestamp, now, &video->media_time, &video->capture_ns);
    }
    video->codec->depacketise(&video->depacketiser, au, rtp);
    if (rtsp_access_unit_ends_after(au, rtp->marker))
        finish_unit(track);
}

static int take_aac(struct rtsp_track *track, const struct rtsp_rtp *rtp, bool gap,
                    struct rtsp_now now)
{
    if (gap)
        rtsp_aac_break(track->aac);
    return rtsp_aac_take(track->aac, rtp, &track->clock, now, track->stream);
}

static void take_audio(struct rtsp_track *track, const struct rtsp_rtp *rtp, bool gap,
                       struct rtsp_now now)
{
    int64_t media_time, capture_ns;
    int rc;

    if (track->info.camera_codec == RTSP_CODEC_AAC) {
        rc = take_aac(track, rtp, gap, now);
    } else {
        rtsp_clock_map(&track->clock, rtp->timestamp, now, &media_time, &capture_ns);
        rc = rtsp_packetise_audio(&track->audio, track->stream, rtp->payload, rtp->payload_len,
                                  media_time, capture_ns);
    }
    if (rc < 0) {
        track->malformed++;
        return;
    }
    track->stats.frames++;
    rtsp_figures_frame(&track->figures, false, 0);
}

static void take(struct rtsp_track *track, const struct rtsp_rtp *rtp, struct rtsp_now now)
{
    bool gap = track->has_ssrc && rtp->ssrc != track->ssrc;
    enum rtsp_sequence_step step;

    if (gap) { // the camera's encoder started anew
        rtsp_sequence_restart(&track->sequence);
        rtsp_clock_break(&track->clock);
    }
    track->has_ssrc = true;
    track->ssrc = rtp->ssrc;
    step = rtsp_sequence_take(&track->sequence, rtp->sequence);
    if (step == RTSP_SEQUENCE_STALE)
        return;
    rtsp_figures_packet(&track->figures, rtp->timestamp, rtp->payload_len, now);
    gap = gap || step != RTSP_SEQUENCE_NEXT;
    if (track->video)
        take_video(track, rtp, gap, now);
    else if (rtp->payload_len > 0)
        take_audio(track, rtp, gap, now);
}

void rtsp_track_rtp(struct rtsp_track *track, const uint8_t *data, size_t len, struct rtsp_now now)
{
    struct rtsp_rtp rtp;

    if (track->info.codec == RTSP_CODEC_NONE)
        return;
    track->stats.rtp_packets++;
    if (rtsp_rtp_parse(data, len, &rtp) < 0 || rtp.payload_type != track->payload_type)
        track->malformed++;
    else
        take(track, &rtp, now);
    refresh_stats(track);
}

void rtsp_track_rtcp(struct rtsp_track *track, const uint8_t *data, size_t len,
                     int64_t *camera_offset_ns)
{
    struct rtsp_sr sr;

    if (track->info.codec == RTSP_CODEC_NONE)
        return;
    if (rtsp_rtcp_find_sr(data, len, &sr) < 0 || !track->has_ssrc || sr.ssrc != track->ssrc)
        return;
    if (track->info.camera_codec == RTSP_CODEC_AAC)
        sr.rtp_timestamp = rtsp_aac_timestamp(track->aac, sr.rtp_timestamp);
    rtsp_clock_report(&track->clock, &sr, camera_offset_ns);
}

const struct rtsp_clock *rtsp_track_yield(struct rtsp_track *track)
{
    if (track->aac)
        rtsp_aac_drop(track->aac);
    if (track->video) {
        drop_picture(track->video);
        rtsp_access_unit_wait(&track->video->au);
    }
    return &track->clock;
}

void rtsp_track_pass(struct rtsp_track *track, const struct rtsp_clock *clock)
{
    rtsp_clock_pass(&track->clock, clock);
    // The picture that is being gathered has its time already, and goes out after this.
    if (track->video && track->video->au.open)
        track->video->media_time = ++track->clock.last_media;
}

bool rtsp_track_says_bye(const struct rtsp_track *track, const uint8_t *data, size_t len)
{
    return track->has_ssrc && rtsp_rtcp_says_bye(data, len, track->ssrc);
}

bool rtsp_track_reception(const struct rtsp_track *track, struct rtsp_reception *out)
{
    if (!track->has_ssrc)
        return false;
    *out = (struct rtsp_reception){track->ssrc, rtsp_sequence_highest(&track->sequence)};
    return true;
}

void rtsp_track_measure(struct rtsp_track *track, struct rtsp_now now,
                        struct rtsp_track_figures *out)
{
    rtsp_figures_read(&track->figures, &track->clock, now, out);
}

const struct rtsp_track_stats *rtsp_track_stats(const struct rtsp_track *track)
{
    return &track->stats;
}

const struct rtsp_track_info *rtsp_track_info(const struct rtsp_track *track)
{
    return &track->info;
}
