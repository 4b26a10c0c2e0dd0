// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "control/note.h"
#include "rtsp/url.h"

struct member {
    const char *key;
    json_t *value; // given away
};

static void add_members(json_t *json, const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, members[i].key, members[i].value);
}

#define ADD(json, members) add_members(json, members, sizeof(members) / sizeof((members)[0]))

static json_t *text_json(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *count_json(uint64_t count)
{
    return json_integer((json_int_t)count);
}

// 0 stands for what is not known.
static json_t *figure_json(double figure)
{
    return figure != 0 ? json_real(figure) : json_null();
}

// What both kinds of track have.
static json_t *track_json(const struct rtsp_track_info *info, const struct rtsp_track_figures *f)
{
    const struct member members[] = {
        {"codec", text_json(rtsp_codec_name(info->codec))},
        {"camera_codec", text_json(rtsp_codec_name(info->camera_codec))},
        {"bitrate", json_integer((json_int_t)f->bits_per_s)},
        {"jitter_ms", json_real(f->jitter_s * 1000)},
        {"clock_drift_ppm", f->drift_known ? json_real(f->drift_ppm) : json_null()},
    };
    json_t *json = json_object();

    ADD(json, members);
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
    const struct member members[] = {
        {"profile", text_json(profile)},
        {"width", json_integer(video->width)},
        {"height", json_integer(video->height)},
        {"fps", json_real(figures->frames_per_s)},
        {"keyframe_interval_s", figure_json(figures->keyframe_interval_s)},
    };
    json = track_json(video, figures);
    ADD(json, members);
    return json;
}

static json_t *audio_json(const struct rtsp_source_status *status)
{
    const struct rtsp_track_info *audio = &status->audio;
    json_t *json;

    if (audio->codec == RTSP_CODEC_NONE)
        return json_null();
    const struct member members[] = {
        {"clock_rate", json_integer(audio->clock_rate)},
        {"channels", json_integer(audio->channels)},
    };
    json = track_json(audio, &status->figures[ENG_AUDIO]);
    ADD(json, members);
    return json;
}

// Counters of all sessions.
static json_t *counters_json(const struct rtsp_source_status *status)
{
    const struct member members[] = {
        {"connects", count_json(status->connects)},
        {"disconnects", count_json(status->disconnects)},
        {"bytes_received", count_json(status->bytes_received)},
        {"rtp_packets", count_json(status->rtp_packets)},
        {"rtp_lost", count_json(status->rtp_lost)},
        {"rtp_late", count_json(status->rtp_late)},
        {"rtp_reordered", count_json(status->rtp_reordered)},
        {"rtp_malformed", count_json(status->rtp_malformed)},
        {"frames", count_json(status->frames)},
        {"keyframes", count_json(status->keyframes)},
        {"frames_damaged", count_json(status->frames_damaged)},
        {"frames_dropped", count_json(status->frames_dropped)},
        {"b_frames_dropped", count_json(status->b_frames_dropped)},
    };
    json_t *json = json_object();

    ADD(json, members);
    return json;
}

// How often each cause has ended a session or an attempt, of those that have.
static json_t *reconnects_json(const struct rtsp_source_status *status)
{
    json_t *counts = json_object();

    for (int i = 0; i < RTSP_CAUSES; i++)
        if (status->reconnects[i] > 0)
            json_object_set_new(counts, rtsp_cause_name((enum rtsp_cause)i),
                                count_json(status->reconnects[i]));
    return counts;
}

static json_t *stream_json(const struct ctl_stream *stream)
{
    const struct rtsp_source_status *status = &stream->status;
    const struct ctl_stream_config *config = stream->config;
    const struct member members[] = {
        {"name", text_json(stream->name)},
        {"state", text_json(rtsp_state_name(status->state))},
        {"scheme", text_json(rtsp_url_scheme(status->tls, status->tunnel))},
        {"transport", text_json(rtsp_transport_name(status->transport))},
        {"viewers", json_integer(stream->viewers)},
        {"on_demand", json_boolean(config->on_demand)},
        {"fallback", text_json(config->fallback_name)},
        {"fallback_active", json_boolean(status->fallback == RTSP_FALLBACK_SHOWN)},
        {"live_since_ms", json_integer(status->live_since_ms)},
        {"last_error", text_json(status->last_error)},
        {"reconnects", reconnects_json(status)},
        {"b_frames", json_boolean(status->b_frames)},
        {"b_frames_note", text_json(ctl_note_b_frames(status, config->b_frames))},
        {"video_note", text_json(status->video.note)},
        {"audio_note", text_json(status->audio.note)},
        {"video", video_json(status)},
        {"audio", audio_json(status)},
        {"counters", counters_json(status)},
    };
    json_t *json = json_object();

    ADD(json, members);
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

char *ctl_status_json(struct ctl_streams *streams)
{
    json_t *list = json_array();
    unsigned viewers = 0;
    json_t *root;
    char *text;

    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = ctl_streams_at(streams, i);

        viewers += stream->viewers;
        json_array_append_new(list, stream_json(stream));
    }
    root = json_pack("{s:i, s:o}", "viewers", (int)viewers, "streams", list);
    text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(4)) : NULL;
    json_decref(root);
    return escape_for_html(text);
}
