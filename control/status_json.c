// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "control/note.h"
#include "rtsp/url.h"

static json_t *video_json(const struct rtsp_track_info *video)
{
    char profile[7];

    if (video->codec == RTSP_CODEC_NONE)
        return json_null();
    snprintf(profile, sizeof(profile), "%02x%02x%02x", video->profile[0], video->profile[1],
             video->profile[2]);
    return json_pack("{s:s, s:s, s:i, s:i}", "codec", rtsp_codec_name(video->codec), "profile",
                     profile, "width", (int)video->width, "height", (int)video->height);
}

static json_t *audio_json(const struct rtsp_track_info *audio)
{
    if (audio->codec == RTSP_CODEC_NONE)
        return json_null();
    return json_pack("{s:s, s:s, s:i, s:i}", "codec", rtsp_codec_name(audio->codec), "camera_codec",
                     rtsp_codec_name(audio->camera_codec), "clock_rate", (int)audio->clock_rate,
                     "channels", (int)audio->channels);
}

// How often each cause has ended a session or an attempt, of those that have.
static json_t *reconnects_json(const struct rtsp_source_status *status)
{
    json_t *counts = json_object();

    for (int i = 0; i < RTSP_CAUSES; i++)
        if (status->reconnects[i] > 0)
            json_object_set_new(counts, rtsp_cause_name((enum rtsp_cause)i),
                                json_integer((json_int_t)status->reconnects[i]));
    return counts;
}

static json_t *text_json(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *stream_json(const struct ctl_stream *stream)
{
    const struct rtsp_source_status *status = &stream->status;
    const struct ctl_stream_config *config = stream->config;
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
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
        {"video", video_json(&status->video)},
        {"audio", audio_json(&status->audio)},
    };
    json_t *json = json_object();

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        json_object_set_new(json, members[i].key, members[i].value);
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
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return escape_for_html(text);
}
