// SPDX-License-Identifier: Apache-2.0
#include "control/ingest.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/queue.h"
#include "rtsp/unit_pool.h"

enum {
    // How soon a status that found the queue full tries again.
    RETRY_MS = 20,
};

ENG_QUEUE(ctl_ingest_status)

// One source, on the ingest thread.
struct source {
    struct ctl_ingest *ingest;
    struct rtsp_source *rtsp;
    struct ctl_ingest_status latest;
    bool untold;        // latest is not in the queue yet
    bool active;        // started and not idle again
    atomic_bool wanted; // by the control thread
};

struct ctl_ingest {
    struct event_base *base;
    struct event *order_event;
    struct event *stop_deadline;
    struct event *retry;
    pthread_t thread;
    unsigned number;
    bool started;
    bool stopping;      // ingest thread
    atomic_bool ending; // by order of the control thread: no source is wanted any more
    int order_fd;       // eventfd, control to ingest: ending or wanted has changed
    int event_fd;       // eventfd, ingest to control
    // event_fd has been written since the control thread last looked: saves the system call.
    atomic_bool rung;
    atomic_bool finished;
    struct eng_queue queue;
    struct rtsp_unit_pool units; // ingest thread, while it runs
    struct rtsp_tls_context tls; // the same
    int64_t batch_ns;
    int64_t worked_ns; // CPU time of the thread at the end of its last turn
    size_t count;
    struct source sources[];
};

// ---- ingest thread ----

// Tells the control thread to look. The exchange pairs with the one in ctl_ingest_poll(): acquire
// and release, so that whoever comes second sees what the first has done to the queue.
static void ring_bell(struct ctl_ingest *ingest)
{
    if (!atomic_exchange_explicit(&ingest->rung, true, memory_order_acq_rel))
        eventfd_write(ingest->event_fd, 1);
}

static void tell(struct source *source)
{
    struct ctl_ingest *ingest = source->ingest;
    struct timeval delay = {.tv_usec = RETRY_MS * 1000L};
    struct ctl_ingest_status *entry = eng_queue_reserve_ctl_ingest_status(&ingest->queue);

    if (entry) {
        *entry = source->latest;
        eng_queue_commit(&ingest->queue);
        source->untold = false;
        ring_bell(ingest);
        return;
    }
    source->untold = true;
    if (!evtimer_pending(ingest->retry, NULL))
        evtimer_add(ingest->retry, &delay);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_ingest *ingest = arg;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < ingest->count; i++)
        if (ingest->sources[i].untold)
            tell(&ingest->sources[i]);
}

static void end_if_all_idle(struct ctl_ingest *ingest)
{
    for (size_t i = 0; i < ingest->count; i++)
        if (ingest->sources[i].active)
            return;
    event_base_loopbreak(ingest->base);
}

// Starts or stops a source as the control thread wants it by now. Called again once it is idle,
// for what was wanted while it was stopping.
static void obey(struct source *source)
{
    bool wanted = !atomic_load(&source->ingest->ending) && atomic_load(&source->wanted);

    if (wanted && !source->active)
        rtsp_source_start(source->rtsp);
    else if (!wanted && source->active)
        rtsp_source_stop(source->rtsp);
}

static void on_status(void *ctx, const struct rtsp_source_status *status)
{
    struct source *source = ctx;

    source->latest.status = *status;
    tell(source);
    source->active = status->state != RTSP_IDLE;
    if (source->ingest->stopping)
        end_if_all_idle(source->ingest);
    else if (!source->active)
        obey(source);
}

static void stop_all(struct ctl_ingest *ingest)
{
    struct timeval limit = {
        .tv_sec = CTL_INGEST_STOP_MS / 1000,
        .tv_usec = CTL_INGEST_STOP_MS % 1000 * 1000L,
    };

    for (size_t i = 0; i < ingest->count; i++)
        obey(&ingest->sources[i]);
    // Only now: those that were idle at once have said so from within the loop above.
    ingest->stopping = true;
    evtimer_add(ingest->stop_deadline, &limit);
    end_if_all_idle(ingest);
}

static void on_order(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_ingest *ingest = arg;
    eventfd_t orders;

    (void)what;
    // First: what changes after this rings again.
    eventfd_read(fd, &orders);
    if (ingest->stopping)
        return;
    if (atomic_load(&ingest->ending)) {
        stop_all(ingest);
        return;
    }
    for (size_t i = 0; i < ingest->count; i++)
        obey(&ingest->sources[i]);
}

static void on_stop_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_ingest *ingest = arg;

    (void)fd;
    (void)what;
    event_base_loopbreak(ingest->base);
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// Leaves what comes meanwhile to one turn. A turn that took longer than the window needs no rest:
// enough has come during it.
static void nap(struct ctl_ingest *ingest)
{
    int64_t now_ns = cpu_ns();
    int64_t left_ns = ingest->batch_ns - (now_ns - ingest->worked_ns);
    struct timespec pause = {.tv_nsec = left_ns};

    ingest->worked_ns = now_ns;
    if (left_ns > 0)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void *run(void *arg)
{
    struct ctl_ingest *ingest = arg;

    for (size_t i = 0; i < ingest->count; i++)
        if (atomic_load(&ingest->sources[i].wanted))
            rtsp_source_start(ingest->sources[i].rtsp);
    while (event_base_loop(ingest->base, EVLOOP_ONCE) == 0 && !event_base_got_break(ingest->base))
        nap(ingest);
    // Release: whoever sees it sees all that the thread did.
    atomic_store_explicit(&ingest->finished, true, memory_order_release);
    ring_bell(ingest);
    return NULL;
}

// ---- control thread ----

static int create_loop(struct ctl_ingest *ingest)
{
    struct event_config *config = event_config_new();

    if (!config)
        return -ENOMEM;
    // Other threads never touch this loop: they write to order_fd.
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    ingest->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!ingest->base)
        return -ENOMEM;
    ingest->order_event =
        event_new(ingest->base, ingest->order_fd, EV_READ | EV_PERSIST, on_order, ingest);
    ingest->stop_deadline = evtimer_new(ingest->base, on_stop_deadline, ingest);
    ingest->retry = evtimer_new(ingest->base, on_retry, ingest);
    if (!ingest->order_event || !ingest->stop_deadline || !ingest->retry)
        return -ENOMEM;
    return event_add(ingest->order_event, NULL) ? -ENOMEM : 0;
}

static int create_source(struct ctl_ingest *ingest, const struct ctl_ingest_source *config)
{
    struct source *source = &ingest->sources[ingest->count];
    struct rtsp_source_config rtsp = {
        .url = config->url,
        .trust = {.context = &ingest->tls, .fingerprint = config->fingerprint},
        .stream = config->stream,
        .payload_max = config->payload_max,
        .transport = config->transport,
        .b_frames = config->b_frames,
        .units = &ingest->units,
        .on_status = on_status,
        .ctx = source,
    };
    int rc;

    source->ingest = ingest;
    source->latest.source = ingest->count;
    atomic_init(&source->wanted, !config->on_demand);
    rc = rtsp_source_create(ingest->base, &rtsp, &source->rtsp);
    if (!rc)
        ingest->count++;
    return rc;
}

int ctl_ingest_create(const struct ctl_ingest_source *sources, size_t count, unsigned number,
                      unsigned batch_window, struct ctl_ingest **out)
{
    struct ctl_ingest *ingest = calloc(1, sizeof(*ingest) + count * sizeof(ingest->sources[0]));
    int rc;

    if (!ingest)
        return -ENOMEM;
    ingest->number = number;
    ingest->batch_ns = batch_window * INT64_C(1000000);
    ingest->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ingest->order_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = ingest->event_fd < 0 || ingest->order_fd < 0 ? -errno : create_loop(ingest);
    if (!rc)
        rc = eng_queue_init(&ingest->queue, CTL_INGEST_STATUSES_MAX,
                            sizeof(struct ctl_ingest_status));
    for (size_t i = 0; i < count && !rc; i++)
        rc = create_source(ingest, &sources[i]);
    for (size_t i = 0; i < count && !rc; i++)
        if (sources[i].fallback)
            rtsp_source_fall_back(ingest->sources[i].rtsp,
                                  ingest->sources[sources[i].fallback - sources].rtsp);
    if (rc) {
        ctl_ingest_destroy(ingest);
        return rc;
    }
    *out = ingest;
    return 0;
}

int ctl_ingest_start(struct ctl_ingest *ingest)
{
    char name[16];
    int rc;

    assert(!ingest->started);
    rc = pthread_create(&ingest->thread, NULL, run, ingest);
    if (rc)
        return -rc;
    snprintf(name, sizeof(name), "ingest-%u", ingest->number);
    pthread_setname_np(ingest->thread, name);
    ingest->started = true;
    return 0;
}

void ctl_ingest_want(struct ctl_ingest *ingest, size_t source, bool wanted)
{
    atomic_store(&ingest->sources[source].wanted, wanted);
    eventfd_write(ingest->order_fd, 1);
}

void ctl_ingest_stop(struct ctl_ingest *ingest)
{
    atomic_store(&ingest->ending, true);
    eventfd_write(ingest->order_fd, 1);
}

int ctl_ingest_event_fd(const struct ctl_ingest *ingest)
{
    return ingest->event_fd;
}

bool ctl_ingest_poll(struct ctl_ingest *ingest, struct ctl_ingest_status *out)
{
    eventfd_t rings;

    if (eng_queue_take_ctl_ingest_status(&ingest->queue, out))
        return true;
    // Empty: arm the bell, then look once more, for what came in between rang no bell.
    eventfd_read(ingest->event_fd, &rings);
    atomic_exchange_explicit(&ingest->rung, false, memory_order_acq_rel);
    return eng_queue_take_ctl_ingest_status(&ingest->queue, out);
}

bool ctl_ingest_finished(const struct ctl_ingest *ingest)
{
    return atomic_load_explicit(&ingest->finished, memory_order_acquire);
}

void ctl_ingest_destroy(struct ctl_ingest *ingest)
{
    if (!ingest)
        return;
    if (ingest->started) {
        ctl_ingest_stop(ingest);
        pthread_join(ingest->thread, NULL);
    }
    for (size_t i = 0; i < ingest->count; i++)
        rtsp_source_destroy(ingest->sources[i].rtsp);
    rtsp_unit_pool_fini(&ingest->units);
    rtsp_tls_context_fini(&ingest->tls);
    if (ingest->retry)
        event_free(ingest->retry);
    if (ingest->stop_deadline)
        event_free(ingest->stop_deadline);
    if (ingest->order_event)
        event_free(ingest->order_event);
    if (ingest->base)
        event_base_free(ingest->base);
    eng_queue_fini(&ingest->queue);
    close(ingest->event_fd);
    close(ingest->order_fd);
    free(ingest);
}
