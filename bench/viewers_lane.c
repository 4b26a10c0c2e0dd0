// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_lane.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "bench/limit_process.h"
#include "control/clock.h"

enum {
    TICK_MS = 5,
    DELETES_MAX = 64, // at one time, of one lane: what a server's backlog takes
};

static void mark(struct viewers_lane *lane, struct viewers_lane_mark *out)
{
    *out = (struct viewers_lane_mark){
        .at_ns = lane->common.now_ns,
        .cpu_ns = limit_process_own_cpu_ns(),
    };
    viewers_counters_add(&lane->common.counters, out->counter);
}

static void begin_measuring(struct viewers_lane *lane)
{
    for (unsigned i = 0; i < lane->count; i++)
        viewers_viewer_begin_measuring(&lane->viewer[i]);
    lane->common.env.measuring = true;
    mark(lane, &lane->begin);
}

static void end_measuring(struct viewers_lane *lane)
{
    lane->common.env.measuring = false;
    for (unsigned i = 0; i < lane->count; i++) {
        struct viewers_viewer *v = &lane->viewer[i];
        int64_t lost = viewers_media_lost(&v->media);

        viewers_viewer_end_measuring(v);
        lane->silent += viewers_viewer_silent(v);
        lane->with_loss += lost > 0;
        lane->worst_loss = lost > lane->worst_loss ? lost : lane->worst_loss;
    }
    mark(lane, &lane->end);
}

// Follows the main thread.
static void change_phase(struct viewers_lane *lane)
{
    // Relaxed: the phase is all that is said.
    enum viewers_lane_phase wanted =
        (enum viewers_lane_phase)atomic_load_explicit(&lane->wanted, memory_order_relaxed);

    if (wanted == lane->phase)
        return;
    if (lane->phase == VIEWERS_LANE_MEASURING)
        end_measuring(lane);
    lane->phase = wanted;
    if (wanted == VIEWERS_LANE_MEASURING)
        begin_measuring(lane);
    else
        lane->leave_by_ns = lane->common.now_ns + VIEWERS_LEAVING_NS;
}

// Viewer k of the whole process joins k / joins_per_second after the start.
static void begin_viewers(struct viewers_lane *lane)
{
    const struct viewers_options *o = lane->common.options;

    while (lane->begun < lane->count) {
        struct viewers_viewer *v = &lane->viewer[lane->begun];
        int64_t at_ns = lane->start_ns + v->index * CTL_NS_PER_SECOND / o->joins_per_second;

        if (at_ns > lane->common.now_ns)
            return;
        viewers_viewer_begin(v);
        lane->begun++;
    }
}

static void leave_viewers(struct viewers_lane *lane)
{
    for (; lane->left < lane->count && lane->common.leaving < DELETES_MAX; lane->left++)
        viewers_viewer_leave(&lane->viewer[lane->left]);
    if ((lane->left == lane->count && lane->common.leaving == 0) ||
        lane->common.now_ns > lane->leave_by_ns)
        event_base_loopbreak(lane->common.base);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    struct viewers_lane *lane = ctx;

    (void)fd;
    (void)what;
    lane->common.now_ns = ctl_now_ns();
    change_phase(lane);
    if (lane->phase == VIEWERS_LANE_LEAVING)
        leave_viewers(lane);
    else
        begin_viewers(lane);
    for (unsigned i = 0; i < lane->begun; i++) {
        if (lane->due_ns[i] <= lane->common.now_ns)
            viewers_viewer_tick(&lane->viewer[i]);
    }
}

static void *run(void *ctx)
{
    struct viewers_lane *lane = ctx;
    int core = lane->common.options->core[lane->index];

    if (core >= 0)
        limit_process_pin(core);
    event_base_dispatch(lane->common.base);
    return NULL;
}

static int create_parts(struct viewers_lane *lane)
{
    struct viewers_common *c = &lane->common;
    const struct timeval tick = {.tv_usec = TICK_MS * 1000};

    c->base = event_base_new();
    if (!c->base || viewers_receiver_create(&c->receiver) != 0 ||
        viewers_cipher_create(&c->env.cipher) != 0)
        return -ENOMEM;
    lane->viewer = calloc(lane->count, sizeof(*lane->viewer));
    lane->due_ns = calloc(lane->count, sizeof(*lane->due_ns));
    lane->tick = event_new(c->base, -1, EV_PERSIST, on_tick, lane);
    if (!lane->viewer || !lane->due_ns || !lane->tick || event_add(lane->tick, &tick) != 0)
        return -ENOMEM;
    return 0;
}

int viewers_lane_create(const struct viewers_options *options, struct viewers_dtls_context *dtls,
                        unsigned index, struct viewers_lane **out)
{
    unsigned lanes = (unsigned)options->lane_count;
    struct viewers_lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return -ENOMEM;
    lane->index = index;
    lane->count = (options->viewers + lanes - 1 - index) / lanes;
    lane->common.options = options;
    lane->common.dtls = dtls;
    lane->common.random = (options->seed * UINT64_C(64) + index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    lane->common.env.counters = &lane->common.counters;
    lane->common.env.latency = &lane->common.latency;
    lane->common.env.open_every = options->decrypt_every;
    lane->common.env.stamp_every = options->stamp_every;
    if (create_parts(lane) != 0) {
        viewers_lane_destroy(lane);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < lane->count; i++)
        viewers_viewer_init(&lane->viewer[i], &lane->common, index + i * lanes, &lane->due_ns[i]);
    *out = lane;
    return 0;
}

int viewers_lane_start(struct viewers_lane *lane, int64_t start_ns)
{
    lane->start_ns = start_ns;
    return -pthread_create(&lane->thread, NULL, run, lane);
}

void viewers_lane_enter(struct viewers_lane *lane, enum viewers_lane_phase phase)
{
    atomic_store_explicit(&lane->wanted, (int)phase, memory_order_relaxed);
}

void viewers_lane_join(struct viewers_lane *lane)
{
    pthread_join(lane->thread, NULL);
}

void viewers_lane_destroy(struct viewers_lane *lane)
{
    if (!lane)
        return;
    for (unsigned i = 0; lane->viewer && i < lane->begun; i++)
        viewers_viewer_fini(&lane->viewer[i]);
    if (lane->tick)
        event_free(lane->tick);
    if (lane->common.base)
        event_base_free(lane->common.base);
    viewers_cipher_destroy(lane->common.env.cipher);
    viewers_receiver_destroy(lane->common.receiver);
    free(lane->viewer);
    free(lane->due_ns);
    free(lane);
}
