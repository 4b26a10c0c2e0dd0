// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/auth.h"
#include "control/json.h"
#include "control/note.h"
#include "rtsp/url.h"

// What both kinds of track have.
static json_t *track_json(const struct rtsp_track_info *info, const struct rtsp_track_figures *f)
{
    const struct ctl_json_member members[] = {
        {"codec", ctl_json_text(rtsp_codec_name(info->codec))},
        {"camera_codec", ctl_json_text(rtsp_codec_name(info->camera_codec))},
        {"bitrate", json_integer((json_int_t)f->bits_per_s)},
        {"jitter_ms", json_real(f->jitter_s * 1000)},
        {"clock_drift_ppm", f->drift_known ? json_real(f->drift_ppm) : json_null()},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

static json_t *video_json(const struct rtsp_source_status *status)
{
    const struct rtsp_track_figures *figures = &status->figures[ENG_VIDEO];
    const struct rtsp_track_info *video = &status->video;
    char profile[7];
    json_t *json;

    if (video->codec == RTSP_CODEC_NONE)
        return json_null();
    snprintf(profile, sizeof(profile), "%02x%02x%02x", video->profile[0], video->profile[1],
             video->profile[2]);
    const struct ctl_json_member members[] = {
        {"profile", ctl_json_text(profile)},
        {"width", json_integer(video->width)},
        {"height", json_integer(video->height)},
        {"fps", json_real(figures->frames_per_s)},
        {"keyframe_interval_s", ctl_json_figure(figures->keyframe_interval_s)},
    };
    json = track_json(video, figures);
    CTL_JSON_ADD(json, members);
    return json;
}

static json_t *audio_json(const struct rtsp_source_status *status)
{
    const struct rtsp_track_info *audio = &status->audio;
    json_t *json;

    if (audio->codec == RTSP_CODEC_NONE)
        return json_null();
    const struct ctl_json_member members[] = {
        {"clock_rate", json_integer(audio->clock_rate)},
        {"channels", json_integer(audio->channels)},
    };
    json = track_json(audio, &status->figures[ENG_AUDIO]);
    CTL_JSON_ADD(json, members);
    return json;
}

// Counters of all sessions.
static json_t *counters_json(const struct rtsp_source_status *status)
{
    const struct ctl_json_member members[] = {
        {"connects", ctl_json_count(status->connects)},
        {"disconnects", ctl_json_count(status->disconnects)},
        {"bytes_received", ctl_json_count(status->bytes_received)},
        {"rtp_packets", ctl_json_count(status->rtp_packets)},
        {"rtp_lost", ctl_json_count(status->rtp_lost)},
        {"rtp_late", ctl_json_count(status->rtp_late)},
        {"rtp_reordered", ctl_json_count(status->rtp_reordered)},
        {"rtp_malformed", ctl_json_count(status->rtp_malformed)},
        {"frames", ctl_json_count(status->frames)},
        {"keyframes", ctl_json_count(status->keyframes)},
        {"frames_damaged", ctl_json_count(status->frames_damaged)},
        {"frames_dropped", ctl_json_count(status->frames_dropped)},
        {"b_frames_dropped", ctl_json_count(status->b_frames_dropped)},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

// How often each cause has ended a session or an attempt, of those that have.
static json_t *reconnects_json(const struct rtsp_source_status *status)
{
    json_t *counts = json_object();

    for (int i = 0; i < RTSP_CAUSES; i++)
        if (status->reconnects[i] > 0)
            json_object_set_new(counts, rtsp_cause_name((enum rtsp_cause)i),
                                ctl_json_count(status->reconnects[i]));
    return counts;
}

static json_t *stream_json(const struct ctl_stream *stream)
{
    const struct rtsp_source_status *status = &stream->status;
    const struct ctl_stream_config *config = stream->config;
    const struct ctl_json_member members[] = {
        {"name", ctl_json_text(stream->name)},
        {"state", ctl_json_text(rtsp_state_name(status->state))},
        {"scheme", ctl_json_text(rtsp_url_scheme(status->tls, status->tunnel))},
        {"transport", ctl_json_text(rtsp_transport_name(status->transport))},
        {"viewers", json_integer(stream->viewers)},
        {"on_demand", json_boolean(config->on_demand)},
        {"fallback", ctl_json_text(config->fallback_name)},
        {"fallback_active", json_boolean(status->fallback == RTSP_FALLBACK_SHOWN)},
        {"live_since_ms", json_integer(status->live_since_ms)},
        {"last_error", ctl_json_text(status->last_error)},
        {"reconnects", reconnects_json(status)},
        {"b_frames", json_boolean(status->b_frames)},
        {"b_frames_note", ctl_json_text(ctl_note_b_frames(status, config->b_frames))},
        {"video_note", ctl_json_text(status->video.note)},
        {"audio_note", ctl_json_text(status->audio.note)},
        {"video", video_json(status)},
        {"audio", audio_json(status)},
        {"counters", counters_json(status)},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

// Each '<' becomes \u003c. Takes text, which may be NULL.
static char *escape_for_html(char *text)
{
    static const char escape[] = "\\u003c";
    size_t count = 0;
    char *out, *at;

    for (const char *p = text; p && (p = strchr(p, '<')); p++)
        count++;
    if (count == 0)
        return text;
    at = out = malloc(strlen(text) + count * (sizeof(escape) - 2) + 1);
    for (const char *p = text; out && *p; p++) {
        if (*p == '<')
            at = stpcpy(at, escape);
        else
            *at++ = *p;
    }
    if (out)
        *at = '\0';
    free(text);
    return out;
}

char *ctl_status_json(struct ctl_streams *streams, const struct ctl_auth_who *who, size_t *listed)
{
    json_t *list = json_array();
    unsigned viewers = 0;
    json_t *root;
    char *text;

    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = ctl_streams_at(streams, i);

        if (!ctl_auth_lists(who, stream))
            continue;
        viewers += stream->viewers;
        json_array_append_new(list, stream_json(stream));
    }
    *listed = json_array_size(list);
    root = json_pack("{s:i, s:o}", "viewers", (int)viewers, "streams", list);
    text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(4)) : NULL;
    json_decref(root);
    return escape_for_html(text);
}
