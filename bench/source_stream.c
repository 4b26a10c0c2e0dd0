// SPDX-License-Identifier: Apache-2.0
#include "bench/source_stream.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bench/loop.h"
#include "bench/source_clock.h"
#include "bench/source_output.h"
#include "bench/source_pacer.h"
#include "bench/stamp.h"

enum {
    NS_PER_S = 1000000000,
    // After a pause as long as this (a stopped process) the stream goes on with the present.
    LAG_MAX_NS = NS_PER_S,
    REPORT_INTERVAL_S = 2,
    // Bytes that may wait for a slow player beyond what its socket holds: at the demo's 2 Mbit/s a
    // keyframe and some, and twice the largest frame of any clip.
    BACKLOG_MAX = 128 << 10,
};

// What one wake sends to one player, gathered into one system call. There is one event loop.
static struct {
    size_t len;
    uint8_t data[BENCH_UNIT_MAX + BENCH_TRACKS * SOURCE_REPORT_MAX];
} batch;

static void send_batch(struct source_player *player)
{
    if (player->pacer != NULL)
        source_pacer_send(player->pacer, batch.data, batch.len);
    else
        source_output_send(player->output, batch.data, batch.len);
    batch.len = 0;
}

static uint8_t *batch_room(struct source_player *player, size_t len)
{
    if (len > sizeof(batch.data) - batch.len)
        send_batch(player);
    batch.len += len;
    return batch.data + batch.len - len;
}

static void add_report(struct source_stream *stream, struct source_player *player,
                       enum bench_track t, int64_t now_ns)
{
    const struct bench_clip_track *track = &stream->clip->track[t];
    struct timespec real;

    clock_gettime(CLOCK_REALTIME, &real);
    int64_t next = stream->next[t];
    int64_t early_ns = stream->begin_ns + bench_loop_due_ns(track, next) - now_ns;
    struct source_report report = {
        .channel = (uint8_t)player->rtcp_channel[t],
        .ssrc = stream->ssrc[t],
        .real_ns = (int64_t)real.tv_sec * NS_PER_S + real.tv_nsec,
        .timestamp = source_stream_timestamp(stream, t, next) -
                     (uint32_t)(early_ns * track->clock_rate / NS_PER_S),
        .packets = bench_loop_packets(track, next),
        .octets = bench_loop_octets(track, next),
        .cname = stream->name,
    };
    uint8_t *to = batch_room(player, SOURCE_REPORT_MAX);
    batch.len -= SOURCE_REPORT_MAX - source_report_write(&report, to);
    stream->tally[t].reports++;
}

static void add_reports(struct source_stream *stream, struct source_player *player, int64_t now_ns)
{
    if (now_ns < player->report_ns)
        return;
    player->report_ns = now_ns + (int64_t)REPORT_INTERVAL_S * NS_PER_S;
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        if (player->rtp_channel[t] >= 0)
            add_report(stream, player, t, now_ns);
    }
}

static bool is_full(const struct source_stream *stream, const struct source_player *player)
{
    size_t frames = 2 * stream->clip->track[BENCH_VIDEO].unit_len_max;
    size_t backlog_max = frames > BACKLOG_MAX ? frames : BACKLOG_MAX;

    return player->output != NULL && source_output_backlog(player->output) > backlog_max;
}

// Whether the player can have this unit, now that it has a backlog or has lost frames.
static bool admit(const struct source_stream *stream, struct source_player *player,
                  enum bench_track t, const struct bench_unit *unit)
{
    bool full = is_full(stream, player);

    if (t == BENCH_VIDEO) {
        if (full)
            player->wait_key = true;
        else if (unit->key)
            player->wait_key = false;
    }
    return !full && !(t == BENCH_VIDEO && player->wait_key);
}

static void count(struct source_tally *tally, const struct bench_unit *unit, int64_t late_ns)
{
    tally->units++;
    tally->keys += unit->key;
    tally->packets += unit->packets;
    tally->bytes += unit->len - (size_t)unit->packets * BENCH_INTERLEAVE_LEN;
    tally->late += late_ns > SOURCE_LATE_NS;
    if (late_ns > tally->late_max_ns)
        tally->late_max_ns = late_ns;
}

// How long after it could have left the unit does leave. Audio may wait for a frame.
static int64_t late_ns(const struct source_stream *stream, enum bench_track t, int64_t k,
                       int64_t now_ns)
{
    int64_t due_ns = stream->begin_ns + bench_loop_due_ns(&stream->clip->track[t], k);

    return now_ns - due_ns - (t == BENCH_AUDIO ? stream->audio_wait_ns : 0);
}

static void add_unit(struct source_stream *stream, struct source_player *player, enum bench_track t,
                     int64_t k)
{
    const struct bench_clip_track *track = &stream->clip->track[t];
    const struct bench_unit *unit = bench_loop_unit(track, k);
    struct bench_rewrite rewrite = {
        .channel = (uint8_t)player->rtp_channel[t],
        .ssrc = stream->ssrc[t],
        .first_sequence = stream->first_sequence[t],
        .first_timestamp = stream->first_timestamp[t],
    };

    uint8_t *to = batch_room(player, unit->len);
    bench_loop_write(track, k, &rewrite, to);
    int64_t now_ns = source_clock_ns();
    if (unit->stamp_at > 0)
        bench_stamp_encode(now_ns, to + unit->stamp_at);
    count(&stream->tally[t], unit, late_ns(stream, t, k, now_ns));
}

// Sends the units up to `until`, not included.
static void serve(struct source_stream *stream, struct source_player *player,
                  const int64_t until[BENCH_TRACKS], int64_t now_ns)
{
    batch.len = 0;
    add_reports(stream, player, now_ns);
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        for (int64_t k = stream->next[t]; k < until[t]; k++) {
            if (player->rtp_channel[t] < 0 || k < player->first[t])
                continue;
            if (admit(stream, player, t, bench_loop_unit(&stream->clip->track[t], k)))
                add_unit(stream, player, t, k);
            else
                stream->tally[t].dropped++;
        }
    }
    if (batch.len > 0)
        send_batch(player);
}

// What the player would have got while the process did not run.
static void skip(struct source_stream *stream, struct source_player *player,
                 const int64_t until[BENCH_TRACKS])
{
    player->wait_key = true;
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        int64_t first = player->first[t] > stream->next[t] ? player->first[t] : stream->next[t];
        if (player->rtp_channel[t] >= 0 && until[t] > first)
            stream->tally[t].dropped += (uint64_t)(until[t] - first);
    }
}

// CLOCK_MONOTONIC of the next thing to send: a frame when it is due, audio when it has waited.
static int64_t next_due_ns(const struct source_stream *stream)
{
    int64_t due_ns = INT64_MAX;

    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        const struct bench_clip_track *track = &stream->clip->track[t];
        if (track->units == NULL)
            continue;
        int64_t track_due_ns = stream->begin_ns + bench_loop_due_ns(track, stream->next[t]);
        if (t == BENCH_AUDIO)
            track_due_ns += stream->audio_wait_ns;
        if (track_due_ns < due_ns)
            due_ns = track_due_ns;
    }
    return due_ns;
}

// The first unit of each track that is due after now.
static void find_present(const struct source_stream *stream, int64_t now_ns,
                         int64_t out[BENCH_TRACKS])
{
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        const struct bench_clip_track *track = &stream->clip->track[t];
        out[t] = track->units == NULL ? 0 : bench_loop_at(track, now_ns - stream->begin_ns + 1);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct source_stream *stream = ctx;
    struct source_player *player;
    int64_t now_ns = source_clock_ns();
    int64_t until[BENCH_TRACKS];
    bool lagged = now_ns - next_due_ns(stream) > LAG_MAX_NS;
    (void)fd;
    (void)what;

    find_present(stream, now_ns, until);
    LIST_FOREACH (player, &stream->players, link) {
        if (lagged)
            skip(stream, player, until);
        else
            serve(stream, player, until, now_ns);
    }
    memcpy(stream->next, until, sizeof(until));
    source_clock_wake(stream->timer, next_due_ns(stream));
}

int source_stream_init(struct source_stream *stream, struct event_base *base,
                       const struct bench_clip *clip, const char *name)
{
    int len = snprintf(stream->name, sizeof(stream->name), "%s", name);

    if (len <= 0 || (size_t)len >= sizeof(stream->name))
        return -EINVAL;
    if (getrandom(stream->ssrc, sizeof(stream->ssrc), 0) < 0 ||
        getrandom(stream->first_sequence, sizeof(stream->first_sequence), 0) < 0 ||
        getrandom(stream->first_timestamp, sizeof(stream->first_timestamp), 0) < 0)
        return -errno;
    stream->clip = clip;
    LIST_INIT(&stream->players);
    stream->timer = evtimer_new(base, on_timer, stream);
    return stream->timer == NULL ? -ENOMEM : 0;
}

void source_stream_fini(struct source_stream *stream)
{
    event_free(stream->timer);
}

void source_stream_play(struct source_stream *stream, struct source_player *player)
{
    int64_t now_ns = source_clock_ns();
    const struct bench_clip_track *video = &stream->clip->track[BENCH_VIDEO];
    const struct bench_clip_track *audio = &stream->clip->track[BENCH_AUDIO];
    bool idle = LIST_EMPTY(&stream->players);

    if (idle)
        find_present(stream, now_ns, stream->next);
    player->first[BENCH_VIDEO] = bench_loop_key(video, stream->next[BENCH_VIDEO]);
    int64_t first_ns = bench_loop_due_ns(video, player->first[BENCH_VIDEO]);
    player->first[BENCH_AUDIO] = audio->units == NULL ? 0 : bench_loop_at(audio, first_ns);
    player->wait_key = true;
    player->report_ns = stream->begin_ns + first_ns;
    LIST_INSERT_HEAD(&stream->players, player, link);
    stream->player_count++;
    if (idle)
        source_clock_wake(stream->timer, next_due_ns(stream));
}

void source_stream_leave(struct source_stream *stream, struct source_player *player)
{
    LIST_REMOVE(player, link);
    if (LIST_EMPTY(&stream->players))
        event_del(stream->timer);
}

uint16_t source_stream_sequence(const struct source_stream *stream, enum bench_track t, int64_t k)
{
    return (uint16_t)(stream->first_sequence[t] + bench_loop_packets(&stream->clip->track[t], k));
}

uint32_t source_stream_timestamp(const struct source_stream *stream, enum bench_track t, int64_t k)
{
    return stream->first_timestamp[t] + bench_loop_timestamp(&stream->clip->track[t], k);
}
