// SPDX-License-Identifier: Apache-2.0
#include "bench/packetise.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stamp.h"
#include "engine/bytes.h"

enum {
    NAL_FU_A = 28, // RFC 6184 5.8
    FU_HEADER_LEN = 2,
};

// Twice the room, or what to begin with; NULL: no memory, and the items stay as they are.
static void *grow(void *items, size_t *room, size_t item_size)
{
    size_t wanted = *room == 0 ? 512 : *room * 2;
    void *larger = realloc(items, wanted * item_size);

    if (larger != NULL)
        *room = wanted;
    return larger;
}

static struct bench_unit *open_unit(struct bench_packetiser *p)
{
    return &p->track->units[p->track->unit_count - 1];
}

int bench_packetise_unit(struct bench_packetiser *p)
{
    struct bench_clip_track *track = p->track;

    if (track->unit_count == p->unit_room) {
        void *larger = grow(track->units, &p->unit_room, sizeof(*track->units));
        if (larger == NULL)
            return -ENOMEM;
        track->units = larger;
    }
    track->units[track->unit_count++] = (struct bench_unit){
        .offset = track->bytes_len,
        .first_packet = track->packet_count,
        .first_octet = track->octet_count,
    };
    return 0;
}

// A packet with a payload of head and tail.
static int add_packet(struct bench_packetiser *p, const uint8_t *head, size_t head_len,
                      const uint8_t *tail, size_t tail_len)
{
    struct bench_clip_track *track = p->track;
    struct bench_unit *unit = open_unit(p);
    size_t payload_len = head_len + tail_len;
    size_t rtp_len = BENCH_RTP_HEADER_LEN + payload_len;
    size_t total = BENCH_INTERLEAVE_LEN + rtp_len;

    assert(rtp_len <= BENCH_RTP_MAX);
    if (unit->len + total > BENCH_UNIT_MAX)
        return -EFBIG;
    while (p->bytes_room < track->bytes_len + total) {
        void *larger = grow(track->bytes, &p->bytes_room, 1);
        if (larger == NULL)
            return -ENOMEM;
        track->bytes = larger;
    }
    uint8_t *to = track->bytes + track->bytes_len;
    memset(to, 0, BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN);
    to[0] = '$';
    eng_put16(to + 2, (uint16_t)rtp_len);
    to[4] = 0x80; // version 2
    to[5] = track->payload_type;
    to += BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN;
    memcpy(to, head, head_len);
    memcpy(to + head_len, tail, tail_len);
    unit->len += total;
    unit->packets++;
    if (unit->len > track->unit_len_max)
        track->unit_len_max = unit->len;
    track->bytes_len += total;
    track->packet_count++;
    track->octet_count += (uint32_t)payload_len;
    return 0;
}

int bench_packetise_payload(struct bench_packetiser *p, const uint8_t *payload, size_t len)
{
    return add_packet(p, payload, 1, payload + 1, len - 1);
}

int bench_packetise_nal(struct bench_packetiser *p, const struct bench_nal *nal)
{
    if (nal->len <= BENCH_PAYLOAD_MAX)
        return bench_packetise_payload(p, nal->data, nal->len);

    const uint8_t *at = nal->data + 1;
    size_t left = nal->len - 1, part_max = BENCH_PAYLOAD_MAX - FU_HEADER_LEN;
    uint8_t fu[FU_HEADER_LEN] = {(nal->data[0] & 0xe0) | NAL_FU_A, (nal->data[0] & 0x1f) | 0x80};
    while (left > 0) {
        size_t part = left < part_max ? left : part_max;
        if (part == left)
            fu[1] |= 0x40;
        int rc = add_packet(p, fu, sizeof(fu), at, part);
        if (rc < 0)
            return rc;
        fu[1] &= 0x1f;
        at += part;
        left -= part;
    }
    return 0;
}

int bench_packetise_stamp(struct bench_packetiser *p)
{
    uint8_t nal[BENCH_STAMP_LEN];
    size_t at = open_unit(p)->len + BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN;

    bench_stamp_encode(0, nal);
    int rc = bench_packetise_payload(p, nal, sizeof(nal));
    if (rc == 0)
        open_unit(p)->stamp_at = (uint32_t)at;
    return rc;
}

void bench_packetise_mark(struct bench_packetiser *p)
{
    uint8_t *at = p->track->bytes + open_unit(p)->offset;
    uint8_t *end = at + open_unit(p)->len;

    for (;;) {
        uint8_t *next = at + BENCH_INTERLEAVE_LEN + (at[2] << 8 | at[3]);
        if (next == end)
            break;
        at = next;
    }
    at[BENCH_INTERLEAVE_LEN + 1] |= 0x80;
}
