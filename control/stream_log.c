// SPDX-License-Identifier: Apache-2.0
#include "control/stream_log.h"

#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/note.h"
#include "rtsp/url.h"

void ctl_stream_log_init(struct ctl_stream_log *log, const char *name)
{
    *log = (struct ctl_stream_log){0};
    snprintf(log->who, sizeof(log->who), "stream %s", name);
}

static void describe(const struct rtsp_source_status *status, char out[CTL_STREAM_FORMAT_MAX])
{
    const struct rtsp_track_info *video = &status->video, *audio = &status->audio;
    FILE *f = fmemopen(out, CTL_STREAM_FORMAT_MAX, "w");

    if (!f)
        return;
    if (video->codec != RTSP_CODEC_NONE)
        fputs(rtsp_codec_name(video->codec), f);
    else
        fputs("no video", f);
    if (video->width && video->height)
        fprintf(f, " %ux%u", video->width, video->height);
    if (audio->codec != RTSP_CODEC_NONE)
        fprintf(f, ", %s %u Hz %s", rtsp_codec_name(audio->codec), audio->clock_rate,
                audio->channels == 2 ? "stereo" : "mono");
    else
        fputs(", no audio", f);
    if (audio->camera_codec != audio->codec)
        fprintf(f, " from %s", rtsp_codec_name(audio->camera_codec));
    fprintf(f, ", over %s", rtsp_transport_name(status->transport));
    if (status->tls || status->tunnel)
        fprintf(f, " in %s", rtsp_url_scheme(status->tls, status->tunnel));
    fclose(f);
}

static void log_live(struct ctl_stream_log *log, const struct rtsp_source_status *status)
{
    char format[CTL_STREAM_FORMAT_MAX] = "";

    describe(status, format);
    if (strcmp(format, log->told_format) == 0)
        return;
    ctl_log(CTL_LOG_INFO, log->who, "live, %s", format);
    memcpy(log->told_format, format, sizeof(format));
    log->told_error[0] = '\0';
}

static void log_note(struct ctl_stream_log *log, const char *what, const char *note)
{
    if (note[0] && !log->told_notes)
        ctl_log(CTL_LOG_WARN, log->who, "no %s: %s", what, note);
}

static void log_notes(struct ctl_stream_log *log, const struct rtsp_source_status *status)
{
    log_note(log, "picture", status->video.note);
    log_note(log, "sound", status->audio.note);
    log->told_notes = true;
}

// A camera that stays away is tried again and again: one line per cause is enough.
static void log_waiting(struct ctl_stream_log *log, const char *error)
{
    bool known = strcmp(error, log->told_error) == 0;

    ctl_log(known ? CTL_LOG_DEBUG : CTL_LOG_WARN, log->who, "waiting: %s", error);
    memcpy(log->told_error, error, sizeof(log->told_error));
}

// Once per text: a camera that comes back has not changed its mind.
static void log_b_frames(struct ctl_stream_log *log, const struct ctl_stream *stream)
{
    const char *note = ctl_note_b_frames(&stream->status, stream->config->b_frames);

    if (note[0] && note != log->told_b_frames) {
        log->told_b_frames = note;
        ctl_log(CTL_LOG_WARN, log->who, "%s", note);
    }
}

void ctl_stream_log_state(struct ctl_stream_log *log, const struct ctl_stream *stream,
                          enum rtsp_state before)
{
    const struct rtsp_source_status *status = &stream->status;
    bool changed = status->state != before;

    if (status->state == RTSP_LIVE) {
        log_live(log, status);
        log_notes(log, status);
    } else {
        log->told_format[0] = '\0';
        log->told_notes = false;
    }
    if (changed && status->state == RTSP_WAITING)
        log_waiting(log, status->last_error);
    if (changed && status->state == RTSP_STALLED)
        ctl_log(CTL_LOG_WARN, log->who, "stalled: connected, but no media arrives");
    if (changed && (status->state == RTSP_CONNECTING || status->state == RTSP_IDLE))
        ctl_log(CTL_LOG_DEBUG, log->who, "%s", rtsp_state_name(status->state));
    log_b_frames(log, stream);
}

void ctl_stream_log_fallback(const struct ctl_stream_log *log, const struct ctl_stream *stream,
                             const struct ctl_stream *fallback)
{
    const char *name = fallback->name;

    switch (stream->status.fallback) {
    case RTSP_FALLBACK_OFF:
        ctl_log(CTL_LOG_INFO, log->who, "%s is not shown any more", name);
        break;
    case RTSP_FALLBACK_SHOWN:
        ctl_log(CTL_LOG_INFO, log->who, "%s is shown meanwhile", name);
        break;
    case RTSP_FALLBACK_MISFIT:
        ctl_log(
            CTL_LOG_WARN, log->who,
            "%s is not shown meanwhile: its video is %s, and viewers were promised %s; set both "
            "cameras to the same",
            name, rtsp_codec_name(fallback->status.video.codec),
            rtsp_codec_name(stream->status.video.codec));
        break;
    }
}
