// SPDX-License-Identifier: Apache-2.0
#include "control/stream_metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "control/metrics.h"
#include "rtsp/url.h"

enum {
    LABEL_MAX = 2 * CTL_NAME_MAX, // a stream's name, every character escaped
    ERROR_MAX = 2 * RTSP_TLS_ERROR_MAX,
};

static const char *const track_name[ENG_TRACKS] = {"video", "audio"};

static const struct ctl_stream *label_of(struct ctl_streams *streams, size_t i,
                                         char label[LABEL_MAX])
{
    const struct ctl_stream *stream = ctl_streams_at(streams, i);

    ctl_metrics_escape(stream->name, label, LABEL_MAX);
    return stream;
}

static void write_states(struct evbuffer *out, struct ctl_streams *streams)
{
    unsigned count[RTSP_STATES] = {0};

    for (size_t i = 0; i < ctl_streams_count(streams); i++)
        count[ctl_streams_at(streams, i)->status.state]++;
    ctl_metrics_head(out, "streams", "gauge", "Configured streams, by the state of their source");
    for (int state = 0; state < RTSP_STATES; state++)
        evbuffer_add_printf(out, "rtcfan_streams{state=\"%s\"} %u\n",
                            rtsp_state_name((enum rtsp_state)state), count[state]);
}

// What has no number.
static void write_info(struct evbuffer *out, struct ctl_streams *streams)
{
    char label[LABEL_MAX], error[ERROR_MAX];

    ctl_metrics_head(out, "stream_info", "gauge", "What a stream is, in words; always 1");
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = label_of(streams, i, label);
        const struct rtsp_source_status *status = &stream->status;

        evbuffer_add_printf(
            out,
            "rtcfan_stream_info{stream=\"%s\",state=\"%s\",scheme=\"%s\",transport=\"%s\","
            "video=\"%s\",audio=\"%s\",last_error=\"%s\"} 1\n",
            label, rtsp_state_name(status->state), rtsp_url_scheme(status->tls, status->tunnel),
            rtsp_transport_name(status->transport), rtsp_codec_name(status->video.codec),
            rtsp_codec_name(status->audio.codec),
            ctl_metrics_escape(status->last_error, error, sizeof(error)));
    }
}

// ---- counters ----

// One per stream, read from its place in struct ctl_stream.
struct counter {
    const char *name, *help;
    size_t offset; // of a uint64_t
};

#define STATUS(field) offsetof(struct ctl_stream, status.field)

static const struct counter counters[] = {
    {"bytes_received", "RTSP and interleaved bytes", STATUS(bytes_received)},
    {"rtp_packets", "RTP packets received, all tracks", STATUS(rtp_packets)},
    {"rtp_lost", "Gaps in the sequence numbers", STATUS(rtp_lost)},
    {"rtp_late", "Packets thrown away: duplicates, or behind newer ones", STATUS(rtp_late)},
    {"rtp_reordered", "Packets of UDP that were put into order", STATUS(rtp_reordered)},
    {"rtp_malformed", "Packets thrown away: broken, or of no known track", STATUS(rtp_malformed)},
    {"frames", "Video frames published", STATUS(frames)},
    {"keyframes", "Keyframes published", STATUS(keyframes)},
    {"frames_damaged", "Frames published without a part that was lost", STATUS(frames_damaged)},
    {"frames_dropped", "Frames not published: broken beyond use", STATUS(frames_dropped)},
    {"b_frames_dropped", "B-frames left out, on which no other depends", STATUS(b_frames_dropped)},
    {"connects", "Attempts to connect to the source", STATUS(connects)},
    {"disconnects", "Times that a live source was lost", STATUS(disconnects)},
};

static void write_counter(struct evbuffer *out, struct ctl_streams *streams,
                          const struct counter *counter)
{
    char name[64], label[LABEL_MAX];

    snprintf(name, sizeof(name), "stream_%s_total", counter->name);
    ctl_metrics_head(out, name, "counter", counter->help);
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = label_of(streams, i, label);
        uint64_t value;

        memcpy(&value, (const char *)stream + counter->offset, sizeof(value));
        evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\"} %" PRIu64 "\n", name, label, value);
    }
}

static void write_reconnects(struct evbuffer *out, struct ctl_streams *streams)
{
    char label[LABEL_MAX];

    ctl_metrics_head(out, "stream_reconnects_total", "counter",
                     "Sessions and attempts that ended and were followed by another, by cause");
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = label_of(streams, i, label);

        for (int cause = 0; cause < RTSP_CAUSES; cause++)
            evbuffer_add_printf(
                out, "rtcfan_stream_reconnects_total{stream=\"%s\",cause=\"%s\"} %" PRIu64 "\n",
                label, rtsp_cause_name((enum rtsp_cause)cause), stream->status.reconnects[cause]);
    }
}

// What went through the publish door: packets (bytes false) or payload bytes.
static void write_published(struct evbuffer *out, struct ctl_streams *streams, bool bytes)
{
    const char *name = bytes ? "stream_published_bytes_total" : "stream_published_packets_total";
    char label[LABEL_MAX];

    ctl_metrics_head(out, name, "counter",
                     bytes ? "RTP payload bytes published" : "RTP packets published");
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = label_of(streams, i, label);

        for (int track = 0; track < ENG_TRACKS; track++) {
            uint64_t packets, size;

            eng_stream_published(stream->engine_stream, (enum eng_track)track, &packets, &size);
            evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\",track=\"%s\"} %" PRIu64 "\n", name,
                                label, track_name[track], bytes ? size : packets);
        }
    }
}

// ---- gauges ----

static double is_up(const struct ctl_stream *stream)
{
    return stream->status.state == RTSP_LIVE;
}

static double is_shown_by_another(const struct ctl_stream *stream)
{
    return stream->status.fallback == RTSP_FALLBACK_SHOWN;
}

static double viewers_of(const struct ctl_stream *stream)
{
    return stream->viewers;
}

static const struct {
    const char *name, *help;
    double (*value)(const struct ctl_stream *stream);
} gauges[] = {
    {"stream_up", "1 while media arrives from the source", is_up},
    {"stream_fallback_active", "1 while another stream is shown in its place", is_shown_by_another},
    {"stream_viewers", "Viewers that the stream is sent to", viewers_of},
};

// Of each track of a live source.
static const struct {
    const char *name, *help;
    size_t offset; // of a double in struct rtsp_track_figures
} figures[] = {
    {"stream_frames_per_second", "Video frames, or RTP payloads of audio, over the last 5 s",
     offsetof(struct rtsp_track_figures, frames_per_s)},
    {"stream_bits_per_second", "RTP payload that came from the camera, over the last 5 s",
     offsetof(struct rtsp_track_figures, bits_per_s)},
    {"stream_keyframe_interval_seconds", "Between the last two keyframes; 0: not known",
     offsetof(struct rtsp_track_figures, keyframe_interval_s)},
    {"stream_jitter_seconds", "Interarrival jitter of frames (RFC 3550 6.4.1)",
     offsetof(struct rtsp_track_figures, jitter_s)},
    {"stream_clock_drift_ppm", "By which the camera's clock is faster; 0: not known",
     offsetof(struct rtsp_track_figures, drift_ppm)},
};

static void write_gauges(struct evbuffer *out, struct ctl_streams *streams)
{
    char label[LABEL_MAX];

    for (size_t g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
        ctl_metrics_head(out, gauges[g].name, "gauge", gauges[g].help);
        for (size_t i = 0; i < ctl_streams_count(streams); i++) {
            const struct ctl_stream *stream = label_of(streams, i, label);

            evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\"} %g\n", gauges[g].name, label,
                                gauges[g].value(stream));
        }
    }
}

static void write_figures(struct evbuffer *out, struct ctl_streams *streams)
{
    char label[LABEL_MAX];

    for (size_t f = 0; f < sizeof(figures) / sizeof(figures[0]); f++) {
        ctl_metrics_head(out, figures[f].name, "gauge", figures[f].help);
        for (size_t i = 0; i < ctl_streams_count(streams); i++) {
            const struct ctl_stream *stream = label_of(streams, i, label);

            for (int track = 0; track < ENG_TRACKS; track++) {
                double value;

                memcpy(&value, (const char *)&stream->status.figures[track] + figures[f].offset,
                       sizeof(value));
                evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\",track=\"%s\"} %.6g\n",
                                    figures[f].name, label, track_name[track], value);
            }
        }
    }
}

void ctl_stream_metrics_write(struct evbuffer *out, struct ctl_streams *streams)
{
    write_states(out, streams);
    write_info(out, streams);
    write_gauges(out, streams);
    write_figures(out, streams);
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        write_counter(out, streams, &counters[i]);
    write_reconnects(out, streams);
    write_published(out, streams, false);
    write_published(out, streams, true);
}
