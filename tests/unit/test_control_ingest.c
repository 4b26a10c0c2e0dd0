// SPDX-License-Identifier: Apache-2.0
//
// The ingest thread with sources that are made up here: they say what each test wants to hear.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/ingest.h"

enum {
    WAIT_MS = 30000, // for what must come; a loaded machine is slow
    LOOKS = 10,      // in as many batch windows, at least
    BATCH_MS = 20,
    BURST = CTL_INGEST_STATUSES_MAX * 4,
};

// ---- sources ----

struct rtsp_source {
    struct rtsp_source_config config;
    struct rtsp_source_status status;
    struct event_base *base;
};

// By the URL: "quiet" says what a live source does, "burst" all at once, "stuck" never
// becomes idle, "broken" cannot be created, "slow" takes 50 ms to become idle, "busy" has something
// to read at all times.
static int alive;         // sources that were created and not destroyed
static atomic_uint looks; // at what is to be read
// Calls of start that are over, and of stop that have begun.
static atomic_uint starts, stops;

int rtsp_source_create(struct event_base *base, const struct rtsp_source_config *config,
                       struct rtsp_source **out)
{
    if (strcmp(config->url, "broken") == 0)
        return -EINVAL;
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    (*out)->config = *config;
    (*out)->base = base;
    alive++;
    return 0;
}

static void on_look(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_source *source = ctx;
    const struct timeval soon = {.tv_usec = 1};

    (void)fd;
    (void)what;
    atomic_fetch_add(&looks, 1);
    event_base_once(source->base, -1, EV_TIMEOUT, on_look, source, &soon);
}

static void say(struct rtsp_source *source, enum rtsp_state state)
{
    source->status.state = state;
    source->config.on_status(source->config.ctx, &source->status);
}

static unsigned linked;

void rtsp_source_fall_back(struct rtsp_source *source, struct rtsp_source *other)
{
    assert_ptr_not_equal(source, other);
    linked++;
}

void rtsp_source_start(struct rtsp_source *source)
{
    say(source, RTSP_CONNECTING);
    if (strcmp(source->config.url, "burst") == 0)
        for (source->status.frames = 1; source->status.frames < BURST; source->status.frames++)
            say(source, RTSP_STALLED);
    say(source, RTSP_LIVE);
    if (strcmp(source->config.url, "busy") == 0)
        on_look(-1, 0, source);
    atomic_fetch_add(&starts, 1);
}

static void on_idle(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    say(ctx, RTSP_IDLE);
}

void rtsp_source_stop(struct rtsp_source *source)
{
    const struct timeval delay = {.tv_usec = 50000};

    atomic_fetch_add(&stops, 1);
    if (strcmp(source->config.url, "slow") == 0)
        event_base_once(source->base, -1, EV_TIMEOUT, on_idle, source, &delay);
    else if (strcmp(source->config.url, "stuck") != 0)
        say(source, RTSP_IDLE);
}

void rtsp_source_destroy(struct rtsp_source *source)
{
    free(source);
    alive--;
}

// ---- helpers ----

static struct ctl_ingest *create(const char *const *names, size_t count)
{
    struct ctl_ingest_source sources[8] = {0};
    struct ctl_ingest *ingest = NULL;

    for (size_t i = 0; i < count; i++)
        sources[i].url = names[i];
    assert_int_equal(ctl_ingest_create(sources, count, 0, 2, &ingest), 0);
    assert_int_equal(alive, count);
    atomic_store(&starts, 0);
    atomic_store(&stops, 0);
    return ingest;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_for_news(const struct ctl_ingest *ingest)
{
    struct pollfd fd = {.fd = ctl_ingest_event_fd(ingest), .events = POLLIN};

    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
}

// Reads until source has said state; everything else goes by. Returns that status.
static struct rtsp_source_status await(struct ctl_ingest *ingest, size_t source,
                                       enum rtsp_state state)
{
    struct ctl_ingest_status news;

    for (;;) {
        while (ctl_ingest_poll(ingest, &news))
            if (news.source == source && news.status.state == state)
                return news.status;
        wait_for_news(ingest);
    }
}

// The source has said something that was not read yet.
static bool says_anything(struct ctl_ingest *ingest, size_t source)
{
    struct ctl_ingest_status news;
    bool any = false;

    while (ctl_ingest_poll(ingest, &news))
        any = any || news.source == source;
    return any;
}

static void await_end(struct ctl_ingest *ingest)
{
    struct ctl_ingest_status news;

    for (;;) {
        while (ctl_ingest_poll(ingest, &news))
            ;
        if (ctl_ingest_finished(ingest))
            return;
        wait_for_news(ingest);
    }
}

static void short_sleep(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000L}, NULL);
}

static void await_count(atomic_uint *count, unsigned wanted)
{
    int64_t end_ms = now_ms() + WAIT_MS;

    while (atomic_load(count) < wanted && now_ms() < end_ms)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(atomic_load(count) >= wanted);
}

// ---- tests ----

static void statuses_arrive_in_order(void **state)
{
    static const char *const names[] = {"quiet", "quiet", "quiet"};
    struct ctl_ingest *ingest = create(names, 3);

    (void)state;
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await(ingest, 0, RTSP_CONNECTING);
    await(ingest, 0, RTSP_LIVE);
    await(ingest, 2, RTSP_LIVE);
    assert_false(ctl_ingest_finished(ingest));
    ctl_ingest_stop(ingest);
    await(ingest, 0, RTSP_IDLE);
    await(ingest, 2, RTSP_IDLE);
    await_end(ingest);
    ctl_ingest_destroy(ingest);
    assert_int_equal(alive, 0);
}

static void on_demand_it_starts_when_it_is_wanted(void **state)
{
    static const struct ctl_ingest_source sources[] = {{.url = "quiet"},
                                                       {.url = "quiet", .on_demand = true}};
    struct ctl_ingest *ingest = NULL;

    (void)state;
    assert_int_equal(ctl_ingest_create(sources, 2, 0, 2, &ingest), 0);
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await(ingest, 0, RTSP_LIVE);
    short_sleep();
    assert_false(says_anything(ingest, 1));
    for (int i = 0; i < 3; i++) {
        ctl_ingest_want(ingest, 1, true);
        ctl_ingest_want(ingest, 1, true);
        await(ingest, 1, RTSP_LIVE);
        ctl_ingest_want(ingest, 1, false);
        await(ingest, 1, RTSP_IDLE);
    }
    short_sleep();
    assert_false(says_anything(ingest, 0));
    ctl_ingest_want(ingest, 1, true);
    await(ingest, 1, RTSP_LIVE);
    ctl_ingest_stop(ingest);
    await(ingest, 1, RTSP_IDLE);
    await_end(ingest);
    ctl_ingest_destroy(ingest);
    assert_int_equal(alive, 0);
}

static void a_fallback_may_come_later(void **state)
{
    struct ctl_ingest_source sources[] = {{.url = "quiet"}, {.url = "quiet"}, {.url = "quiet"}};
    struct ctl_ingest *ingest = NULL;

    (void)state;
    sources[0].fallback = &sources[2];
    sources[1].fallback = &sources[2];
    linked = 0;
    assert_int_equal(ctl_ingest_create(sources, 3, 0, 2, &ingest), 0);
    assert_int_equal(linked, 2);
    ctl_ingest_destroy(ingest);
}

static void wanted_while_it_stops_it_starts_again(void **state)
{
    static const char *const names[] = {"slow"};
    struct ctl_ingest *ingest = create(names, 1);
    unsigned seen;

    (void)state;
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await(ingest, 0, RTSP_LIVE);
    ctl_ingest_want(ingest, 0, false);
    ctl_ingest_want(ingest, 0, true);
    short_sleep(); // whether the first was seen or not
    seen = atomic_load(&stops);
    await_count(&starts, seen + 1);
    (void)says_anything(ingest, 0);
    ctl_ingest_want(ingest, 0, false);
    await_count(&stops, seen + 1);
    assert_int_equal(atomic_load(&stops), seen + 1);
    ctl_ingest_want(ingest, 0, true);
    await(ingest, 0, RTSP_IDLE);
    await(ingest, 0, RTSP_LIVE);
    ctl_ingest_stop(ingest);
    await(ingest, 0, RTSP_IDLE);
    await_end(ingest);
    ctl_ingest_destroy(ingest);
}

static void a_full_queue_loses_nothing_final(void **state)
{
    static const char *const names[] = {"quiet", "burst"};
    struct ctl_ingest *ingest = create(names, 2);
    struct ctl_ingest_status news;
    size_t count = 0;
    uint64_t last = 0;

    (void)state;
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await_count(&starts, 2); // the burst is over, the queue full
    while (count < CTL_INGEST_STATUSES_MAX - 1 && ctl_ingest_poll(ingest, &news)) {
        assert_true(news.status.frames >= last);
        last = news.status.frames;
        count++;
    }
    assert_int_equal(count, CTL_INGEST_STATUSES_MAX - 1);
    assert_int_not_equal(news.status.state, RTSP_LIVE);
    assert_int_equal(await(ingest, 1, RTSP_LIVE).frames, BURST);
    ctl_ingest_destroy(ingest);
    assert_int_equal(alive, 0);
}

static void the_event_fd_is_quiet_when_all_is_read(void **state)
{
    static const char *const names[] = {"quiet"};
    struct ctl_ingest *ingest = create(names, 1);
    struct ctl_ingest_status news;
    struct pollfd fd = {.fd = ctl_ingest_event_fd(ingest), .events = POLLIN};

    (void)state;
    assert_int_equal(poll(&fd, 1, 0), 0);
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await(ingest, 0, RTSP_LIVE);
    assert_false(ctl_ingest_poll(ingest, &news));
    // What was read before its bell rang rings once for nothing.
    if (poll(&fd, 1, 50) != 0)
        assert_false(ctl_ingest_poll(ingest, &news));
    assert_int_equal(poll(&fd, 1, 50), 0);
    ctl_ingest_stop(ingest);
    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    ctl_ingest_destroy(ingest);
}

static void a_source_that_hangs_is_not_waited_for(void **state)
{
    static const char *const names[] = {"quiet", "stuck"};
    struct ctl_ingest *ingest = create(names, 2);
    int64_t began;

    (void)state;
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await(ingest, 1, RTSP_LIVE);
    began = now_ms();
    ctl_ingest_stop(ingest);
    ctl_ingest_stop(ingest);
    await_end(ingest);
    assert_true(now_ms() - began >= CTL_INGEST_STOP_MS - 100);
    assert_true(now_ms() - began < WAIT_MS);
    ctl_ingest_destroy(ingest);
    assert_int_equal(alive, 0);
}

static void it_can_go_at_any_stage(void **state)
{
    static const char *const names[] = {"quiet", "quiet"};
    static const struct ctl_ingest_source broken[] = {{.url = "quiet"}, {.url = "broken"}};
    struct ctl_ingest *ingest = create(names, 2);

    (void)state;
    ctl_ingest_destroy(ingest); // never started
    assert_int_equal(alive, 0);

    ingest = create(names, 2);
    assert_int_equal(ctl_ingest_start(ingest), 0);
    ctl_ingest_destroy(ingest); // just started, never stopped, nothing read
    assert_int_equal(alive, 0);

    ingest = NULL;
    assert_int_equal(ctl_ingest_create(broken, 2, 0, 2, &ingest), -EINVAL);
    assert_null(ingest);
    assert_int_equal(alive, 0);
    ctl_ingest_destroy(NULL);
}

// A thread that is always awake would look a thousand times in the window.
static void it_looks_once_in_a_batch_window(void **state)
{
    static const struct ctl_ingest_source source = {.url = "busy"};
    struct ctl_ingest *ingest = NULL;
    int64_t begin_ms = now_ms();
    unsigned seen;

    (void)state;
    atomic_store(&looks, 0);
    assert_int_equal(ctl_ingest_create(&source, 1, 0, BATCH_MS, &ingest), 0);
    assert_int_equal(ctl_ingest_start(ingest), 0);
    await_count(&looks, LOOKS);
    seen = atomic_load(&looks); // first: more come while the machine holds this up
    assert_true(seen <= (now_ms() - begin_ms) / BATCH_MS + 2);
    ctl_ingest_destroy(ingest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_arrive_in_order),
        cmocka_unit_test(on_demand_it_starts_when_it_is_wanted),
        cmocka_unit_test(a_fallback_may_come_later),
        cmocka_unit_test(wanted_while_it_stops_it_starts_again),
        cmocka_unit_test(a_full_queue_loses_nothing_final),
        cmocka_unit_test(the_event_fd_is_quiet_when_all_is_read),
        cmocka_unit_test(a_source_that_hangs_is_not_waited_for),
        cmocka_unit_test(it_looks_once_in_a_batch_window),
        cmocka_unit_test(it_can_go_at_any_stage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
