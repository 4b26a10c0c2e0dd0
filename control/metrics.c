// SPDX-License-Identifier: Apache-2.0
#include "control/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "version_info.h"

// A stream's name, every character escaped.
enum {
    LABEL_MAX = 2 * CTL_NAME_MAX
};

const char *ctl_metrics_escape(const char *value, char *out, size_t size)
{
    size_t used = 0;

    for (; *value; value++) {
        char escaped = *value;
        bool escape = *value == '\n' || *value == '\\' || *value == '"';

        if (used + (escape ? 2 : 1) >= size)
            break;
        if (escape)
            out[used++] = '\\';
        if (escaped == '\n')
            escaped = 'n';
        out[used++] = escaped;
    }
    out[used] = '\0';
    return out;
}

static void write_head(struct evbuffer *out, const char *name, const char *type, const char *help)
{
    evbuffer_add_printf(out, "# HELP rtcfan_%s %s.\n# TYPE rtcfan_%s %s\n", name, help, name, type);
}

static void write_plain(struct evbuffer *out, const char *name, const char *type, const char *help,
                        uint64_t value)
{
    write_head(out, name, type, help);
    evbuffer_add_printf(out, "rtcfan_%s %" PRIu64 "\n", name, value);
}

// ---- streams ----

static void write_states(struct evbuffer *out, struct ctl_streams *streams)
{
    unsigned count[RTSP_STATES] = {0};

    for (size_t i = 0; i < ctl_streams_count(streams); i++)
        count[ctl_streams_at(streams, i)->status.state]++;
    write_head(out, "streams", "gauge", "Configured streams, by the state of their source");
    for (int state = 0; state < RTSP_STATES; state++)
        evbuffer_add_printf(out, "rtcfan_streams{state=\"%s\"} %u\n",
                            rtsp_state_name((enum rtsp_state)state), count[state]);
}

// One figure per stream, read from its place in struct ctl_stream.
struct stream_metric {
    const char *name, *type, *help;
    size_t offset; // of a uint64_t
};

#define STATUS(field) offsetof(struct ctl_stream, status.field)

static const struct stream_metric stream_metrics[] = {
    {"stream_bytes_received_total", "counter", "RTSP and interleaved bytes",
     STATUS(bytes_received)},
    {"stream_rtp_packets_total", "counter", "RTP packets received, all tracks",
     STATUS(rtp_packets)},
    {"stream_rtp_lost_total", "counter", "Gaps in the sequence numbers", STATUS(rtp_lost)},
    {"stream_rtp_late_total", "counter", "Packets thrown away: duplicates, or behind newer ones",
     STATUS(rtp_late)},
    {"stream_rtp_reordered_total", "counter", "Packets of UDP that were put into order",
     STATUS(rtp_reordered)},
    {"stream_rtp_malformed_total", "counter", "Packets thrown away: broken, or of no known track",
     STATUS(rtp_malformed)},
    {"stream_frames_total", "counter", "Video frames published", STATUS(frames)},
    {"stream_keyframes_total", "counter", "Keyframes published", STATUS(keyframes)},
    {"stream_frames_damaged_total", "counter", "Frames published without a part that was lost",
     STATUS(frames_damaged)},
    {"stream_frames_dropped_total", "counter", "Frames not published: broken beyond use",
     STATUS(frames_dropped)},
    {"stream_b_frames_dropped_total", "counter", "B-frames left out, on which no other depends",
     STATUS(b_frames_dropped)},
    {"stream_connects_total", "counter", "Attempts to connect to the source", STATUS(connects)},
    {"stream_disconnects_total", "counter", "Times that a live source was lost",
     STATUS(disconnects)},
};

static void write_stream_value(struct evbuffer *out, const char *name,
                               const struct ctl_stream *stream, uint64_t value)
{
    char label[LABEL_MAX];

    evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\"} %" PRIu64 "\n", name,
                        ctl_metrics_escape(stream->name, label, sizeof(label)), value);
}

static void write_stream_metrics(struct evbuffer *out, struct ctl_streams *streams)
{
    size_t count = ctl_streams_count(streams);

    write_head(out, "stream_up", "gauge", "1 while media arrives from the source");
    for (size_t i = 0; i < count; i++) {
        const struct ctl_stream *s = ctl_streams_at(streams, i);

        write_stream_value(out, "stream_up", s, s->status.state == RTSP_LIVE);
    }
    write_head(out, "stream_fallback_active", "gauge",
               "1 while another stream is shown in its place");
    for (size_t i = 0; i < count; i++) {
        const struct ctl_stream *s = ctl_streams_at(streams, i);

        write_stream_value(out, "stream_fallback_active", s,
                           s->status.fallback == RTSP_FALLBACK_SHOWN);
    }
    write_head(out, "stream_viewers", "gauge", "Viewers that the stream is sent to");
    for (size_t i = 0; i < count; i++) {
        const struct ctl_stream *s = ctl_streams_at(streams, i);

        write_stream_value(out, "stream_viewers", s, s->viewers);
    }
    for (size_t m = 0; m < sizeof(stream_metrics) / sizeof(stream_metrics[0]); m++) {
        const struct stream_metric *metric = &stream_metrics[m];

        write_head(out, metric->name, metric->type, metric->help);
        for (size_t i = 0; i < count; i++) {
            const struct ctl_stream *s = ctl_streams_at(streams, i);
            uint64_t value;

            memcpy(&value, (const char *)s + metric->offset, sizeof(value));
            write_stream_value(out, metric->name, s, value);
        }
    }
}

static void write_reconnects(struct evbuffer *out, struct ctl_streams *streams)
{
    char label[LABEL_MAX];

    write_head(out, "stream_reconnects_total", "counter",
               "Sessions and attempts that ended and were followed by another, by cause");
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = ctl_streams_at(streams, i);

        ctl_metrics_escape(stream->name, label, sizeof(label));
        for (int cause = 0; cause < RTSP_CAUSES; cause++)
            evbuffer_add_printf(
                out, "rtcfan_stream_reconnects_total{stream=\"%s\",cause=\"%s\"} %" PRIu64 "\n",
                label, rtsp_cause_name((enum rtsp_cause)cause), stream->status.reconnects[cause]);
    }
}

// What went through the publish door: packets (bytes false) or payload bytes.
static void write_published(struct evbuffer *out, struct ctl_streams *streams, bool bytes)
{
    static const char *const track_name[ENG_TRACKS] = {"video", "audio"};
    const char *name = bytes ? "stream_published_bytes_total" : "stream_published_packets_total";
    char label[LABEL_MAX];

    write_head(out, name, "counter",
               bytes ? "RTP payload bytes published" : "RTP packets published");
    for (size_t i = 0; i < ctl_streams_count(streams); i++) {
        const struct ctl_stream *stream = ctl_streams_at(streams, i);

        ctl_metrics_escape(stream->name, label, sizeof(label));
        for (int track = 0; track < ENG_TRACKS; track++) {
            uint64_t packets, size;

            eng_stream_published(stream->engine_stream, (enum eng_track)track, &packets, &size);
            evbuffer_add_printf(out, "rtcfan_%s{stream=\"%s\",track=\"%s\"} %" PRIu64 "\n", name,
                                label, track_name[track], bytes ? size : packets);
        }
    }
}

// ---- sessions ----

static void write_sessions(struct evbuffer *out, const struct ctl_sessions *sessions)
{
    struct ctl_sessions_stats s;

    ctl_sessions_read_stats(sessions, &s);
    write_plain(out, "viewers", "gauge", "Viewers that media is sent to", s.connected);
    write_plain(out, "sessions", "gauge", "WHEP sessions, joining and leaving ones included",
                s.sessions);
    write_plain(out, "sessions_created_total", "counter", "Offers answered", s.created);
    write_plain(out, "sessions_failed_total", "counter",
                "Sessions that ended before the handshake had", s.failed);
    write_plain(out, "offers_refused_total", "counter", "Offers refused for want of room",
                s.offers_refused);
    write_head(out, "sessions_ended_total", "counter", "Viewers that left, by who ended it");
    evbuffer_add_printf(out,
                        "rtcfan_sessions_ended_total{by=\"viewer\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"timeout\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"source\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"server\"} %" PRIu64 "\n",
                        s.ended_by_viewer, s.ended_by_timeout, s.ended_by_source,
                        s.ended_by_server);
    write_plain(out, "stun_refused_total", "counter", "STUN requests answered by an error",
                s.stun_refused);
    write_plain(out, "stun_unanswered_total", "counter",
                "STUN requests of no session beyond the rate of answers", s.stun_unanswered);
    write_plain(out, "strays_total", "counter", "Other datagrams that belong to no session",
                s.strays);
    write_plain(out, "control_send_failed_total", "counter",
                "STUN and DTLS datagrams that the engine had no room for", s.send_failed);
}

// ---- engine ----

static void write_engine(struct evbuffer *out, struct eng_engine *engine)
{
    uint64_t value[ENG_COUNTERS];

    eng_engine_counters(engine, value);
    for (int i = 0; i < ENG_COUNTERS; i++) {
        const struct eng_counter_info *info = &eng_counter_info[i];

        if (i == 0 || strcmp(info->name, eng_counter_info[i - 1].name) != 0)
            evbuffer_add_printf(out, "# HELP rtcfan_%s_total %s.\n# TYPE rtcfan_%s_total counter\n",
                                info->name, info->help, info->name);
        evbuffer_add_printf(out, "rtcfan_%s_total%s%s%s %" PRIu64 "\n", info->name,
                            info->labels[0] ? "{" : "", info->labels, info->labels[0] ? "}" : "",
                            value[i]);
    }
}

// ---- process ----

static uint64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            count++;
    closedir(dir);
    return count - 1; // without the one that reads the folder
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_process(struct evbuffer *out, struct eng_engine *engine)
{
    evbuffer_add_printf(out,
                        "# HELP rtcfan_build_info What runs here.\n"
                        "# TYPE rtcfan_build_info gauge\n"
                        "rtcfan_build_info{version=\"%s\",commit=\"%s\",sealer=\"%s\",tx=\"%s\","
                        "workers=\"%u\"} 1\n",
                        RTCFAN_VERSION, RTCFAN_COMMIT, eng_sealer_name(),
                        eng_engine_tx_name(engine), eng_engine_workers(engine));
    evbuffer_add_printf(out,
                        "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
                        "# TYPE process_resident_memory_bytes gauge\n"
                        "process_resident_memory_bytes %" PRIu64 "\n",
                        resident_bytes());
    evbuffer_add_printf(out,
                        "# HELP process_cpu_seconds_total User and system CPU time in seconds.\n"
                        "# TYPE process_cpu_seconds_total counter\n"
                        "process_cpu_seconds_total %.6f\n",
                        cpu_seconds());
    evbuffer_add_printf(out,
                        "# HELP process_open_fds Open file descriptors.\n"
                        "# TYPE process_open_fds gauge\n"
                        "process_open_fds %u\n",
                        open_files());
}

void ctl_metrics_write(struct evbuffer *out, struct eng_engine *engine, struct ctl_streams *streams,
                       const struct ctl_sessions *sessions)
{
    write_process(out, engine);
    write_states(out, streams);
    write_stream_metrics(out, streams);
    write_reconnects(out, streams);
    write_published(out, streams, false);
    write_published(out, streams, true);
    write_sessions(out, sessions);
    write_engine(out, engine);
}
