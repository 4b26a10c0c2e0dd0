// SPDX-License-Identifier: Apache-2.0
#include "engine/command.h"

#include <string.h>

#include "engine/receive.h"
#include "engine/repair.h"
#include "engine/report.h"
#include "engine/train.h"
#include "engine/worker.h"

enum {
    // Soon, so that lip sync does not wait a second, and spread over 256 ms: viewers that join
    // together do not report together.
    FIRST_REPORT_MS = 100,
    FIRST_REPORT_SPREAD = 0xff,
};

// What was published before is as good as new: nobody here knows its age.
static void listen_to(struct eng_worker *w, struct eng_stream *stream)
{
    w->audiences[stream->slot].news_ns = w->mono_ns;
    eng_stream_listen(stream, w->id, true);
    w->listening++;
}

static void add_viewer(struct eng_worker *w, struct eng_viewer *v)
{
    struct eng_audience *audience = &w->audiences[v->stream->slot];

    if (audience->count++ == 0)
        listen_to(w, v->stream);
    TAILQ_INSERT_TAIL(&audience->viewers, v, link);
    for (int t = 0; t < ENG_TRACKS; t++) {
        v->place[t].next = eng_ring_head(&v->stream->ring[t]);
        eng_rewrite_start(&v->place[t].rewrite, v->place[t].next);
    }
    eng_train_wait(v, 0);
    eng_wheel_arm(&w->reports, &v->report,
                  FIRST_REPORT_MS + (v->place[ENG_VIDEO].rewrite.ssrc & FIRST_REPORT_SPREAD));
    eng_worker_queue(w, v);
}

static void bind_tuple(struct eng_worker *w, struct eng_viewer *v, const struct eng_tuple *tuple)
{
    const struct eng_tuple *old = eng_tuples_find(&w->tuples, tuple);

    // A NAT may give a new viewer the port of one that has left unnoticed.
    if (old)
        eng_tuples_remove(&w->tuples, old);
    v->tuple = *tuple;
    (void)eng_tuples_add(&w->tuples, &v->tuple); // room: see eng_viewer_add
}

static void move_viewer(struct eng_worker *w, struct eng_viewer *v, const struct eng_tuple *tuple)
{
    eng_tuples_remove(&w->tuples, &v->tuple);
    bind_tuple(w, v, tuple);
    eng_repair_hold(w, v, false); // what was crowded was the way there
}

static void pause_viewer(struct eng_worker *w, struct eng_viewer *v, bool paused)
{
    if (v->paused == paused)
        return;
    v->paused = paused;
    for (int t = 0; t < ENG_TRACKS && !paused; t++) {
        struct eng_viewer_place *place = &v->place[t];
        uint64_t head = eng_ring_head(&v->stream->ring[t]);

        eng_count(&w->counters, ENG_COUNTER_DROP_PAUSED, head - place->next);
        eng_viewer_add_to(&v->stats.dropped, head - place->next);
        place->next = head;
        eng_rewrite_start(&place->rewrite, head);
    }
    if (!paused) {
        eng_train_wait(v, 0);
        eng_worker_queue(w, v);
    }
}

static void remove_viewer(struct eng_worker *w, struct eng_viewer *v)
{
    struct eng_audience *audience = &w->audiences[v->stream->slot];

    if (v->removed)
        return;
    eng_report_send(w, v, true);
    v->removed = true;
    eng_wheel_disarm(&w->pacing, &v->pace);
    eng_wheel_disarm(&w->reports, &v->report);
    eng_tuples_remove(&w->tuples, &v->tuple);
    TAILQ_REMOVE(&audience->viewers, v, link);
    TAILQ_INSERT_TAIL(&w->leaving, v, link);
    if (--audience->count == 0) {
        eng_stream_listen(v->stream, w->id, false);
        w->listening--;
    }
    eng_worker_settle(w, v);
}

static void send_raw(struct eng_worker *w, const struct eng_command *command)
{
    struct eng_send *send = eng_worker_send(w);

    if (!send)
        return;
    memcpy(send->data, command->data, command->len);
    send->len = command->len;
    send->packets = 1;
    send->kind = ENG_SEND_RAW;
    eng_worker_push(w, send, &command->tuple, send->len);
}

void eng_command_run(struct eng_worker *worker, const struct eng_command *command)
{
    struct eng_viewer *v = command->viewer;

    switch (command->type) {
    case ENG_COMMAND_ADD:
        bind_tuple(worker, v, &command->tuple);
        add_viewer(worker, v);
        break;
    case ENG_COMMAND_MOVE:
        move_viewer(worker, v, &command->tuple);
        break;
    case ENG_COMMAND_PAUSE:
    case ENG_COMMAND_RESUME:
        pause_viewer(worker, v, command->type == ENG_COMMAND_PAUSE);
        break;
    case ENG_COMMAND_HOLD:
    case ENG_COMMAND_RELEASE:
        eng_repair_hold(worker, v, command->type == ENG_COMMAND_HOLD);
        break;
    case ENG_COMMAND_DELIVER:
        eng_receive_rtcp(worker, v, &command->tuple, command->data, command->len);
        break;
    case ENG_COMMAND_REMOVE:
        remove_viewer(worker, v);
        break;
    case ENG_COMMAND_SEND:
        send_raw(worker, command);
        break;
    }
}
