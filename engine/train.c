// SPDX-License-Identifier: Apache-2.0
#include "engine/train.h"

#include <errno.h>
#include <limits.h>

#include "engine/fetch.h"
#include "engine/repair.h"

enum {
    PACE_TRAIN = 8,    // packets of a paced frame in one go: small queues lose what is longer
    PACE_RATE_MIN = 4, // packets per millisecond: no frame goes slower than 37 Mbit/s
    FETCH_PACKETS = 8, // a usual frame
    AUDIO_BURST = 16,  // audio packets sent in one go: more than that is a backlog, not live
};

void eng_train_wait(struct eng_viewer *viewer, uint64_t from)
{
    struct eng_viewer_place *video = &viewer->place[ENG_VIDEO];

    video->waiting = true;
    video->wait_from = from;
}

static void count_dropped(struct eng_worker *w, struct eng_viewer *v, enum eng_counter cause,
                          uint64_t packets)
{
    eng_count(&w->counters, cause, packets);
    eng_viewer_add_to(&v->stats.dropped, packets);
}

// The ring overtook this viewer: whatever it missed is gone.
static void on_lapped(struct eng_worker *w, struct eng_viewer *v, enum eng_track track)
{
    struct eng_viewer_place *place = &v->place[track];
    uint64_t head = eng_ring_head(&v->stream->ring[track]);

    count_dropped(w, v, ENG_COUNTER_DROP_LAPPED, head - place->next);
    place->next = head;
    if (track == ENG_VIDEO)
        eng_train_wait(v, 0);
    else
        eng_rewrite_start(&place->rewrite, head);
}

// Where video may start: at the newest keyframe, if that came after this viewer or will do for
// those that come now. ENG_RING_NONE: not yet. A viewer for which it will not do waits for the next
// one.
static uint64_t find_start(struct eng_worker *w, struct eng_viewer *v)
{
    struct eng_viewer_place *video = &v->place[ENG_VIDEO];
    const struct eng_ring *ring = &v->stream->ring[ENG_VIDEO];
    // In this order: no keyframe falls between two looks.
    uint64_t head = eng_ring_head(ring);
    uint64_t start = eng_ring_start(ring);
    uint64_t key = eng_ring_keyframe(ring);

    if (key != ENG_RING_NONE && key >= (video->wait_from > 0 ? video->wait_from : video->next))
        return key;
    if (video->wait_from == 0 && start < ENG_RING_OUTGROWN)
        return start;
    if (key == ENG_RING_NONE || video->wait_from == 0)
        atomic_store_explicit(&v->stream->keyframe_wanted, true, memory_order_relaxed);
    if (video->wait_from == 0 && start != ENG_RING_NONE) {
        eng_count(&w->counters,
                  start == ENG_RING_OLD ? ENG_COUNTER_WAIT_OLD : ENG_COUNTER_WAIT_OUTGROWN, 1);
        eng_train_wait(v, head);
    }
    return ENG_RING_NONE;
}

// Begins a run at the newest keyframe, its backlog squeezed. False: there is none that will do.
static bool start_video(struct eng_worker *w, struct eng_viewer *v)
{
    struct eng_viewer_place *video = &v->place[ENG_VIDEO];
    const struct eng_ring *ring = &v->stream->ring[ENG_VIDEO];
    uint64_t key = find_start(w, v);
    struct eng_ring_packet first, newest;

    if (key == ENG_RING_NONE)
        return false;
    if (eng_ring_read(ring, key, &first) || eng_ring_read(ring, eng_ring_head(ring) - 1, &newest))
        return false;
    if (key > video->next && video->rewrite.any)
        count_dropped(w, v, ENG_COUNTER_DROP_WAITING, key - video->next);
    eng_count(&w->counters, ENG_COUNTER_RESTARTS, video->rewrite.any);
    eng_rewrite_start(&video->rewrite, key);
    if (newest.frame > first.frame)
        eng_rewrite_squeeze(&video->rewrite, &first, &newest, eng_worker_news_age(w, v->stream));
    video->next = key;
    video->waiting = false;
    return true;
}

// Seals packets from place->next on into the send: as many as may share a train. Returns how many,
// 0 with *lapped set or not: nothing to send.
static unsigned seal_train(struct eng_viewer *v, enum eng_track track, unsigned budget,
                           struct eng_send *send, size_t room, size_t *segment, bool *lapped)
{
    struct eng_viewer_place *place = &v->place[track];
    const struct eng_ring *ring = &v->stream->ring[track];
    size_t header_len = eng_rewrite_header_len(&place->rewrite);
    uint8_t header[ENG_RTP_HEADER_MAX];
    struct eng_ring_packet packet;
    uint16_t first_len = 0;
    uint16_t number = v->path ? v->path->next : 0;
    uint64_t index;
    unsigned n = 0;
    int err = 0;

    send->len = 0;
    while (n < budget) {
        err = eng_ring_read(ring, place->next + n, &packet);
        if (err || (n > 0 && packet.len > first_len) ||
            send->len + header_len + packet.len + ENG_SRTP_OVERHEAD_MAX > room)
            break;
        if (n == 0)
            first_len = packet.len;
        index = eng_rewrite_header(&place->rewrite, &packet, (uint16_t)(number + n), header);
        send->len += eng_srtp_seal(&v->srtp, header, header_len, index, packet.payload, packet.len,
                                   send->data + send->len);
        eng_rewrite_used(&place->rewrite, &packet);
        n++;
        if (n == 1)
            *segment = send->len;
        // A shorter packet ends the train, and so does the frame.
        if (packet.len < first_len || packet.flags & ENG_PACKET_MARKER)
            break;
    }
    // What was read while the writer came by is not what the ring held.
    *lapped = err == -ESTALE || (n > 0 && !eng_ring_holds(ring, place->next));
    return *lapped ? 0 : n;
}

// One train of the track, at most budget packets. Returns packets sent.
static unsigned send_train(struct eng_worker *w, struct eng_viewer *v, enum eng_track track,
                           unsigned budget)
{
    struct eng_viewer_place *place = &v->place[track];
    struct eng_send *send;
    size_t segment = 0;
    bool lapped;
    unsigned n;

    if (place->next >= eng_ring_head(&v->stream->ring[track]))
        return 0;
    send = eng_worker_send(w);
    if (!send)
        return 0;
    n = seal_train(v, track, budget, send, w->sends.data_size, &segment, &lapped);
    if (n == 0) {
        eng_send_put(&w->sends, send);
        if (lapped)
            on_lapped(w, v, track);
        return 0;
    }
    place->next += n;
    if (eng_extension_numbers(&place->rewrite.extension))
        eng_path_sent(v->path, n, segment, w->mono_ns);
    send->viewer = v;
    send->packets = n;
    send->kind = track == ENG_VIDEO ? ENG_SEND_VIDEO : ENG_SEND_AUDIO;
    eng_worker_push(w, send, &v->tuple, segment);
    eng_repair_earn(v, n);
    return n;
}

static void run_audio(struct eng_worker *w, struct eng_viewer *v)
{
    for (unsigned sent = 0, n = 1; n > 0 && sent < AUDIO_BURST; sent += n)
        n = send_train(w, v, ENG_AUDIO, 1);
}

static uint64_t video_left(const struct eng_viewer *v)
{
    return eng_ring_head(&v->stream->ring[ENG_VIDEO]) - v->place[ENG_VIDEO].next;
}

// What fits a train leaves at once. Of anything longer, a keyframe or a backlog, so many packets
// now: short queues on the way lose what comes in one piece.
static unsigned pace_budget(const struct eng_worker *w, bool pacing, uint64_t left)
{
    if (w->pace_ms == 0)
        return left < UINT_MAX ? (unsigned)left : UINT_MAX;
    if ((left <= w->train_max && !pacing) || w->train_max < PACE_TRAIN)
        return w->train_max;
    return PACE_TRAIN;
}

// And so long until the next.
static unsigned pace_delay_ms(const struct eng_worker *w, unsigned sent, uint64_t left)
{
    uint64_t rate = PACE_RATE_MIN;

    if (w->pace_ms > 0 && (sent + left) / w->pace_ms > rate)
        rate = (sent + left) / w->pace_ms;
    return sent > rate ? (unsigned)(sent / rate) : 1;
}

// Milliseconds for which this viewer's share of a long frame waits: thousands of viewers do not
// begin one at the same instant, but spread over at most the time over which each one's is paced.
static unsigned phase_ms(const struct eng_worker *w, const struct eng_viewer *v)
{
    unsigned spread_ms = w->audiences[v->stream->slot].count / ENG_PHASE_VIEWERS;

    return (spread_ms < w->pace_ms ? spread_ms : w->pace_ms) * v->phase >> 8;
}

static void pause_video(struct eng_worker *w, struct eng_viewer *v, unsigned delay_ms)
{
    v->pacing = true;
    eng_wheel_arm(&w->pacing, &v->pace, delay_ms);
}

// A long frame is about to begin, and this viewer's turn is later.
static bool awaits_phase(struct eng_worker *w, struct eng_viewer *v)
{
    unsigned delay_ms = phase_ms(w, v);

    if (v->pacing || video_left(v) <= w->train_max || delay_ms == 0)
        return false;
    pause_video(w, v, delay_ms);
    return true;
}

static void run_video(struct eng_worker *w, struct eng_viewer *v)
{
    struct eng_viewer_place *video = &v->place[ENG_VIDEO];
    unsigned budget, sent = 0, n = 1;

    // Who starts, starts at once.
    if (video->waiting ? !start_video(w, v) : awaits_phase(w, v))
        return;
    budget = pace_budget(w, v->pacing, video_left(v));
    for (; n > 0 && sent < budget && !video->waiting; sent += n) {
        unsigned most = budget - sent < w->train_max ? budget - sent : w->train_max;

        n = send_train(w, v, ENG_VIDEO, v->unsegmented ? 1 : most);
    }
    v->pacing = false;
    if (!video->waiting && video_left(v) > 0)
        pause_video(w, v, pace_delay_ms(w, sent, video_left(v)));
}

void eng_train_fetch(const struct eng_viewer *viewer)
{
    const struct eng_ring *ring = &viewer->stream->ring[ENG_VIDEO];
    struct eng_ring_packet packet;

    for (unsigned n = 0; n < FETCH_PACKETS; n++) {
        if (eng_ring_read(ring, viewer->place[ENG_VIDEO].next + n, &packet))
            break;
        eng_fetch(packet.payload, packet.len);
    }
}

void eng_train_run(struct eng_worker *worker, struct eng_viewer *viewer)
{
    if (viewer->paused || viewer->removed)
        return;
    if (viewer->place[ENG_AUDIO].on)
        run_audio(worker, viewer);
    // The rest of a paced frame is due at its time, whatever comes in between.
    if (viewer->place[ENG_VIDEO].on && !eng_viewer_rests(viewer) && !eng_timer_armed(&viewer->pace))
        run_video(worker, viewer);
}
