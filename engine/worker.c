// SPDX-License-Identifier: Apache-2.0
#include "engine/worker.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/fetch.h"
#include "engine/receive.h"
#include "engine/repair.h"
#include "engine/report.h"
#include "engine/sent.h"
#include "engine/train.h"

enum {
    UDP_PAYLOAD_MAX = 65507,

    // A report may be this late: reports are no reason to wake a worker that is woken anyway.
    REPORT_LATE_MS = 20,
};

// ---- sends ----

struct eng_send *eng_worker_send(struct eng_worker *worker)
{
    struct eng_send *send = eng_send_get(&worker->sends);

    if (!send) {
        worker->io_ops->flush(worker->io);
        send = eng_send_get(&worker->sends);
    }
    if (!send)
        eng_count(&worker->counters, ENG_COUNTER_DROP_NO_BUFFER, 1);
    return send;
}

void eng_worker_push(struct eng_worker *worker, struct eng_send *send,
                     const struct eng_tuple *tuple, size_t segment)
{
    eng_send_address(&worker->sends, send, tuple, segment);
    if (send->viewer)
        send->viewer->in_flight++;
    worker->io_ops->push(worker->io, send);
}

// ---- the run queue, and events that wait for room ----

void eng_worker_queue(struct eng_worker *worker, struct eng_viewer *viewer)
{
    if (viewer->queued)
        return;
    viewer->queued = true;
    viewer->run_next = NULL;
    *worker->run_last = viewer;
    worker->run_last = &viewer->run_next;
}

void eng_worker_settle(struct eng_worker *worker, struct eng_viewer *viewer)
{
    if (viewer->removed && viewer->in_flight == 0 && !viewer->queued && !viewer->gone_due) {
        viewer->gone_due = true;
        eng_worker_tell(worker, viewer);
    }
}

// The next viewer of the queue. One that was removed while it stood there is let go: taking it out
// at once would mean walking the queue.
static struct eng_viewer *take_queued(struct eng_worker *w)
{
    struct eng_viewer *v;

    while ((v = w->run_first) != NULL) {
        w->run_first = v->run_next;
        if (!w->run_first)
            w->run_last = &w->run_first;
        v->queued = false;
        if (!v->removed)
            break;
        eng_worker_settle(w, v);
    }
    return v;
}

void eng_worker_tell(struct eng_worker *worker, struct eng_viewer *viewer)
{
    if (viewer->due)
        return;
    viewer->due = true;
    viewer->due_next = worker->due;
    worker->due = viewer;
}

static bool put_event(struct eng_worker *w, enum eng_event_type type, struct eng_viewer *v)
{
    struct eng_event *event = eng_queue_reserve_eng_event(&w->events);

    if (!event)
        return false;
    event->type = type;
    event->worker = w->id;
    event->owner = v->owner;
    event->viewer = v;
    event->len = 0;
    if (type == ENG_EVENT_VIEWER_GONE)
        TAILQ_REMOVE(&w->leaving, v, link);
    eng_queue_commit(&w->events);
    w->event_news = true;
    return true;
}

// A viewer's last words are never dropped: what finds the queue full is tried again next turn.
static void tell_control(struct eng_worker *w)
{
    uint64_t one = 1;

    while (w->due) {
        struct eng_viewer *v = w->due;

        if (v->bye_due && !v->removed && !put_event(w, ENG_EVENT_VIEWER_BYE, v))
            break;
        v->bye_due = false;
        if (v->gone_due && !put_event(w, ENG_EVENT_VIEWER_GONE, v))
            break;
        // After GONE the viewer is the control thread's to free: not a byte of it is touched.
        w->due = v->due_next;
        if (!v->gone_due)
            v->due = false;
    }
    if (w->event_news) {
        (void)!write(w->event_fd, &one, sizeof(one));
        eng_count(&w->counters, ENG_COUNTER_SYSCALLS, 1);
    }
    w->event_news = false;
}

// ---- the loop ----

static void read_clocks(struct eng_worker *w)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    w->mono_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
    clock_gettime(CLOCK_REALTIME, &ts);
    w->real_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
    w->clocks_old = false;
}

static void take_news(struct eng_worker *w)
{
    w->had_news = false;
    for (unsigned word = 0; word < ENG_BELL_WORDS; word++) {
        uint64_t news = atomic_load_explicit(&w->bell->news[word], memory_order_relaxed);

        if (news == 0)
            continue;
        // Acquire, with the ringer's sequentially consistent set: the packets are there.
        news = atomic_exchange_explicit(&w->bell->news[word], 0, memory_order_acquire);
        for (; news; news &= news - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(news);
            struct eng_viewer *v;

            w->audiences[slot].news_ns = w->mono_ns;
            w->had_news = true;
            TAILQ_FOREACH (v, &w->audiences[slot].viewers, link)
                eng_worker_queue(w, v);
        }
    }
}

static void run_timers(struct eng_worker *w)
{
    int64_t now_ms = w->mono_ns / 1000000;
    struct eng_timer *timer;

    while ((timer = eng_wheel_expire(&w->pacing, now_ms)) != NULL)
        eng_worker_queue(w, timer->viewer);
    while ((timer = eng_wheel_expire(&w->reports, now_ms)) != NULL) {
        if (!timer->viewer->paused) {
            eng_report_send(w, timer->viewer, false);
            eng_repair_beat(w, timer->viewer);
        }
        eng_wheel_arm(&w->reports, timer, ENG_REPORT_INTERVAL_MS);
    }
}

// Thousands of viewers do not fit into a core's cache, and a train needs all of one. While one
// viewer's train is sealed, the next viewer is fetched.
static void run_viewers(struct eng_worker *w)
{
    for (int i = 0; i < ENG_TURN_VIEWERS_MAX; i++) {
        struct eng_viewer *v = take_queued(w), *next = w->run_first;

        if (!v)
            break;
        if (next)
            eng_fetch(next, sizeof(*next));
        if (next && next->stream != v->stream)
            eng_train_fetch(next);
        eng_train_run(w, v);
    }
}

// The sooner of two waits in milliseconds, -1 being none.
static int sooner(int a_ms, int b_ms)
{
    return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

// Nanoseconds that the worker may wait for the kernel; -1: for ever.
static int64_t wait_time(const struct eng_worker *w)
{
    int next_ms = eng_wheel_next_ms(&w->pacing);
    int report_ms = eng_wheel_next_ms(&w->reports);
    int64_t left;

    if (report_ms >= 0)
        next_ms = sooner(next_ms, report_ms + REPORT_LATE_MS);
    if (w->due)
        next_ms = sooner(next_ms, 1); // the event queue is full: look again soon
    if (next_ms < 0)
        return -1;
    left = (w->pacing.now_ms + next_ms) * 1000000 - w->mono_ns;
    return left > 0 ? left : 0;
}

static void sleep_or_look(struct eng_worker *w)
{
    bool nap = w->had_news && eng_nap_pays(&w->nap, w->listening);
    bool quiet = !w->run_first && (nap ? eng_bell_nap(w->bell) : eng_bell_sleep(w->bell));
    int64_t timeout_ns, began_ns = w->mono_ns;

    read_clocks(w); // a turn with many viewers takes milliseconds
    eng_nap_note(&w->nap, w->mono_ns - began_ns, began_ns - w->rested_ns);
    w->rested_ns = w->mono_ns;
    w->clocks_old = true;
    timeout_ns = quiet ? wait_time(w) : 0;
    if (nap && (timeout_ns < 0 || timeout_ns > ENG_NAP_NS))
        timeout_ns = ENG_NAP_NS;
    w->io_ops->wait(w->io, timeout_ns);
    eng_bell_wake(w->bell);
    eng_count(&w->counters, ENG_COUNTER_WAKEUPS, 1);
}

static void run_commands(struct eng_worker *w)
{
    struct eng_command command;

    if (!atomic_exchange(&w->bell->called, false))
        return;
    for (int i = 0; i < ENG_TURN_COMMANDS_MAX; i++) {
        if (!eng_queue_take_eng_command(&w->commands, &command))
            return;
        eng_command_run(w, &command);
    }
    atomic_store(&w->bell->called, true); // there may be more: next turn
}

void eng_worker_turn(struct eng_worker *worker)
{
    run_commands(worker);
    take_news(worker);
    run_timers(worker);
    run_viewers(worker);
    worker->io_ops->flush(worker->io);
    tell_control(worker);
}

static void on_received(void *ctx, const struct eng_tuple *tuple, const uint8_t *data, size_t len)
{
    struct eng_worker *w = ctx;

    if (w->clocks_old)
        read_clocks(w);
    eng_receive(w, tuple, data, len);
}

static void pin(int core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    // A core that is not ours (any more) is no reason not to work.
    (void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

int eng_worker_open(struct eng_worker *worker)
{
    struct eng_io_config config = {
        .socket = worker->socket,
        .bell = worker->bell->fd,
        .port = worker->port,
        .counters = &worker->counters,
        .ctx = worker,
        .received = on_received,
        .sent = eng_sent,
    };

    eng_wheel_init(&worker->pacing, worker->mono_ns / 1000000);
    eng_wheel_init(&worker->reports, worker->mono_ns / 1000000);
    return worker->io_ops->create(&config, &worker->io);
}

void eng_worker_close(struct eng_worker *worker)
{
    worker->io_ops->destroy(worker->io);
}

static void *run(void *arg)
{
    struct eng_worker *w = arg;
    int err;

    pin(w->core);
    read_clocks(w);
    w->rested_ns = w->mono_ns;
    err = eng_worker_open(w);
    atomic_store(&w->start_result, err);
    if (err)
        return NULL;
    for (;;) {
        read_clocks(w);
        eng_worker_turn(w);
        // After the turn: it may have answered the call that stop came with.
        if (atomic_load(&w->stop))
            break;
        sleep_or_look(w);
    }
    do {
        read_clocks(w);
        eng_worker_turn(w);
    } while (atomic_load(&w->bell->called));
    eng_worker_close(w);
    return NULL;
}

// ---- the control thread's side of the command queue ----

struct eng_command *eng_worker_ask(struct eng_worker *worker, enum eng_command_type type,
                                   struct eng_viewer *viewer)
{
    struct eng_command *command = eng_queue_reserve_eng_command(&worker->commands);

    if (command) {
        command->type = type;
        command->viewer = viewer;
        command->len = 0;
    }
    return command;
}

void eng_worker_asked(struct eng_worker *worker)
{
    eng_queue_commit(&worker->commands);
    eng_bell_call(worker->bell);
}

// ---- life ----

int eng_worker_init(struct eng_worker *worker, const struct eng_worker_config *config)
{
    size_t train =
        config->train_max * (ENG_RTP_HEADER_MAX + (size_t)ENG_PAYLOAD_MAX + ENG_SRTP_OVERHEAD_MAX);
    int err;

    memset(worker, 0, sizeof(*worker));
    worker->id = config->id;
    worker->core = config->core;
    worker->socket = config->socket;
    worker->port = config->port;
    worker->train_max = config->train_max;
    worker->pace_ms = config->pace_ms;
    worker->io_ops = config->io_ops;
    worker->bell = config->bell;
    worker->event_fd = config->event_fd;
    worker->run_last = &worker->run_first;
    for (unsigned slot = 0; slot < ENG_STREAMS_MAX; slot++)
        TAILQ_INIT(&worker->audiences[slot].viewers);
    TAILQ_INIT(&worker->leaving);
    if (train > UDP_PAYLOAD_MAX)
        train = UDP_PAYLOAD_MAX;
    if (train < ENG_DATAGRAM_MAX)
        train = ENG_DATAGRAM_MAX;
    err = eng_queue_init(&worker->commands, ENG_COMMANDS_MAX, sizeof(struct eng_command));
    if (!err)
        err = eng_queue_init(&worker->events, ENG_EVENTS_MAX, sizeof(struct eng_event));
    if (!err)
        err = eng_queue_init(&worker->strangers, ENG_STRANGER_EVENTS_MAX, sizeof(struct eng_event));
    if (!err)
        err = eng_send_pool_init(&worker->sends, train, config->family);
    if (!err)
        err = eng_tuples_init(&worker->tuples, ENG_WORKER_VIEWERS_MAX, config->seed);
    if (err)
        eng_worker_fini(worker);
    return err;
}

void eng_worker_fini(struct eng_worker *worker)
{
    eng_tuples_fini(&worker->tuples);
    eng_send_pool_fini(&worker->sends);
    eng_queue_fini(&worker->strangers);
    eng_queue_fini(&worker->events);
    eng_queue_fini(&worker->commands);
    if (worker->socket >= 0)
        close(worker->socket);
    worker->socket = -1;
}

int eng_worker_start(struct eng_worker *worker)
{
    char name[16]; // all that the kernel keeps
    int err;

    atomic_store(&worker->start_result, 1);
    err = pthread_create(&worker->thread, NULL, run, worker);
    if (err)
        return -err;
    snprintf(name, sizeof(name), "worker-%u", worker->id);
    pthread_setname_np(worker->thread, name);
    while ((err = atomic_load(&worker->start_result)) == 1)
        sched_yield();
    if (err)
        pthread_join(worker->thread, NULL);
    else
        worker->started = true;
    return err;
}

void eng_worker_stop(struct eng_worker *worker)
{
    if (!worker->started)
        return;
    atomic_store(&worker->stop, true);
    eng_bell_call(worker->bell);
    pthread_join(worker->thread, NULL);
    worker->started = false;
}
