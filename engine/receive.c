// SPDX-License-Identifier: Apache-2.0
#include "engine/receive.h"

#include <string.h>

#include "engine/bytes.h"
#include "engine/repair.h"
#include "engine/rtcp.h"

#define FEEDBACK_NS (INT64_C(1000000000) / ENG_FEEDBACK_RATE) // what a datagram of it costs
#define CHECK_NS    (INT64_C(1000000000) / ENG_CHECKS_RATE)

// ---- feedback ----

struct feedback {
    struct eng_worker *worker;
    struct eng_viewer *viewer;
    unsigned asks;     // so far
    unsigned arrivals; // told of, which weigh less: nothing is sent for them
};

static struct feedback *asked(void *ctx)
{
    struct feedback *f = ctx;

    f->asks++;
    return f;
}

static void set32(_Atomic uint32_t *figure, uint32_t value)
{
    atomic_store_explicit(figure, value, memory_order_relaxed);
}

// RFC 3550 6.4.1: round trip = arrival - LSR - DLSR, all in 1/65536 s.
static void note_round_trip(struct feedback *f, const struct eng_rtcp_report *report)
{
    uint32_t now = (uint32_t)(eng_ntp_from_real(f->worker->real_ns) >> 16);
    uint32_t rtt = now - report->lsr - report->dlsr;

    // A viewer whose clock runs fast answers "before" our report: that is a very short trip.
    if (rtt > UINT32_MAX / 2)
        rtt = 0;
    if (report->lsr != 0)
        set32(&f->viewer->stats.rtt_us, (uint32_t)((uint64_t)rtt * 1000000 >> 16));
}

static void on_report(void *ctx, const struct eng_rtcp_report *report)
{
    struct feedback *f = asked(ctx);
    struct eng_viewer_figures *stats = &f->viewer->stats;

    if (report->ssrc != f->viewer->place[ENG_VIDEO].rewrite.ssrc) {
        if (report->ssrc == f->viewer->place[ENG_AUDIO].rewrite.ssrc)
            note_round_trip(f, report);
        return;
    }
    set32(&stats->lost, report->lost > 0 ? (uint32_t)report->lost : 0);
    set32(&stats->loss_q8, report->fraction_lost);
    set32(&stats->jitter, report->jitter);
    note_round_trip(f, report);
    eng_repair_report(f->worker, f->viewer, report);
}

static void on_nack(void *ctx, uint32_t ssrc, uint16_t seq)
{
    struct feedback *f = asked(ctx);

    eng_repair_nack(f->worker, f->viewer, ssrc, seq);
}

static void on_keyframe(void *ctx, uint32_t ssrc)
{
    struct feedback *f = asked(ctx);

    eng_repair_keyframe(f->worker, f->viewer, ssrc);
}

static void on_remb(void *ctx, uint64_t bps)
{
    struct feedback *f = asked(ctx);

    atomic_store_explicit(&f->viewer->stats.remb_bps, bps, memory_order_relaxed);
}

static void on_arrival(void *ctx, uint16_t number, int64_t at_us)
{
    struct feedback *f = ctx;

    if (f->arrivals++ % ENG_FEEDBACK_ARRIVALS == 0)
        f->asks++;
    if (f->viewer->path)
        eng_path_arrival(f->viewer->path, number, at_us);
}

static void on_arrivals_end(void *ctx)
{
    struct feedback *f = ctx;
    struct eng_path *path = f->viewer->path;

    if (!path || !eng_path_judge(path, f->worker->mono_ns))
        return;
    atomic_store_explicit(&f->viewer->stats.estimate_bps, path->estimate_bps, memory_order_relaxed);
    set32(&f->viewer->stats.queue_us, path->queue_us);
}

static void on_bye(void *ctx)
{
    struct feedback *f = asked(ctx);

    f->viewer->bye_due = true;
    eng_worker_tell(f->worker, f->viewer);
}

// What a viewer may ask for is bounded, so that its neighbours do not wait for it: what is beyond
// its allowance is dropped unopened, and a browser says it again. Only what was authentic is
// charged: anybody may write a viewer's address on a datagram, and must not speak for it. What is
// not authentic has a bound of its own, which begins anew each turn: the viewer's own feedback is
// lost only where it arrives behind so many forgeries, and next turn it is heard again.
static bool may_open(struct eng_worker *w, struct eng_viewer *v)
{
    if (!eng_allowance_left(&v->feedback, w->mono_ns, ENG_FEEDBACK_BURST * FEEDBACK_NS)) {
        eng_count(&w->counters, ENG_COUNTER_DROP_RTCP_FLOOD, 1);
        return false;
    }
    if (v->forged_ns == w->mono_ns && v->forged >= ENG_FORGED_MAX) {
        eng_count(&w->counters, ENG_COUNTER_DROP_FORGED_FLOOD, 1);
        return false;
    }
    return true;
}

// A turn is known by its time.
static void count_forged(struct eng_worker *w, struct eng_viewer *v)
{
    if (v->forged_ns != w->mono_ns)
        v->forged = 0;
    v->forged_ns = w->mono_ns;
    v->forged++;
    eng_count(&w->counters, ENG_COUNTER_DROP_RTCP_AUTH, 1);
}

void eng_receive_rtcp(struct eng_worker *worker, struct eng_viewer *viewer,
                      const struct eng_tuple *tuple, const uint8_t *data, size_t len)
{
    struct feedback feedback = {.worker = worker, .viewer = viewer};
    const struct eng_rtcp_handler handler = {
        .ctx = &feedback,
        .report = on_report,
        .nack = on_nack,
        .keyframe = on_keyframe,
        .remb = on_remb,
        .arrival = on_arrival,
        .arrivals_end = on_arrivals_end,
        .bye = on_bye,
    };
    int n;

    if (viewer->removed || !may_open(worker, viewer))
        return;
    n = eng_srtp_open_rtcp(&viewer->srtp, data, len, worker->rtcp);
    if (n < 0) {
        count_forged(worker, viewer);
        return;
    }
    eng_count(&worker->counters, ENG_COUNTER_RTCP_IN, 1);
    if (eng_tuple_equal(tuple, &viewer->tuple))
        atomic_store_explicit(&viewer->stats.last_rtcp_ns, worker->mono_ns, memory_order_relaxed);
    if (eng_rtcp_read(worker->rtcp, (size_t)n, &handler))
        eng_count(&worker->counters, ENG_COUNTER_DROP_RTCP_BAD, 1);
    eng_allowance_take(&viewer->feedback, worker->mono_ns,
                       FEEDBACK_NS + feedback.asks * FEEDBACK_NS / ENG_FEEDBACK_ASKS);
}

// ---- demultiplexing ----

// STUN 0 to 3, DTLS 20 to 63 by the first byte (RFC 7983 7).
static bool is_for_control(uint8_t first)
{
    return first <= 3 || (first >= 20 && first <= 63);
}

static bool is_rtcp(const uint8_t *data, size_t len)
{
    // RFC 5761 4: packet types 192 to 223 stand where RTP has marker and payload type.
    return len >= 8 && data[0] >> 6 == 2 && data[1] >= 192 && data[1] <= 223;
}

// One viewer's checks must not take the room of another's: consent would end (RFC 7675).
static bool may_check(struct eng_worker *w, struct eng_viewer *v)
{
    if (!eng_allowance_left(&v->checks, w->mono_ns, ENG_CHECKS_BURST * CHECK_NS)) {
        eng_count(&w->counters, ENG_COUNTER_DROP_CHECK_FLOOD, 1);
        return false;
    }
    eng_allowance_take(&v->checks, w->mono_ns, CHECK_NS);
    return true;
}

static void pass_up(struct eng_worker *w, bool stranger, const struct eng_tuple *tuple,
                    const uint8_t *data, size_t len)
{
    struct eng_queue *queue = stranger ? &w->strangers : &w->events;
    struct eng_event *event = eng_queue_reserve_eng_event(queue);

    if (!event) {
        eng_count(&w->counters,
                  stranger ? ENG_COUNTER_DROP_STRANGERS_FULL : ENG_COUNTER_DROP_EVENTS_FULL, 1);
        return;
    }
    event->type = ENG_EVENT_DATAGRAM;
    event->worker = w->id;
    event->owner = NULL;
    event->tuple = *tuple;
    event->len = (uint16_t)len;
    memcpy(event->data, data, len);
    eng_queue_commit(queue);
    w->event_news = true;
}

void eng_receive(struct eng_worker *worker, const struct eng_tuple *tuple, const uint8_t *data,
                 size_t len)
{
    struct eng_tuple *known = eng_tuples_find(&worker->tuples, tuple);
    struct eng_viewer *viewer = NULL;

    if (known)
        viewer = (struct eng_viewer *)(void *)((char *)known - offsetof(struct eng_viewer, tuple));
    if (len > 0 && is_for_control(data[0])) {
        if (!viewer || may_check(worker, viewer))
            pass_up(worker, !viewer, tuple, data, len);
    } else if (is_rtcp(data, len)) {
        if (viewer)
            eng_receive_rtcp(worker, viewer, tuple, data, len);
        else
            pass_up(worker, true, tuple, data, len);
    } else if (len >= ENG_RTP_HEADER_LEN && data[0] >> 6 == 2) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RTP_IN, 1);
    } else {
        eng_count(&worker->counters, ENG_COUNTER_DROP_JUNK, 1);
    }
}
