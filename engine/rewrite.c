// SPDX-License-Identifier: Apache-2.0
#include "engine/rewrite.h"

#include <string.h>

#include "engine/bytes.h"

enum {
    // 1 ms of a 90 kHz clock between squeezed frames: a 2 s GOP ends up 60 ms long.
    SQUEEZE_STEP_MAX = 90,
};

void eng_rewrite_init(struct eng_rewrite *rw, uint32_t ssrc, uint8_t payload_type,
                      uint32_t clock_rate, uint64_t random)
{
    memset(rw, 0, sizeof(*rw));
    rw->ssrc = ssrc;
    rw->payload_type = payload_type;
    rw->clock_rate = clock_rate;
    rw->next_seq = random & 0x7fff;
    rw->ts_offset = (uint32_t)(random >> 32);
}

void eng_rewrite_start(struct eng_rewrite *rw, uint64_t index)
{
    rw->run_start = index;
    rw->seq_delta = rw->next_seq - index;
    rw->until_frame = 0;
}

// Nanoseconds to RTP units; split, so that hours times the clock rate do not overflow.
static int64_t units_of(const struct eng_rewrite *rw, int64_t ns)
{
    return ns / 1000000000 * rw->clock_rate + ns % 1000000000 * rw->clock_rate / 1000000000;
}

void eng_rewrite_squeeze(struct eng_rewrite *rw, const struct eng_ring_packet *first,
                         const struct eng_ring_packet *newest, int64_t age_ns)
{
    uint64_t frames = newest->frame - first->frame + 1;
    int64_t span = newest->media_time - first->media_time;
    int64_t frame_time = frames > 1 ? span / (int64_t)(frames - 1) : 0;
    // Half a frame after the newest: later than all that this viewer may have been sent before,
    // earlier than what comes next, also when frames are a little early. Up to now, less a frame,
    // when the next is overdue.
    int64_t half = frame_time / 2;
    int64_t overdue = units_of(rw, age_ns) - frame_time;
    int64_t step = half / (int64_t)(frames + 1);

    if (step > SQUEEZE_STEP_MAX)
        step = SQUEEZE_STEP_MAX;
    rw->until_frame = newest->frame + 1;
    rw->anchor = newest->media_time + (overdue > half ? overdue : half);
    rw->step = step > 0 ? (uint32_t)step : 1;
}

static uint32_t timestamp_of(const struct eng_rewrite *rw, const struct eng_ring_packet *packet)
{
    int64_t media_time = packet->media_time;

    if (packet->frame < rw->until_frame)
        media_time = rw->anchor - (int64_t)(rw->until_frame - packet->frame) * rw->step;
    return (uint32_t)media_time + rw->ts_offset;
}

uint64_t eng_rewrite_header(const struct eng_rewrite *rw, const struct eng_ring_packet *packet,
                            uint16_t number, uint8_t out[ENG_RTP_HEADER_MAX])
{
    uint64_t first = rw->extension.len > 0 ? 0x90 : 0x80;
    uint64_t seq = packet->index + rw->seq_delta;
    uint64_t marker = packet->flags & ENG_PACKET_MARKER ? 0x80 : 0;

    // Version 2, no padding or CSRC, extension or not; marker and payload type; sequence number;
    // timestamp.
    eng_put64(out, first << 56 | (marker | rw->payload_type) << 48 | (seq & 0xffff) << 32 |
                       timestamp_of(rw, packet));
    eng_put32(out + 8, rw->ssrc);
    if (rw->extension.len > 0)
        eng_extension_write(&rw->extension, packet->capture_ns, number, out + ENG_RTP_HEADER_LEN);
    return seq;
}

void eng_rewrite_used(struct eng_rewrite *rw, const struct eng_ring_packet *packet)
{
    rw->next_seq = packet->index + rw->seq_delta + 1;
    rw->last_media_time = packet->media_time;
    rw->last_capture_ns = packet->capture_ns;
    rw->packets++;
    rw->octets += packet->len;
    rw->any = true;
}

bool eng_rewrite_find(const struct eng_rewrite *rw, uint16_t seq, uint64_t *index)
{
    uint64_t run_seq = rw->run_start + rw->seq_delta;
    uint64_t newest = rw->next_seq - 1;
    uint64_t back = (uint16_t)(newest - seq);

    if (rw->next_seq == run_seq || back > newest - run_seq)
        return false;
    *index = newest - back - rw->seq_delta;
    return true;
}

void eng_rtx_init(struct eng_rtx *rtx, uint32_t ssrc, uint8_t payload_type, uint64_t random)
{
    *rtx = (struct eng_rtx){
        .ssrc = ssrc,
        .payload_type = payload_type,
        .next_seq = random & 0x7fff,
    };
}

uint64_t eng_rtx_header(struct eng_rtx *rtx, uint8_t header[ENG_RTP_HEADER_MAX],
                        uint8_t osn[ENG_RTX_OSN_LEN])
{
    memcpy(osn, header + 2, ENG_RTX_OSN_LEN);
    header[1] = (uint8_t)((header[1] & 0x80) | rtx->payload_type);
    eng_put16(header + 2, (uint16_t)rtx->next_seq);
    eng_put32(header + 8, rtx->ssrc);
    return rtx->next_seq++;
}

uint32_t eng_rewrite_timestamp_at(const struct eng_rewrite *rw, int64_t real_ns)
{
    int64_t units = units_of(rw, real_ns - rw->last_capture_ns);

    return (uint32_t)(rw->last_media_time + units) + rw->ts_offset;
}
