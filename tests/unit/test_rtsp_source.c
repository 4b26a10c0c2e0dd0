// SPDX-License-Identifier: Apache-2.0
//
// The source against a small camera in the same event loop, over TCP on 127.0.0.1, on a clock of
// the test's own.
#include "rtsp/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rtsp/unit_pool.h"
#include "tests/support/rtsp_camera.h"
#include "tests/support/stepped_clock.h"

enum {
    LIMIT_MS = 10000,
};

// ---- the bench ----

struct bench {
    struct event_base *base;
    struct camera camera;
    struct camera other;
    struct rtsp_unit_pool units;
    struct rtsp_source *source;
    struct rtsp_source_status status;
    unsigned reports;
    bool stop_when_live;
};

static void on_status(void *ctx, const struct rtsp_source_status *status)
{
    struct bench *b = ctx;

    b->status = *status;
    b->reports++;
    if (b->stop_when_live && status->state == RTSP_LIVE)
        rtsp_source_stop(b->source);
}

static void begin(struct bench *b)
{
    *b = (struct bench){.base = event_base_new()};
    struct camera *cameras[] = {&b->camera, &b->other};

    for (int i = 0; i < 2; i++) {
        cameras[i]->base = b->base;
        cameras[i]->media = event_new(b->base, -1, EV_PERSIST, on_media, cameras[i]);
        switch_on(cameras[i]);
    }
    char url[64];
    snprintf(url, sizeof(url), "rtsp://127.0.0.1:%u/s", b->camera.port);
    struct rtsp_source_config config = {
        .url = url, .payload_max = 1180, .units = &b->units, .on_status = on_status, .ctx = b};

    assert_int_equal(rtsp_source_create(b->base, &config, &b->source), 0);
    committed = 0;
    flushed = 0;
}

static void end(struct bench *b)
{
    rtsp_source_destroy(b->source);
    rtsp_unit_pool_fini(&b->units);
    switch_off(&b->camera);
    switch_off(&b->other);
    event_base_loop(b->base, EVLOOP_NONBLOCK);
    event_free(b->camera.media);
    event_free(b->other.media);
    event_base_free(b->base);
}

// Runs the loop until the source is in the state, or fails after ten seconds.
static void run_until(struct bench *b, enum rtsp_state state)
{
    for (int ms = 0; ms < LIMIT_MS && b->status.state != state; ms++)
        stepped_turn(b->base, 1);
    if (b->status.state != state)
        fail_msg("still %s, not %s: %s", rtsp_state_name(b->status.state), rtsp_state_name(state),
                 b->status.last_error);
}

static void run_for(struct bench *b, int64_t ms)
{
    for (int64_t i = 0; i < ms; i++)
        stepped_turn(b->base, 1);
}

static void test_plays_and_stops(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_start(b.source);
    assert_int_equal(b.status.state, RTSP_CONNECTING);
    run_until(&b, RTSP_LIVE);
    assert_string_equal(b.camera.asked, "ODSP");
    assert_int_equal(b.status.audio.codec, RTSP_CODEC_PCMU);
    assert_int_equal(b.status.video.codec, RTSP_CODEC_NONE);
    assert_true(b.status.live_since_ms > 0);
    // Long enough for a keepalive, which the session's timeout of 2 s wants each second.
    run_for(&b, 1200);
    assert_string_equal(b.camera.asked, "ODSPO");
    assert_int_equal(b.status.state, RTSP_LIVE);
    assert_true(committed > 10);
    assert_true(b.status.rtp_packets > 10);
    assert_int_equal(b.status.rtp_lost, 0);
    assert_int_equal(flushed, committed);

    rtsp_source_stop(b.source);
    rtsp_source_stop(b.source);
    run_until(&b, RTSP_IDLE);
    assert_string_equal(b.camera.asked, "ODSPOT");
    assert_int_equal(b.status.connects, 1);
    assert_int_equal(b.status.disconnects, 0);
    assert_int_equal(b.status.live_since_ms, 0);
    assert_string_equal(b.status.last_error, "");

    // It can be started again.
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    assert_int_equal(b.status.connects, 2);
    end(&b);
}

static void test_comes_back(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    switch_off(&b.camera);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_WAITING);
    assert_non_null(strstr(b.status.last_error, "cannot connect to 127.0.0.1:"));
    assert_non_null(strstr(b.status.last_error, "Connection refused"));
    switch_on(&b.camera);
    run_until(&b, RTSP_LIVE);
    assert_int_equal(b.status.connects, 2);
    assert_int_equal(b.status.reconnects[RTSP_CAUSE_REFUSED], 1);

    hang_up(&b.camera);
    run_until(&b, RTSP_WAITING);
    assert_int_equal(b.status.disconnects, 1);
    assert_int_equal(b.status.reconnects[RTSP_CAUSE_CLOSED], 1);
    assert_non_null(strstr(b.status.last_error, "127.0.0.1 closed the connection"));
    run_until(&b, RTSP_LIVE);
    assert_int_equal(b.status.connects, 3);
    end(&b);
}

// The wait of a clean end is none, and ends in the same turn of the loop or the next.
static void assert_back_at_once(struct bench *b)
{
    run_until(b, RTSP_WAITING);
    for (int i = 0; i < 2 && b->status.state == RTSP_WAITING; i++)
        stepped_turn(b->base, 0);
    assert_int_equal(b->status.state, RTSP_CONNECTING);
    run_until(b, RTSP_LIVE);
}

static void test_a_clean_end_is_followed_at_once(void **state)
{
    static const uint8_t teardown[] = "TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    static const uint8_t bye[] = {'$', 5, 0, 8, 0x81, 203, 0, 1, 0, 0, 0, 0};
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    run_for(&b, RTSP_STEADY_MS + 100);
    hang_up(&b.camera);
    assert_back_at_once(&b);

    run_for(&b, RTSP_STEADY_MS + 100);
    bufferevent_write(b.camera.peer, teardown, sizeof(teardown) - 1);
    assert_back_at_once(&b);
    assert_non_null(strstr(b.status.last_error, "tore the session down"));

    // A BYE that media follows means nothing.
    run_for(&b, RTSP_STEADY_MS + 100);
    bufferevent_write(b.camera.peer, bye, sizeof(bye));
    run_for(&b, 2500);
    assert_int_equal(b.status.connects, 3);
    b.camera.silent = true;
    bufferevent_write(b.camera.peer, bye, sizeof(bye));
    run_until(&b, RTSP_WAITING);
    b.camera.silent = false;
    assert_back_at_once(&b);
    assert_non_null(strstr(b.status.last_error, "BYE"));
    assert_int_equal(b.status.reconnects[RTSP_CAUSE_CLOSED], 3);
    assert_int_equal(b.status.disconnects, 3);
    end(&b);
}

static void test_a_locked_door_is_knocked_at_slowly(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.camera.closed = true;
    rtsp_source_start(b.source);
    run_until(&b, RTSP_WAITING);
    assert_non_null(strstr(b.status.last_error, "403 from 127.0.0.1"));
    assert_non_null(strstr(b.status.last_error, "; next attempt in 30 s"));
    assert_int_equal(b.status.reconnects[RTSP_CAUSE_AUTH], 1);
    run_for(&b, 1500);
    assert_int_equal(b.status.connects, 1);
    end(&b);
}

static void test_gives_memory_back_when_the_session_ends(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.camera.video = true;
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    assert_int_equal(b.units.borrowed, 1);
    hang_up(&b.camera);
    run_until(&b, RTSP_WAITING);
    assert_int_equal(b.units.borrowed, 0);
    end(&b);
}

static void test_stalls(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    b.camera.silent = true;
    run_until(&b, RTSP_STALLED);
    assert_int_equal(b.status.live_since_ms, 0);
    b.camera.silent = false;
    run_until(&b, RTSP_LIVE);
    assert_int_equal(b.status.connects, 1);
    assert_int_equal(b.status.disconnects, 0);
    end(&b);
}

static void test_asks_for_keyframes(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.camera.video = true;
    b.camera.listens = true;
    keyframe_wanted = false;
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    run_for(&b, 200);
    assert_int_equal(b.camera.plis, 0);
    keyframe_wanted = true;
    run_for(&b, 200);
    assert_int_equal(b.camera.plis, 1);
    assert_false(keyframe_wanted);
    // None has come: it is asked again.
    run_for(&b, 1500);
    assert_true(b.camera.plis > 1);

    // One that does not listen hears reports alone.
    hang_up(&b.camera);
    b.camera.listens = false;
    b.camera.plis = b.camera.reports = 0;
    run_until(&b, RTSP_WAITING);
    run_until(&b, RTSP_LIVE);
    keyframe_wanted = true;
    run_for(&b, 5500);
    assert_int_equal(b.camera.plis, 0);
    assert_int_equal(b.camera.reports, 1);
    end(&b);
}

static void test_follows_a_redirect(void **state)
{
    struct bench b;
    char location[64];

    (void)state;
    begin(&b);
    snprintf(location, sizeof(location), "rtsp://127.0.0.1:%u/t", b.other.port);
    b.camera.location = location;
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    assert_string_equal(b.camera.asked, "O");
    assert_string_equal(b.other.asked, "ODSP");
    assert_int_equal(b.status.connects, 1);
    end(&b);
}

static void test_stops_in_every_state(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_stop(b.source);
    assert_int_equal(b.reports, 0);
    rtsp_source_start(b.source);
    rtsp_source_stop(b.source);
    run_until(&b, RTSP_IDLE);

    switch_off(&b.camera);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_WAITING);
    rtsp_source_stop(b.source);
    run_until(&b, RTSP_IDLE);

    // From within the callback.
    switch_on(&b.camera);
    b.stop_when_live = true;
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    run_until(&b, RTSP_IDLE);
    assert_non_null(strchr(b.camera.asked, 'T'));
    end(&b);
}

static void test_destroyed_while_live(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    end(&b);
}

static void test_camera_that_asks_and_never_reads(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    rtsp_source_start(b.source);
    run_until(&b, RTSP_LIVE);
    b.camera.chatty = true;
    run_until(&b, RTSP_WAITING);
    assert_non_null(strstr(b.status.last_error, "without reading"));
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays_and_stops),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_a_clean_end_is_followed_at_once),
        cmocka_unit_test(test_a_locked_door_is_knocked_at_slowly),
        cmocka_unit_test(test_gives_memory_back_when_the_session_ends),
        cmocka_unit_test(test_stalls),
        cmocka_unit_test(test_asks_for_keyframes),
        cmocka_unit_test(test_follows_a_redirect),
        cmocka_unit_test(test_stops_in_every_state),
        cmocka_unit_test(test_destroyed_while_live),
        cmocka_unit_test(test_camera_that_asks_and_never_reads),
    };

    signal(SIGPIPE, SIG_IGN); // as the program does
    return cmocka_run_group_tests(tests, NULL, NULL);
}
