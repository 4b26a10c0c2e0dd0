// SPDX-License-Identifier: Apache-2.0
//
// The streams with made-up sources: one thread plays a camera's life, the other's log is read back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"
#include "control/streams.h"

// ---- what stands below ----

struct rtsp_source {
    struct rtsp_source_config config;
    struct rtsp_source_status status;
};

int rtsp_source_create(struct event_base *base, const struct rtsp_source_config *config,
                       struct rtsp_source **out)
{
    (void)base;
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    (*out)->config = *config;
    return 0;
}

static void say(struct rtsp_source *source, enum rtsp_state state, const char *error)
{
    source->status.state = state;
    if (error)
        snprintf(source->status.last_error, sizeof(source->status.last_error), "%s", error);
    source->config.on_status(source->config.ctx, &source->status);
}

// Only the first stream has a camera; its life goes by in no time.
void rtsp_source_start(struct rtsp_source *source)
{
    struct rtsp_source_status *status = &source->status;

    say(source, RTSP_CONNECTING, NULL);
    if (strcmp(source->config.url, "rtsp://one") != 0)
        return;
    say(source, RTSP_WAITING, "nobody listens at 192.0.2.1:554");
    say(source, RTSP_CONNECTING, NULL);
    say(source, RTSP_WAITING, NULL); // the same again: no line
    say(source, RTSP_WAITING, NULL); // no change: no line either
    say(source, RTSP_CONNECTING, NULL);
    status->video = (struct rtsp_track_info){.codec = RTSP_CODEC_H264, .clock_rate = 90000};
    status->audio = (struct rtsp_track_info){.note = "the camera sends AC3"};
    say(source, RTSP_LIVE, NULL);
    status->video.width = 1280;
    status->video.height = 720;
    say(source, RTSP_LIVE, NULL);
    status->frames = 30;
    say(source, RTSP_LIVE, NULL); // only a counter: no line
    status->b_frames = true;
    say(source, RTSP_LIVE, NULL);
    say(source, RTSP_STALLED, NULL);
    status->tls = true;
    status->audio = (struct rtsp_track_info){.codec = RTSP_CODEC_OPUS,
                                             .camera_codec = RTSP_CODEC_AAC,
                                             .clock_rate = 48000,
                                             .channels = 2};
    say(source, RTSP_LIVE, NULL);
    say(source, RTSP_WAITING, "nobody listens at 192.0.2.1:554");
}

void rtsp_source_stop(struct rtsp_source *source)
{
    say(source, RTSP_IDLE, NULL);
}

void rtsp_source_destroy(struct rtsp_source *source)
{
    free(source);
}

void rtsp_source_fall_back(struct rtsp_source *source, struct rtsp_source *other)
{
    (void)source;
    (void)other;
}

static char engine_streams[3];

int eng_stream_create(struct eng_engine *engine, struct eng_stream **out)
{
    char **next = (char **)(void *)engine;

    *out = (struct eng_stream *)(void *)(*next)++;
    return 0;
}

void eng_stream_published(const struct eng_stream *stream, enum eng_track track, uint64_t *packets,
                          uint64_t *bytes)
{
    (void)stream;
    (void)track;
    *packets = *bytes = 0;
}

// ---- tests ----

struct fixture {
    struct event_base *base;
    struct ctl_streams *streams;
    unsigned done;
};

static int begin(void **state)
{
    static struct ctl_stream_config names[] = {
        {.name = (char *)"cam1", .source = (char *)"rtsp://one"},
        {.name = (char *)"hall/cam1", .source = (char *)"rtsp://two"},
        {.name = (char *)"hall", .source = (char *)"rtsp://three", .on_demand = true},
    };
    struct ctl_config config = {
        .streams = names, .stream_count = 3, .payload_max = 1180, .ingest_threads = 2};
    char *next = engine_streams;
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->base = event_base_new();
    assert_int_equal(
        ctl_streams_create(f->base, (struct eng_engine *)(void *)&next, &config, &f->streams), 0);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    ctl_streams_destroy(f->streams);
    event_base_free(f->base);
    free(f);
    return 0;
}

static void streams_are_found_by_their_whole_name(void **state)
{
    struct ctl_streams *streams = ((struct fixture *)*state)->streams;

    assert_int_equal(ctl_streams_count(streams), 3);
    assert_string_equal(ctl_streams_at(streams, 1)->name, "hall/cam1");
    assert_ptr_equal(ctl_streams_at(streams, 2)->engine_stream, &engine_streams[2]);
    assert_null(ctl_streams_at(streams, 3));
    assert_ptr_equal(ctl_streams_find(streams, "hall/cam1", 9), ctl_streams_at(streams, 1));
    assert_ptr_equal(ctl_streams_find(streams, "hall/cam1", 4), ctl_streams_at(streams, 2));
    assert_ptr_equal(ctl_streams_find(streams, "cam1/whep", 4), ctl_streams_at(streams, 0));
    assert_null(ctl_streams_find(streams, "cam", 3));
    assert_null(ctl_streams_find(streams, "Cam1", 4));
    assert_null(ctl_streams_find(streams, "", 0));
}

static void on_done(void *ctx)
{
    struct fixture *f = ctx;

    f->done++;
    event_base_loopbreak(f->base);
}

// Everything of the log without its timestamps, from a pipe that takes the place of stderr.
static void read_log(int fd, char *out, size_t size)
{
    char raw[8192];
    ssize_t len = read(fd, raw, sizeof(raw) - 1);
    char *line, *rest = raw;

    assert_true(len > 0);
    raw[len] = '\0';
    out[0] = '\0';
    while ((line = strsep(&rest, "\n")) && *line) {
        assert_non_null(strchr(line, ' '));
        strncat(out, strchr(line, ' ') + 1, size - strlen(out) - 1);
        strncat(out, "\n", size - strlen(out) - 1);
    }
}

static void news_are_logged_once_and_the_end_is_told_once(void **state)
{
    static const char expected[] =
        "WARN stream cam1: waiting: nobody listens at 192.0.2.1:554\n"
        "INFO stream cam1: live, H264, no audio, over tcp\n"
        "WARN stream cam1: no sound: the camera sends AC3\n"
        "INFO stream cam1: live, H264 1280x720, no audio, over tcp\n"
        "WARN stream cam1: B-frames are shown out of order by most viewers; turn them off in the "
        "camera, or set bframes = \"drop\"\n"
        "WARN stream cam1: stalled: connected, but no media arrives\n"
        "INFO stream cam1: live, H264 1280x720, opus 48000 Hz stereo from AAC, over tcp in rtsps\n"
        "WARN stream cam1: waiting: nobody listens at 192.0.2.1:554\n";
    struct fixture *f = *state;
    int ends[2], saved = dup(STDERR_FILENO);
    char log[8192];

    unsetenv("JOURNAL_STREAM");
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    assert_int_equal(ctl_streams_start(f->streams), 0);
    ctl_streams_stop(f->streams, on_done, f);
    event_base_dispatch(f->base);
    event_base_loop(f->base, EVLOOP_NONBLOCK);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    read_log(ends[0], log, sizeof(log));
    close(ends[0]);

    assert_string_equal(log, expected);
    assert_int_equal(f->done, 1);
    assert_int_equal(ctl_streams_at(f->streams, 0)->status.state, RTSP_IDLE);
    assert_int_equal(ctl_streams_at(f->streams, 0)->status.frames, 30);
    assert_int_equal(ctl_streams_at(f->streams, 1)->status.frames, 0);
}

struct wait {
    struct event_base *base;
    const struct ctl_stream *stream;
    enum rtsp_state state;
    unsigned changes; // of the tracks
};

static void on_news(void *ctx, struct ctl_stream *stream)
{
    struct wait *wait = ctx;

    if (stream == wait->stream && stream->status.state == wait->state)
        event_base_loopbreak(wait->base);
}

static void on_demand_the_source_runs_while_it_is_held(void **state)
{
    struct fixture *f = *state;
    struct ctl_stream *stream = ctl_streams_at(f->streams, 2);
    struct wait wait = {.base = f->base, .stream = stream, .state = RTSP_CONNECTING};
    struct timeval moment = {.tv_usec = 100000};

    assert_int_equal(ctl_streams_start(f->streams), 0);
    ctl_streams_watch(f->streams, on_news, &wait);
    event_base_loopexit(f->base, &moment);
    event_base_dispatch(f->base);
    assert_int_equal(stream->status.state, RTSP_IDLE);

    ctl_stream_hold(stream);
    ctl_stream_hold(stream);
    event_base_dispatch(f->base);
    assert_int_equal(stream->status.state, RTSP_CONNECTING);
    ctl_stream_release(stream);
    event_base_loopexit(f->base, &moment);
    event_base_dispatch(f->base);
    assert_int_equal(stream->status.state, RTSP_CONNECTING);
    // Held again before its time is over, it goes on.
    ctl_stream_release(stream);
    ctl_stream_hold(stream);
    event_base_loopexit(f->base, &moment);
    event_base_dispatch(f->base);
    assert_int_equal(stream->status.state, RTSP_CONNECTING);
    wait.state = RTSP_IDLE;
    ctl_stream_release(stream);
    event_base_dispatch(f->base);
    assert_int_equal(stream->status.state, RTSP_IDLE);
    // Holds are of no matter to a source that always runs.
    ctl_stream_hold(ctl_streams_at(f->streams, 1));
    ctl_stream_release(ctl_streams_at(f->streams, 1));
    ctl_streams_watch(f->streams, NULL, NULL);
}

static void on_lost(void *ctx, struct ctl_stream *stream)
{
    struct wait *wait = ctx;

    if (stream != wait->stream)
        return;
    wait->changes += stream->changed;
    // Where its news are read one by one, it is lost for a moment when it stalls.
    if (stream->lost && stream->status.state == RTSP_WAITING)
        event_base_loopbreak(wait->base);
}

static void a_source_that_stays_away_is_lost(void **state)
{
    struct fixture *f = *state;
    struct wait wait = {.base = f->base, .stream = ctl_streams_at(f->streams, 0)};

    ctl_streams_watch(f->streams, on_lost, &wait);
    assert_int_equal(ctl_streams_start(f->streams), 0);
    event_base_dispatch(f->base);
    assert_true(wait.stream->lost);
    assert_int_equal(wait.stream->status.state, RTSP_WAITING);
    // From no tracks to H.264, and to Opus beside it.
    assert_int_equal(wait.changes, 2);
    assert_false(ctl_streams_at(f->streams, 1)->lost); // never was live
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(streams_are_found_by_their_whole_name, begin, end),
        cmocka_unit_test_setup_teardown(on_demand_the_source_runs_while_it_is_held, begin, end),
        cmocka_unit_test_setup_teardown(a_source_that_stays_away_is_lost, begin, end),
        cmocka_unit_test_setup_teardown(news_are_logged_once_and_the_end_is_told_once, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
