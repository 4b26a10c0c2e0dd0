// SPDX-License-Identifier: Apache-2.0
#include "engine/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "engine/repair.h"
#include "engine/worker.h"

void eng_viewer_free(struct eng_viewer *viewer)
{
    eng_srtp_fini(&viewer->srtp);
    free(viewer->path);
    explicit_bzero(viewer, sizeof(*viewer));
    free(viewer);
}

static int give(struct eng_viewer *viewer, enum eng_command_type type)
{
    if (!eng_worker_ask(viewer->worker, type, viewer))
        return -EAGAIN;
    eng_worker_asked(viewer->worker);
    return 0;
}

static int init_tracks(struct eng_viewer *v, const struct eng_viewer_config *config)
{
    uint64_t random[ENG_TRACKS];

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct eng_viewer_track *track = &config->track[t];

        // Else one SRTP index would seal two numbers (rewrite.h).
        assert(track->extension.transport_cc == 0 || track->rtx_ssrc != 0);
        v->place[t].on = track->on;
        eng_rewrite_init(&v->place[t].rewrite, track->ssrc, track->payload_type, track->clock_rate,
                         random[t]);
        eng_extension_init(&v->place[t].rewrite.extension, &track->extension);
        // Bits that the rewriter leaves alone, here and for the phase.
        eng_rtx_init(&v->place[t].rtx, track->rtx_ssrc, track->rtx_payload_type, random[t] >> 16);
    }
    v->phase = (uint8_t)(random[ENG_VIDEO] >> 24);
    return 0;
}

// Apart from the viewer: most have none, and all of a viewer is fetched for each of its trains.
static int init_path(struct eng_viewer *v)
{
    bool numbers = false;

    for (int t = 0; t < ENG_TRACKS; t++)
        numbers |= eng_extension_numbers(&v->place[t].rewrite.extension);
    if (numbers)
        v->path = calloc(1, sizeof(*v->path));
    return numbers && !v->path ? -ENOMEM : 0;
}

static int init(struct eng_viewer *v, struct eng_worker *w, const struct eng_viewer_config *config)
{
    uint32_t ssrcs[2 * ENG_TRACKS];
    size_t count = 0;
    int err;

    memset(v, 0, sizeof(*v));
    v->worker = w;
    v->stream = config->stream;
    v->owner = config->owner;
    v->pace.viewer = v;
    v->report.viewer = v;
    v->resend_credit = ENG_RESEND_BURST * 100;
    memcpy(v->cname, config->cname, sizeof(v->cname));
    v->cname[sizeof(v->cname) - 1] = '\0';
    err = init_tracks(v, config);
    if (err)
        return err;
    for (int t = 0; t < ENG_TRACKS; t++) {
        if (config->track[t].on)
            ssrcs[count++] = config->track[t].ssrc;
        if (config->track[t].on && config->track[t].rtx_ssrc != 0)
            ssrcs[count++] = config->track[t].rtx_ssrc;
    }
    err = init_path(v);
    if (!err)
        err = eng_srtp_init(&v->srtp, &config->keying, ssrcs, count);
    if (err)
        free(v->path);
    return err;
}

int eng_viewer_add(struct eng_engine *engine, const struct eng_viewer_config *config,
                   struct eng_viewer **out)
{
    struct eng_worker *w = eng_engine_worker(engine, config->worker);
    struct eng_command *command;
    struct eng_viewer *v;
    int err;

    if (w->viewer_count == ENG_WORKER_VIEWERS_MAX) {
        atomic_fetch_add_explicit(&w->refused, 1, memory_order_relaxed);
        return -ENOSPC;
    }
    v = aligned_alloc(_Alignof(struct eng_viewer), sizeof(*v));
    if (!v)
        return -ENOMEM;
    err = init(v, w, config);
    if (err) {
        free(v);
        return err;
    }
    command = eng_worker_ask(w, ENG_COMMAND_ADD, v);
    if (!command) {
        eng_viewer_free(v);
        return -EAGAIN;
    }
    command->tuple = config->tuple;
    eng_worker_asked(w);
    w->viewer_count++;
    *out = v;
    return 0;
}

int eng_viewer_move(struct eng_viewer *viewer, const struct eng_tuple *tuple)
{
    struct eng_command *command = eng_worker_ask(viewer->worker, ENG_COMMAND_MOVE, viewer);

    if (!command)
        return -EAGAIN;
    command->tuple = *tuple;
    eng_worker_asked(viewer->worker);
    return 0;
}

int eng_viewer_pause(struct eng_viewer *viewer, bool paused)
{
    return give(viewer, paused ? ENG_COMMAND_PAUSE : ENG_COMMAND_RESUME);
}

int eng_viewer_hold(struct eng_viewer *viewer, bool held)
{
    return give(viewer, held ? ENG_COMMAND_HOLD : ENG_COMMAND_RELEASE);
}

int eng_viewer_deliver(struct eng_viewer *viewer, const struct eng_tuple *tuple,
                       const uint8_t *data, size_t len)
{
    struct eng_command *command;

    if (len > ENG_DATAGRAM_MAX)
        return -EMSGSIZE;
    command = eng_worker_ask(viewer->worker, ENG_COMMAND_DELIVER, viewer);
    if (!command)
        return -EAGAIN;
    command->tuple = *tuple;
    command->len = (uint16_t)len;
    memcpy(command->data, data, len);
    eng_worker_asked(viewer->worker);
    return 0;
}

int eng_viewer_remove(struct eng_viewer *viewer)
{
    return give(viewer, ENG_COMMAND_REMOVE);
}

static uint64_t figure(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static uint32_t figure32(const _Atomic uint32_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

void eng_viewer_read_stats(const struct eng_viewer *viewer, struct eng_viewer_stats *out)
{
    const struct eng_viewer_figures *f = &viewer->stats;

    *out = (struct eng_viewer_stats){
        .last_rtcp_ns = atomic_load_explicit(&f->last_rtcp_ns, memory_order_relaxed),
        .first_packet_ns = atomic_load_explicit(&f->first_packet_ns, memory_order_relaxed),
        .first_keyframe_ns = atomic_load_explicit(&f->first_keyframe_ns, memory_order_relaxed),
        .packets = figure(&f->packets),
        .bytes = figure(&f->bytes),
        .dropped = figure(&f->dropped),
        .resent = figure(&f->resent),
        .nacked = figure(&f->nacked),
        .plis = figure(&f->plis),
        .lost = figure32(&f->lost),
        .loss_q8 = figure32(&f->loss_q8),
        .rtt_us = figure32(&f->rtt_us),
        .jitter = figure32(&f->jitter),
        .remb_bps = figure(&f->remb_bps),
        .estimate_bps = figure(&f->estimate_bps),
        .queue_us = figure32(&f->queue_us),
        .rests = figure32(&f->rests),
        .resting = atomic_load_explicit(&f->resting, memory_order_relaxed),
    };
}
