// SPDX-License-Identifier: Apache-2.0
#include "engine/repair.h"

#include <string.h>

#include "engine/train.h"

#define RESTART_INTERVAL_NS INT64_C(1000000000)

// Browsers ask for a keyframe after some seconds without a picture. When the camera is what is
// missing, the old pictures again would only look like time going back.
#define STALLED_NS INT64_C(2000000000)

static struct eng_viewer_place *place_of(struct eng_viewer *v, uint32_t ssrc, enum eng_track *track)
{
    for (int t = 0; t < ENG_TRACKS; t++) {
        if (v->place[t].on && v->place[t].rewrite.ssrc == ssrc) {
            *track = (enum eng_track)t;
            return &v->place[t];
        }
    }
    return NULL;
}

// ---- resends ----

_Static_assert(ENG_RTP_HEADER_MAX + ENG_RTX_OSN_LEN + ENG_PAYLOAD_MAX + ENG_SRTP_OVERHEAD_MAX <=
                   ENG_DATAGRAM_MAX,
               "any resend fits a send");

// Both tracks share the table: even places are one's, odd ones the other's.
static struct eng_resent *resent_of(struct eng_viewer *v, enum eng_track track, uint16_t seq)
{
    return &v->resent[((unsigned)seq * ENG_TRACKS + track) % ENG_RESENT_MAX];
}

static uint32_t trip_ms(const struct eng_viewer *v)
{
    uint32_t us = atomic_load_explicit(&v->stats.rtt_us, memory_order_relaxed);

    if (us == 0)
        return ENG_RESEND_TRIP_MS;
    if (us < ENG_RESEND_TRIP_MIN_MS * 1000)
        return ENG_RESEND_TRIP_MIN_MS;
    return us < ENG_RESEND_TRIP_MAX_MS * 1000 ? us / 1000 : ENG_RESEND_TRIP_MAX_MS;
}

// 0 is kept for "never".
static uint16_t now_ms(const struct eng_worker *w)
{
    uint16_t ms = (uint16_t)(w->mono_ns / 1000000);

    return ms != 0 ? ms : 1;
}

static bool on_its_way(const struct eng_worker *w, const struct eng_viewer *v,
                       const struct eng_resent *resent, uint16_t seq)
{
    uint16_t age_ms = (uint16_t)(now_ms(w) - resent->at_ms);

    return resent->at_ms != 0 && resent->seq == seq && age_ms < trip_ms(v);
}

// The same bytes, sealed again. Returns the length, 0 on failure.
static size_t seal_again(struct eng_viewer *v, const struct eng_viewer_place *place,
                         const struct eng_ring *ring, const struct eng_ring_packet *packet,
                         uint8_t *out)
{
    size_t header_len = eng_rewrite_header_len(&place->rewrite);
    uint8_t header[ENG_RTP_HEADER_MAX];
    uint64_t index = eng_rewrite_header(&place->rewrite, packet, 0, header);
    size_t len =
        eng_srtp_seal(&v->srtp, header, header_len, index, packet->payload, packet->len, out);

    return eng_ring_holds(ring, packet->index) ? len : 0;
}

// The payload behind its OSN: put together where it is sealed, in place. A packet that the writer
// came by while it was copied uses up no index.
static size_t seal_rtx(struct eng_worker *w, struct eng_viewer *v, struct eng_viewer_place *place,
                       const struct eng_ring *ring, const struct eng_ring_packet *packet,
                       uint8_t *out)
{
    size_t header_len = eng_rewrite_header_len(&place->rewrite);
    uint8_t header[ENG_RTP_HEADER_MAX], *osn = out + header_len;
    uint64_t index;
    size_t len;

    memcpy(osn + ENG_RTX_OSN_LEN, packet->payload, packet->len);
    if (!eng_ring_holds(ring, packet->index))
        return 0;
    (void)eng_rewrite_header(&place->rewrite, packet, v->path ? v->path->next : 0, header);
    index = eng_rtx_header(&place->rtx, header, osn);
    len = eng_srtp_seal(&v->srtp, header, header_len, index, osn,
                        ENG_RTX_OSN_LEN + (size_t)packet->len, out);
    if (eng_extension_numbers(&place->rewrite.extension))
        eng_path_sent(v->path, 1, len, w->mono_ns);
    return len;
}

static bool resend(struct eng_worker *w, struct eng_viewer *v, struct eng_viewer_place *place,
                   const struct eng_ring *ring, const struct eng_ring_packet *packet)
{
    struct eng_send *send = eng_worker_send(w);

    if (!send)
        return false;
    if (place->rtx.ssrc != 0)
        send->len = seal_rtx(w, v, place, ring, packet, send->data);
    else
        send->len = seal_again(v, place, ring, packet, send->data);
    if (send->len == 0) {
        eng_send_put(&w->sends, send);
        eng_count(&w->counters, ENG_COUNTER_DROP_RESEND_OLD, 1);
        return false;
    }
    v->resend_credit -= 100;
    send->viewer = v;
    send->packets = 1;
    send->kind = ENG_SEND_RESENT;
    eng_worker_push(w, send, &v->tuple, send->len);
    return true;
}

void eng_repair_nack(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc,
                     uint16_t seq)
{
    enum eng_track track;
    struct eng_viewer_place *place = place_of(viewer, ssrc, &track);
    struct eng_ring_packet packet;
    struct eng_resent *resent;
    uint64_t index;

    eng_count(&worker->counters, ENG_COUNTER_NACKED, 1);
    eng_viewer_add_to(&viewer->stats.nacked, 1);
    if (!place || viewer->paused || (track == ENG_VIDEO && eng_viewer_rests(viewer)) ||
        !eng_rewrite_find(&place->rewrite, seq, &index) ||
        eng_ring_read(&viewer->stream->ring[track], index, &packet)) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RESEND_OLD, 1);
        return;
    }
    resent = resent_of(viewer, track, seq);
    if (on_its_way(worker, viewer, resent, seq)) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RESEND_REPEATED, 1);
        return;
    }
    if (viewer->resend_credit < 100) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RESEND_BUDGET, 1);
        return;
    }
    if (resend(worker, viewer, place, &viewer->stream->ring[track], &packet))
        *resent = (struct eng_resent){seq, now_ms(worker)};
}

// ---- new starts ----

void eng_repair_keyframe(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc)
{
    enum eng_track track;

    eng_count(&worker->counters, ENG_COUNTER_PLI, 1);
    eng_viewer_add_to(&viewer->stats.plis, 1);
    if (!place_of(viewer, ssrc, &track) || track != ENG_VIDEO || viewer->place[track].waiting ||
        worker->mono_ns - viewer->restart_ns < RESTART_INTERVAL_NS ||
        eng_worker_news_age(worker, viewer->stream) > STALLED_NS) {
        eng_count(&worker->counters, ENG_COUNTER_PLI_COALESCED, 1);
        return;
    }
    viewer->restart_ns = worker->mono_ns;
    eng_train_wait(viewer, 0);
    eng_worker_queue(worker, viewer);
}

// ---- rests ----

static void note_resting(struct eng_viewer *v)
{
    atomic_store_explicit(&v->stats.resting, eng_viewer_rests(v), memory_order_relaxed);
}

static void rest(struct eng_worker *w, struct eng_viewer *v, enum eng_counter cause)
{
    uint32_t rests = atomic_load_explicit(&v->stats.rests, memory_order_relaxed);

    eng_count(&w->counters, cause, 1);
    atomic_store_explicit(&v->stats.rests, rests + 1, memory_order_relaxed);
    note_resting(v);
    eng_train_wait(v, 0);
}

static void rested(struct eng_worker *w, struct eng_viewer *v)
{
    eng_count(&w->counters, ENG_COUNTER_RESTS_OVER, 1);
    note_resting(v);
    // No backlog: a burst is not what a path wants that was just too narrow.
    eng_train_wait(v, eng_ring_head(&v->stream->ring[ENG_VIDEO]));
}

static void rest_by_breaker(struct eng_worker *w, struct eng_viewer *v,
                            enum eng_breaker_cause cause)
{
    static const enum eng_counter counters[] = {
        [ENG_BREAKER_RTCP_TIMEOUT] = ENG_COUNTER_BREAKER_RTCP,
        [ENG_BREAKER_MEDIA_TIMEOUT] = ENG_COUNTER_BREAKER_MEDIA,
        [ENG_BREAKER_CONGESTION] = ENG_COUNTER_BREAKER_CONGESTION,
    };

    if (cause != ENG_BREAKER_NONE)
        rest(w, v, counters[cause]);
}

void eng_repair_report(struct eng_worker *worker, struct eng_viewer *viewer,
                       const struct eng_rtcp_report *report)
{
    uint32_t rtt_us = atomic_load_explicit(&viewer->stats.rtt_us, memory_order_relaxed);

    rest_by_breaker(worker, viewer,
                    eng_breaker_report(&viewer->breaker, worker->mono_ns, report,
                                       viewer->place[ENG_VIDEO].rewrite.packets, rtt_us));
}

void eng_repair_beat(struct eng_worker *worker, struct eng_viewer *viewer)
{
    rest_by_breaker(worker, viewer,
                    eng_breaker_beat(&viewer->breaker, worker->mono_ns,
                                     viewer->place[ENG_VIDEO].rewrite.packets));
    if (eng_breaker_close(&viewer->breaker, worker->mono_ns))
        rested(worker, viewer);
}

void eng_repair_hold(struct eng_worker *worker, struct eng_viewer *viewer, bool held)
{
    if (viewer->held == held)
        return;
    viewer->held = held;
    if (held)
        rest(worker, viewer, ENG_COUNTER_HELD);
    else
        rested(worker, viewer);
}
