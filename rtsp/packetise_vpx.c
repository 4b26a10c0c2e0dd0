// SPDX-License-Identifier: Apache-2.0
#include "rtsp/packetise_vpx.h"

#include <assert.h>
#include <string.h>

enum {
    DESCRIPTOR_LEN = 1,
    VP8_START = 0x10,     // S, of partition 0 (RFC 7741 4.2)
    VP9_PREDICTED = 0x40, // P (RFC 9628 4.2)
    VP9_START = 0x08,     // B
    VP9_END = 0x04,       // E
};

// The bits of a descriptor.
struct descriptor {
    uint8_t all;
    uint8_t first;
    uint8_t last;
};

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static void packetise(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                      struct eng_packet packet, struct descriptor bits)
{
    const uint8_t *data = unit->part[0].data;
    size_t left = unit->part[0].len;
    size_t count, part;

    assert(unit->part_count == 1);
    assert(payload_max > DESCRIPTOR_LEN && payload_max <= ENG_PAYLOAD_MAX);
    count = divide_up(left, payload_max - DESCRIPTOR_LEN);
    part = divide_up(left, count);
    packet.flags = ENG_PACKET_FRAME_START | (unit->keyframe ? ENG_PACKET_KEYFRAME : 0);
    bits.first |= bits.all;
    while (left > 0) {
        size_t len = part < left ? part : left;
        uint8_t *p = eng_publish_reserve(stream, ENG_VIDEO, DESCRIPTOR_LEN + len);

        left -= len;
        p[0] = bits.first | (left == 0 ? bits.last : 0);
        memcpy(p + DESCRIPTOR_LEN, data, len);
        data += len;
        packet.len = (uint16_t)(DESCRIPTOR_LEN + len);
        packet.flags |= left == 0 ? ENG_PACKET_MARKER : 0;
        eng_publish_commit(stream, ENG_VIDEO, &packet);
        packet.flags &= (uint16_t)~ENG_PACKET_FRAME_START;
        bits.first = bits.all;
    }
}

void rtsp_packetise_vp8(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns)
{
    packetise(stream, unit, payload_max,
              (struct eng_packet){.media_time = media_time, .capture_ns = capture_ns},
              (struct descriptor){.first = VP8_START});
}

void rtsp_packetise_vp9(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns)
{
    packetise(stream, unit, payload_max,
              (struct eng_packet){.media_time = media_time, .capture_ns = capture_ns},
              (struct descriptor){
                  .all = unit->keyframe ? 0 : VP9_PREDICTED, .first = VP9_START, .last = VP9_END});
}
