// SPDX-License-Identifier: Apache-2.0
#include "engine/sent.h"

#include <errno.h>

#include "engine/train.h"

static void note_first(_Atomic int64_t *first_ns, int64_t now_ns)
{
    if (atomic_load_explicit(first_ns, memory_order_relaxed) == 0)
        atomic_store_explicit(first_ns, now_ns, memory_order_relaxed);
}

static void count_sent(struct eng_worker *w, const struct eng_send *send)
{
    static const enum eng_counter packets[] = {
        [ENG_SEND_VIDEO] = ENG_COUNTER_PACKETS_VIDEO,
        [ENG_SEND_AUDIO] = ENG_COUNTER_PACKETS_AUDIO,
        [ENG_SEND_RESENT] = ENG_COUNTER_PACKETS_RESENT,
        [ENG_SEND_RTCP] = ENG_COUNTER_PACKETS_RTCP,
    };
    static const enum eng_counter trains[] = {
        [ENG_SEND_VIDEO] = ENG_COUNTER_TRAINS_VIDEO,
        [ENG_SEND_AUDIO] = ENG_COUNTER_TRAINS_AUDIO,
        [ENG_SEND_RESENT] = ENG_COUNTER_TRAINS_RESENT,
        [ENG_SEND_RTCP] = ENG_COUNTER_TRAINS_RTCP,
    };
    struct eng_viewer_figures *stats = &send->viewer->stats;

    eng_count(&w->counters, packets[send->kind], send->packets);
    eng_count(&w->counters, trains[send->kind], 1);
    eng_count(&w->counters, ENG_COUNTER_BYTES, send->len);
    eng_viewer_add_to(&stats->packets, send->packets);
    eng_viewer_add_to(&stats->bytes, send->len);
    if (send->kind == ENG_SEND_RESENT)
        eng_viewer_add_to(&stats->resent, 1);
    note_first(&stats->first_packet_ns, w->mono_ns);
    // Video begins with a keyframe.
    if (send->kind == ENG_SEND_VIDEO)
        note_first(&stats->first_keyframe_ns, w->mono_ns);
}

// A device that cannot checksum, or a packet beyond its MTU: the kernel takes such packets one by
// one. It will not change its mind about this viewer, so neither does the worker; others may be
// reached by another device, or this one have an address that nothing can be sent to.
static bool segments_refused(struct eng_worker *w, const struct eng_send *send, int err)
{
    if (send->packets == 1 || (err != -EIO && err != -EINVAL))
        return false;
    eng_count(&w->counters, ENG_COUNTER_SEGMENTS_REFUSED, !send->viewer->unsegmented);
    send->viewer->unsegmented = true;
    return true;
}

static void count_refused(struct eng_worker *w, const struct eng_send *send, int err)
{
    struct eng_viewer *v = send->viewer;

    eng_count(&w->counters, ENG_COUNTER_DROP_REFUSED, send->packets);
    eng_viewer_add_to(&v->stats.dropped, send->packets);
    if (send->kind != ENG_SEND_VIDEO)
        return;
    if (segments_refused(w, send, err)) {
        // Nothing ails the viewer: it starts over at once, packet by packet.
        eng_train_wait(v, 0);
        if (!v->removed)
            eng_worker_queue(w, v);
        return;
    }
    // What follows is useless to a decoder up to the next keyframe.
    eng_train_wait(v, v->place[ENG_VIDEO].next);
}

void eng_sent(void *ctx, struct eng_send *send, int result)
{
    struct eng_worker *w = ctx;
    struct eng_viewer *v = send->viewer;

    if (v) {
        if (result == 0)
            count_sent(w, send);
        else
            count_refused(w, send, result);
        v->in_flight--;
        eng_worker_settle(w, v);
    }
    eng_send_put(&w->sends, send);
}
