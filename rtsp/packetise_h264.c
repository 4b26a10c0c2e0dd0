// SPDX-License-Identifier: Apache-2.0
#include "rtsp/packetise_h264.h"

#include <assert.h>
#include <string.h>

#include "rtsp/bytes.h"
#include "rtsp/h264.h"
#include "rtsp/plan_h264.h"

// The packets of one unit on their way out.
struct output {
    struct eng_stream *stream;
    struct eng_packet packet; // flags: those of the next packet, but MARKER
};

static void commit(struct output *out, size_t len, bool last)
{
    struct eng_packet packet = out->packet;

    packet.len = (uint16_t)len;
    if (last)
        packet.flags |= ENG_PACKET_MARKER;
    eng_publish_commit(out->stream, ENG_VIDEO, &packet);
    out->packet.flags &= (uint16_t)~ENG_PACKET_FRAME_START;
}

static void put_single(struct output *out, const struct rtsp_part *nal, bool last)
{
    uint8_t *p = eng_publish_reserve(out->stream, ENG_VIDEO, nal->len);

    memcpy(p, nal->data, nal->len);
    commit(out, nal->len, last);
}

static void put_stap_a(struct output *out, const struct rtsp_part *nal, size_t count, size_t len,
                       bool last)
{
    uint8_t *p = eng_publish_reserve(out->stream, ENG_VIDEO, len);
    uint8_t *at = p + RTSP_STAP_A_HEADER_LEN;
    uint8_t nri = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t importance = nal[i].data[0] & 0x60;

        if (importance > nri)
            nri = importance;
        rtsp_write_u16(at, (uint16_t)nal[i].len);
        memcpy(at + RTSP_STAP_A_LENGTH_LEN, nal[i].data, nal[i].len);
        at += RTSP_STAP_A_LENGTH_LEN + nal[i].len;
    }
    p[0] = nri | RTSP_NAL_STAP_A; // the highest of all, RFC 6184 5.7
    assert((size_t)(at - p) == len);
    commit(out, len, last);
}

static void put_fu_a(struct output *out, const struct rtsp_part *nal, size_t size, bool last)
{
    const uint8_t *data = nal->data + 1;
    size_t left = nal->len - 1;
    uint8_t start = 0x80;

    while (left > 0) {
        size_t part = size - RTSP_FU_A_HEADER_LEN;
        uint8_t *p;

        if (part > left)
            part = left;
        left -= part;
        p = eng_publish_reserve(out->stream, ENG_VIDEO, part + RTSP_FU_A_HEADER_LEN);
        p[0] = (nal->data[0] & 0xe0) | RTSP_NAL_FU_A;
        p[1] = (uint8_t)(start | (left == 0 ? 0x40 : 0) | (nal->data[0] & 0x1f));
        memcpy(p + RTSP_FU_A_HEADER_LEN, data, part);
        data += part;
        start = 0;
        commit(out, part + RTSP_FU_A_HEADER_LEN, last && left == 0);
    }
}

static void put_groups(struct output *out, const struct rtsp_plan *plan,
                       const struct rtsp_part *nal, bool last_piece)
{
    for (size_t i = 0; i < plan->groups; i++) {
        const struct rtsp_plan_group *group = &plan->group[i];
        bool last = last_piece && i + 1 == plan->groups;

        if (group->packets > 1)
            put_fu_a(out, nal, group->size, last);
        else if (group->nals > 1)
            put_stap_a(out, nal, group->nals, group->size, last);
        else
            put_single(out, nal, last);
        nal += group->nals;
    }
}

void rtsp_packetise_h264(struct eng_stream *stream, const struct rtsp_unit *unit,
                         size_t payload_max, int64_t media_time, int64_t capture_ns)
{
    struct rtsp_plan plan;
    struct output out = {
        .stream = stream,
        .packet = {.media_time = media_time,
                   .capture_ns = capture_ns,
                   .flags = ENG_PACKET_FRAME_START | (unit->keyframe ? ENG_PACKET_KEYFRAME : 0)},
    };
    size_t open = 0;

    assert(payload_max > RTSP_FU_A_HEADER_LEN && payload_max <= ENG_PAYLOAD_MAX);
    for (size_t done = 0; done < unit->part_count;) {
        size_t size[RTSP_PLAN_NALS_MAX];
        size_t count = unit->part_count - done;

        if (count > RTSP_PLAN_NALS_MAX)
            count = RTSP_PLAN_NALS_MAX;
        for (size_t i = 0; i < count; i++)
            size[i] = unit->part[done + i].len;
        open = rtsp_plan_h264(&plan, size, count, payload_max, open);
        put_groups(&out, &plan, unit->part + done, done + count == unit->part_count);
        done += count;
    }
}
