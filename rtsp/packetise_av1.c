// SPDX-License-Identifier: Apache-2.0
#include "rtsp/packetise_av1.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "rtsp/av1.h"

enum {
    HEADER_LEN = 1,       // aggregation header, 4.4
    FIRST_GOES_ON = 0x80, // Z
    LAST_GOES_ON = 0x40,  // Y
    COUNT_SHIFT = 4,      // W
    NEW_SEQUENCE = 0x08,  // N
    ELEMENTS_MAX = 3,     // that W can count
    // What may be lost at an OBU's end: its size, and the byte that goes into the next payload.
    OBU_COST = 4,
};

// What is yet to be sent of a unit.
struct rest {
    const struct rtsp_part *obu;
    size_t count;
    size_t done; // bytes of the first
};

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

// As few payloads as possible, of equal size but for the last.
static size_t payload_size(const struct rtsp_unit *unit, size_t payload_max)
{
    size_t total = (unit->part_count - 1) * OBU_COST;
    size_t count;

    for (size_t i = 0; i < unit->part_count; i++)
        total += unit->part[i].len;
    count = divide_up(total, payload_max - HEADER_LEN);
    return HEADER_LEN + divide_up(total, count);
}

// Takes the next len bytes of the OBU.
static void copy(struct rest *rest, uint8_t **at, size_t len)
{
    memcpy(*at, rest->obu->data + rest->done, len);
    *at += len;
    rest->done += len;
    if (rest->done < rest->obu->len)
        return;
    rest->obu++;
    rest->count--;
    rest->done = 0;
}

// Fills a payload of up to size bytes. Returns its length.
static size_t fill(struct rest *rest, uint8_t *payload, size_t size)
{
    uint8_t *at = payload + HEADER_LEN;
    uint8_t *end = payload + size;
    unsigned elements = 0;
    bool last = false;

    payload[0] = rest->done > 0 ? FIRST_GOES_ON : 0;
    while (!last) {
        size_t left = rest->obu->len - rest->done;
        size_t room = (size_t)(end - at);
        size_t size_len = rtsp_leb128_len((uint32_t)left);

        last = ++elements == ELEMENTS_MAX || rest->count == 1 || left + size_len >= room;
        if (!last) {
            rtsp_leb128_write(at, (uint32_t)left);
            at += size_len;
        } else if (rest->count > 1) {
            left--;
        }
        copy(rest, &at, left < room ? left : room);
    }
    payload[0] |= (uint8_t)(elements << COUNT_SHIFT | (rest->done > 0 ? LAST_GOES_ON : 0));
    return (size_t)(at - payload);
}

void rtsp_packetise_av1(struct eng_stream *stream, const struct rtsp_unit *unit, size_t payload_max,
                        int64_t media_time, int64_t capture_ns)
{
    struct rest rest = {.obu = unit->part, .count = unit->part_count};
    struct eng_packet packet = {
        .media_time = media_time,
        .capture_ns = capture_ns,
        .flags = ENG_PACKET_FRAME_START | (unit->keyframe ? ENG_PACKET_KEYFRAME : 0),
    };
    uint8_t new_sequence = unit->keyframe ? NEW_SEQUENCE : 0;
    size_t size;

    assert(payload_max > HEADER_LEN && payload_max <= ENG_PAYLOAD_MAX);
    size = payload_size(unit, payload_max);
    while (rest.count > 0) {
        uint8_t *p = eng_publish_reserve(stream, ENG_VIDEO, size);

        packet.len = (uint16_t)fill(&rest, p, size);
        p[0] |= new_sequence;
        new_sequence = 0;
        packet.flags |= rest.count == 0 ? ENG_PACKET_MARKER : 0;
        eng_publish_commit(stream, ENG_VIDEO, &packet);
        packet.flags &= (uint16_t)~ENG_PACKET_FRAME_START;
    }
}
