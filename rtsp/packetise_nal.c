// SPDX-License-Identifier: Apache-2.0
#include "rtsp/packetise_nal.h"

#include <assert.h>
#include <string.h>

#include "rtsp/bytes.h"
#include "rtsp/nal_payload.h"
#include "rtsp/outgoing.h"
#include "rtsp/plan.h"

static void put_single(struct rtsp_outgoing *out, const struct rtsp_part *nal, bool last)
{
    memcpy(rtsp_outgoing_reserve(out, nal->len), nal->data, nal->len);
    rtsp_outgoing_commit(out, nal->len, last);
}

static void put_aggregate(const struct rtsp_nal_payload *format, struct rtsp_outgoing *out,
                          const struct rtsp_part *nal, size_t count, size_t len, bool last)
{
    uint8_t *p = rtsp_outgoing_reserve(out, len);
    uint8_t *at = p + format->header_len;

    format->write_aggregate(p, nal, count);
    p[0] = rtsp_nal_payload_retype(format, p[0], format->aggregate);
    for (size_t i = 0; i < count; i++) {
        rtsp_write_u16(at, (uint16_t)nal[i].len);
        memcpy(at + RTSP_AGGREGATE_LENGTH_LEN, nal[i].data, nal[i].len);
        at += RTSP_AGGREGATE_LENGTH_LEN + nal[i].len;
    }
    assert((size_t)(at - p) == len);
    rtsp_outgoing_commit(out, len, last);
}

static void put_fragments(const struct rtsp_nal_payload *format, struct rtsp_outgoing *out,
                          const struct rtsp_part *nal, size_t size, bool last)
{
    size_t header_len = format->header_len + RTSP_FRAGMENT_HEADER_LEN;
    unsigned type = rtsp_nal_payload_type(format, nal->data[0]);
    const uint8_t *data = nal->data + format->header_len;
    size_t left = nal->len - format->header_len;
    unsigned start = RTSP_FRAGMENT_START;

    while (left > 0) {
        size_t part = size - header_len;
        uint8_t *p;

        if (part > left)
            part = left;
        left -= part;
        p = rtsp_outgoing_reserve(out, part + header_len);
        memcpy(p, nal->data, format->header_len);
        p[0] = rtsp_nal_payload_retype(format, p[0], format->fragment);
        p[format->header_len] = (uint8_t)(start | (left == 0 ? RTSP_FRAGMENT_END : 0u) | type);
        memcpy(p + header_len, data, part);
        data += part;
        start = 0;
        rtsp_outgoing_commit(out, part + header_len, last && left == 0);
    }
}

static void put_groups(const struct rtsp_nal_payload *format, struct rtsp_outgoing *out,
                       const struct rtsp_plan *plan, const struct rtsp_part *nal, bool last_piece)
{
    for (size_t i = 0; i < plan->groups; i++) {
        const struct rtsp_plan_group *group = &plan->group[i];
        bool last = last_piece && i + 1 == plan->groups;

        if (group->packets > 1)
            put_fragments(format, out, nal, group->size, last);
        else if (group->nals > 1)
            put_aggregate(format, out, nal, group->nals, group->size, last);
        else
            put_single(out, nal, last);
        nal += group->nals;
    }
}

void rtsp_packetise_nal(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns)
{
    const struct rtsp_nal_payload *format = unit->codec->nal;
    struct rtsp_plan plan;
    struct rtsp_outgoing out;
    size_t open = 0;

    rtsp_outgoing_begin(&out, stream, unit->keyframe, media_time, capture_ns);
    for (size_t done = 0; done < unit->part_count;) {
        size_t size[RTSP_PLAN_NALS_MAX];
        size_t count = unit->part_count - done;

        if (count > RTSP_PLAN_NALS_MAX)
            count = RTSP_PLAN_NALS_MAX;
        for (size_t i = 0; i < count; i++)
            size[i] = unit->part[done + i].len;
        open = rtsp_plan(&plan, format->header_len, size, count, payload_max, open);
        put_groups(format, &out, &plan, unit->part + done, done + count == unit->part_count);
        done += count;
    }
}
