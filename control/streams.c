// SPDX-License-Identifier: Apache-2.0
#include "control/streams.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/clock.h"
#include "control/ingest.h"
#include "control/stream_log.h"

struct entry {
    struct ctl_stream stream;
    struct lane *lane;
    size_t source;       // index on its lane
    struct event *close; // of one that is on demand: its source has run for long enough
    struct event *away;  // it has not been live for too long
    struct ctl_stream_log log;
};

// An ingest thread and the streams whose sources it runs.
struct lane {
    struct ctl_streams *all;
    struct ctl_ingest *ingest;
    struct event *event;
    struct entry **entries; // by source index
    size_t count;
};

struct ctl_streams {
    struct lane lane[CTL_INGEST_THREADS_MAX];
    unsigned lanes;
    const struct ctl_stream_config *config; // an array, as entries
    void (*on_news)(void *ctx, struct ctl_stream *stream);
    void *news_ctx;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    size_t count;
    struct entry entries[];
};

// NULL: it has none.
static struct entry *fallback_of(const struct entry *entry)
{
    const struct ctl_stream_config *fallback = entry->stream.config->fallback;
    struct ctl_streams *all = entry->lane->all;

    return fallback ? &all->entries[fallback - all->config] : NULL;
}

// ---- what is heard ----

static void tell(struct entry *entry)
{
    struct ctl_streams *all = entry->lane->all;

    if (all->on_news)
        all->on_news(all->news_ctx, &entry->stream);
}

static void on_away(evutil_socket_t fd, short what, void *arg)
{
    struct entry *entry = arg;

    (void)fd;
    (void)what;
    entry->stream.lost = true;
    tell(entry);
}

static bool same_track(const struct rtsp_track_info *a, const struct rtsp_track_info *b)
{
    return a->codec == b->codec && a->clock_rate == b->clock_rate;
}

static void measure(struct ctl_stream *stream)
{
    uint64_t packets, bytes, all = 0;

    for (int i = 0; i < ENG_TRACKS; i++) {
        eng_stream_published(stream->engine_stream, (enum eng_track)i, &packets, &bytes);
        all += packets;
    }
    ctl_meter_look(&stream->packets, all, ctl_now_ns());
}

static void take_news(struct entry *entry, const struct rtsp_source_status *status)
{
    struct timeval patience = {.tv_sec = entry->stream.config->hold_viewers_s};
    struct ctl_stream *stream = &entry->stream;
    const struct entry *fallback = fallback_of(entry);
    enum rtsp_fallback_state fallback_before = stream->status.fallback;
    enum rtsp_state before = stream->status.state;
    bool shown = ctl_stream_shows(&stream->status);

    stream->changed = !same_track(&status->video, &stream->status.video) ||
                      !same_track(&status->audio, &stream->status.audio);
    stream->status = *status;
    if (ctl_stream_shows(status))
        measure(stream);
    ctl_stream_log_state(&entry->log, stream, before);
    if (fallback && status->fallback != fallback_before)
        ctl_stream_log_fallback(&entry->log, stream, &fallback->stream);
    if (ctl_stream_shows(status)) {
        event_del(entry->away);
        stream->lost = false;
    } else if (shown) {
        event_add(entry->away, &patience);
    }
    tell(entry);
    stream->changed = false;
}

// ---- lifecycle ----

static void tell_stopped(struct ctl_streams *streams)
{
    void (*stopped)(void *) = streams->stopped;

    for (unsigned i = 0; i < streams->lanes; i++)
        if (!ctl_ingest_finished(streams->lane[i].ingest))
            return;
    streams->stopped = NULL;
    if (stopped)
        stopped(streams->stopped_ctx);
}

static void on_ingest(evutil_socket_t fd, short what, void *arg)
{
    struct lane *lane = arg;
    struct ctl_ingest_status news;

    (void)fd;
    (void)what;
    while (ctl_ingest_poll(lane->ingest, &news))
        take_news(lane->entries[news.source], &news.status);
    tell_stopped(lane->all);
}

static int create_ingest(struct lane *lane, unsigned number, const struct ctl_config *config)
{
    struct ctl_ingest_source *sources = calloc(lane->count + 1, sizeof(*sources)); // may be none
    int rc;

    if (!sources)
        return -ENOMEM;
    for (size_t i = 0; i < lane->count; i++) {
        const struct ctl_stream *stream = &lane->entries[i]->stream;
        const struct entry *fallback = fallback_of(lane->entries[i]);

        sources[i] = (struct ctl_ingest_source){
            .url = stream->config->source,
            .stream = stream->engine_stream,
            .payload_max = config->payload_max,
            .transport = stream->config->transport,
            .b_frames = stream->config->b_frames,
            .fingerprint = stream->config->fingerprint,
            .on_demand = stream->config->on_demand,
            .fallback = fallback ? &sources[fallback->source] : NULL,
        };
    }
    rc = ctl_ingest_create(sources, lane->count, number, config->batch_window, &lane->ingest);
    free(sources);
    return rc;
}

static int create_lane(struct lane *lane, struct event_base *base, unsigned number,
                       const struct ctl_config *config)
{
    int rc = create_ingest(lane, number, config);

    if (rc)
        return rc;
    lane->event =
        event_new(base, ctl_ingest_event_fd(lane->ingest), EV_READ | EV_PERSIST, on_ingest, lane);
    return !lane->event || event_add(lane->event, NULL) ? -ENOMEM : 0;
}

// Deals the streams out to the threads in turn, but each to that of its fallback, as the packets of
// the one go to the other.
static int deal(struct ctl_streams *streams)
{
    assert(streams->lanes > 0); // as ctl_config_load has checked
    for (unsigned i = 0; i < streams->lanes; i++) {
        streams->lane[i].all = streams;
        streams->lane[i].entries = calloc(streams->count, sizeof(*streams->lane[i].entries));
        if (!streams->lane[i].entries)
            return -ENOMEM;
    }
    for (size_t i = 0; i < streams->count; i++) {
        struct entry *entry = &streams->entries[i];
        const struct ctl_stream_config *fallback = entry->stream.config->fallback;
        size_t place = fallback ? (size_t)(fallback - streams->config) : i;
        struct lane *lane = &streams->lane[place % streams->lanes];

        entry->lane = lane;
        entry->source = lane->count;
        lane->entries[lane->count++] = entry;
    }
    return 0;
}

static void on_close(evutil_socket_t fd, short what, void *arg)
{
    struct entry *entry = arg;

    (void)fd;
    (void)what;
    ctl_ingest_want(entry->lane->ingest, entry->source, false);
}

static int create_entry(struct event_base *base, struct eng_engine *engine,
                        const struct ctl_stream_config *config, struct entry *entry)
{
    entry->stream.name = config->name;
    entry->stream.config = config;
    ctl_stream_log_init(&entry->log, config->name);
    entry->away = evtimer_new(base, on_away, entry);
    if (config->on_demand)
        entry->close = evtimer_new(base, on_close, entry);
    if (!entry->away || (config->on_demand && !entry->close))
        return -ENOMEM;
    return eng_stream_create(engine, &entry->stream.engine_stream);
}

int ctl_streams_create(struct event_base *base, struct eng_engine *engine,
                       const struct ctl_config *config, struct ctl_streams **out)
{
    struct ctl_streams *streams;
    int rc = 0;

    assert(config->stream_count > 0); // as ctl_config_load has checked
    streams = calloc(1, sizeof(*streams) + config->stream_count * sizeof(streams->entries[0]));
    if (!streams)
        return -ENOMEM;
    streams->count = config->stream_count;
    streams->lanes =
        config->ingest_threads < streams->count ? config->ingest_threads : (unsigned)streams->count;
    streams->config = config->streams;
    for (size_t i = 0; i < streams->count && !rc; i++)
        rc = create_entry(base, engine, &config->streams[i], &streams->entries[i]);
    if (!rc)
        rc = deal(streams);
    for (unsigned i = 0; i < streams->lanes && !rc; i++)
        rc = create_lane(&streams->lane[i], base, i, config);
    if (rc) {
        ctl_streams_destroy(streams);
        return rc;
    }
    *out = streams;
    return 0;
}

void ctl_streams_watch(struct ctl_streams *streams,
                       void (*on_news)(void *ctx, struct ctl_stream *stream), void *ctx)
{
    streams->on_news = on_news;
    streams->news_ctx = ctx;
}

int ctl_streams_start(struct ctl_streams *streams)
{
    int rc = 0;

    for (unsigned i = 0; i < streams->lanes && !rc; i++)
        rc = ctl_ingest_start(streams->lane[i].ingest);
    return rc;
}

void ctl_streams_stop(struct ctl_streams *streams, void (*done)(void *ctx), void *ctx)
{
    streams->stopped = done;
    streams->stopped_ctx = ctx;
    for (unsigned i = 0; i < streams->lanes; i++)
        ctl_ingest_stop(streams->lane[i].ingest);
}

void ctl_streams_destroy(struct ctl_streams *streams)
{
    if (!streams)
        return;
    for (unsigned i = 0; i < streams->lanes; i++) {
        if (streams->lane[i].event)
            event_free(streams->lane[i].event);
        ctl_ingest_destroy(streams->lane[i].ingest);
        free(streams->lane[i].entries);
    }
    for (size_t i = 0; i < streams->count; i++) {
        if (streams->entries[i].close)
            event_free(streams->entries[i].close);
        if (streams->entries[i].away)
            event_free(streams->entries[i].away);
    }
    free(streams);
}

// ---- demand ----

static struct entry *entry_of(struct ctl_stream *stream)
{
    return (struct entry *)(void *)((char *)stream - offsetof(struct entry, stream));
}

void ctl_stream_hold(struct ctl_stream *stream)
{
    struct entry *entry = entry_of(stream);

    if (stream->holds++ > 0 || !entry->close)
        return;
    event_del(entry->close);
    ctl_ingest_want(entry->lane->ingest, entry->source, true);
}

void ctl_stream_release(struct ctl_stream *stream)
{
    struct timeval delay = {.tv_sec = stream->config->close_after_s};
    struct entry *entry = entry_of(stream);

    assert(stream->holds > 0);
    if (--stream->holds == 0 && entry->close)
        event_add(entry->close, &delay);
}

// ---- looking up ----

size_t ctl_streams_count(const struct ctl_streams *streams)
{
    return streams->count;
}

struct ctl_stream *ctl_streams_at(struct ctl_streams *streams, size_t i)
{
    return i < streams->count ? &streams->entries[i].stream : NULL;
}

struct ctl_stream *ctl_streams_find(struct ctl_streams *streams, const char *name, size_t len)
{
    for (size_t i = 0; i < streams->count; i++) {
        struct ctl_stream *stream = &streams->entries[i].stream;

        if (strlen(stream->name) == len && memcmp(stream->name, name, len) == 0)
            return stream;
    }
    return NULL;
}
