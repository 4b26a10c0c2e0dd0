// SPDX-License-Identifier: Apache-2.0
#include "engine/repair.h"

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

static void resend(struct eng_worker *w, struct eng_viewer *v, struct eng_viewer_place *place,
                   const struct eng_ring *ring, const struct eng_ring_packet *packet)
{
    uint8_t header[ENG_RTP_HEADER_LEN];
    uint64_t index = eng_rewrite_header(&place->rewrite, packet, header);
    struct eng_send *send = eng_worker_send(w);

    if (!send)
        return;
    send->len = eng_srtp_seal(&v->srtp, header, index, packet->payload, packet->len, send->data);
    if (send->len == 0 || !eng_ring_holds(ring, packet->index)) {
        eng_send_put(&w->sends, send);
        eng_count(&w->counters, ENG_COUNTER_DROP_RESEND_OLD, 1);
        return;
    }
    v->resend_credit -= 100;
    send->viewer = v;
    send->packets = 1;
    send->kind = ENG_SEND_RESENT;
    eng_worker_push(w, send, &v->tuple, send->len);
}

void eng_repair_nack(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc,
                     uint16_t seq)
{
    enum eng_track track;
    struct eng_viewer_place *place = place_of(viewer, ssrc, &track);
    struct eng_ring_packet packet;
    uint64_t index;

    eng_count(&worker->counters, ENG_COUNTER_NACKED, 1);
    eng_viewer_add_to(&viewer->stats.nacked, 1);
    if (!place || viewer->paused || !eng_rewrite_find(&place->rewrite, seq, &index) ||
        eng_ring_read(&viewer->stream->ring[track], index, &packet)) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RESEND_OLD, 1);
        return;
    }
    if (viewer->resend_credit < 100) {
        eng_count(&worker->counters, ENG_COUNTER_DROP_RESEND_BUDGET, 1);
        return;
    }
    resend(worker, viewer, place, &viewer->stream->ring[track], &packet);
}

void eng_repair_keyframe(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc)
{
    enum eng_track track;

    eng_count(&worker->counters, ENG_COUNTER_PLI, 1);
    eng_viewer_add_to(&viewer->stats.plis, 1);
    if (!place_of(viewer, ssrc, &track) || track != ENG_VIDEO || viewer->place[track].waiting ||
        worker->mono_ns - viewer->restart_ns < RESTART_INTERVAL_NS ||
        eng_worker_news_age(worker, viewer->stream) > STALLED_NS)
        return;
    viewer->restart_ns = worker->mono_ns;
    eng_train_wait(viewer, 0);
    eng_worker_queue(worker, viewer);
}
