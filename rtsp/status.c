// SPDX-License-Identifier: Apache-2.0
#include "rtsp/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool same_info(const struct rtsp_track_info *a, const struct rtsp_track_info *b)
{
    return a->codec == b->codec && a->camera_codec == b->camera_codec &&
           a->clock_rate == b->clock_rate && a->channels == b->channels && a->width == b->width &&
           a->height == b->height && memcmp(a->profile, b->profile, sizeof(a->profile)) == 0 &&
           strcmp(a->note, b->note) == 0;
}

// Compared before it is copied: this is asked after each read. True: it has changed.
static bool take_info(struct rtsp_track_info *held, const struct rtsp_track_info *info,
                      const char *note)
{
    if (info && same_info(info, held))
        return false;
    if (!info && held->codec == RTSP_CODEC_NONE && strcmp(held->note, note) == 0)
        return false;
    *held = info ? *info : (struct rtsp_track_info){0};
    if (!info)
        snprintf(held->note, sizeof(held->note), "%s", note);
    return true;
}

bool rtsp_status_take(struct rtsp_source_status *status, struct rtsp_track *const track[ENG_TRACKS],
                      const struct rtsp_track_info *const info[ENG_TRACKS],
                      const char *const note[ENG_TRACKS])
{
    const struct rtsp_track_stats *video = rtsp_track_stats(track[ENG_VIDEO]);
    const struct rtsp_track_stats *audio = rtsp_track_stats(track[ENG_AUDIO]);
    bool changed =
        video->b_frames != status->b_frames || video->b_frames_missing != status->b_frames_missing;

    changed |= take_info(&status->video, info[ENG_VIDEO], note[ENG_VIDEO]);
    changed |= take_info(&status->audio, info[ENG_AUDIO], note[ENG_AUDIO]);
    status->rtp_packets = video->rtp_packets + audio->rtp_packets;
    status->rtp_lost = video->rtp_lost + audio->rtp_lost;
    status->rtp_late = video->rtp_late + audio->rtp_late;
    status->rtp_malformed = video->rtp_malformed + audio->rtp_malformed;
    status->frames = video->frames;
    status->keyframes = video->keyframes;
    status->frames_damaged = video->frames_damaged;
    status->frames_dropped = video->frames_dropped + video->frames_oversize;
    status->b_frames_dropped = video->b_frames_dropped;
    status->b_frames = video->b_frames;
    status->b_frames_missing = video->b_frames_missing;
    return changed;
}

void rtsp_status_error(struct rtsp_source_status *status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(status->last_error, sizeof(status->last_error), format, args);
    va_end(args);
}
