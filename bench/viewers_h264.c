// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_h264.h"

#include <string.h>

#include "engine/bytes.h"

enum {
    NAL_SLICE_FIRST = 1, // 1 to 5 are slices
    NAL_IDR = 5,
    NAL_SEI = 6,
    NAL_SPS = 7,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
    NAL_TYPE_MASK = 0x1f,
    FU_HEADER_LEN = 2,
    FU_START = 0x80,
    SEI_USER_DATA_UNREGISTERED = 5,
    STAMP_LEN = VIEWERS_STAMP_UUID_LEN + 8,
};

const uint8_t viewers_stamp_uuid[VIEWERS_STAMP_UUID_LEN] = {
    0x72, 0x74, 0x63, 0x66, 0x61, 0x6e, 0x42, 0x65, 0x8e, 0x63, 0x68, 0x4c, 0x61, 0x74, 0x65, 0x6e,
};

// Reads a NAL unit's bytes without the emulation prevention ones (H.264 7.3.1).
struct rbsp {
    const uint8_t *at, *end;
    unsigned zeros; // that were read last
};

static bool next_byte(struct rbsp *r, uint8_t *out)
{
    if (r->zeros >= 2 && r->at < r->end && *r->at == 3) {
        r->at++;
        r->zeros = 0;
    }
    if (r->at == r->end)
        return false;
    *out = *r->at++;
    r->zeros = *out == 0 ? r->zeros + 1 : 0;
    return true;
}

// A type or size of an SEI message: bytes of 255, and one that is less (H.264 7.3.2.3.1).
static bool next_number(struct rbsp *r, size_t *out)
{
    uint8_t byte = 255;

    for (*out = 0; byte == 255; *out += byte) {
        if (!next_byte(r, &byte))
            return false;
    }
    return true;
}

static bool skip_bytes(struct rbsp *r, size_t count)
{
    uint8_t byte;

    while (count > 0 && next_byte(r, &byte))
        count--;
    return count == 0;
}

// Reads the message if it is our stamp; *taken says how many of its bytes were read.
static bool read_stamp(struct rbsp *r, size_t *taken, int64_t *ns)
{
    uint8_t text[STAMP_LEN];

    for (*taken = 0; *taken < STAMP_LEN; ++*taken) {
        if (!next_byte(r, &text[*taken]))
            return false;
    }
    if (memcmp(text, viewers_stamp_uuid, VIEWERS_STAMP_UUID_LEN) != 0)
        return false;
    *ns = (int64_t)((uint64_t)eng_get32(text + VIEWERS_STAMP_UUID_LEN) << 32 |
                    eng_get32(text + VIEWERS_STAMP_UUID_LEN + 4));
    return *ns >= 0;
}

// What follows the header of an SEI NAL unit.
static void look_at_sei(const uint8_t *data, size_t len, struct viewers_h264 *out)
{
    struct rbsp r = {data, data + len, 0};
    size_t type, size;

    while (!out->stamped && next_number(&r, &type) && next_number(&r, &size)) {
        size_t taken = 0;

        if (type == SEI_USER_DATA_UNREGISTERED && size >= STAMP_LEN)
            out->stamped = read_stamp(&r, &taken, &out->stamp_ns);
        if (!skip_bytes(&r, size - taken))
            return;
    }
}

static void look_at_nal(uint8_t type, const uint8_t *data, size_t len, struct viewers_h264 *out)
{
    type &= NAL_TYPE_MASK;
    if (type == NAL_SPS || type == NAL_IDR)
        out->keyframe = true;
    if (type >= NAL_SLICE_FIRST && type <= NAL_IDR)
        out->slice = true;
    if (type == NAL_SEI)
        look_at_sei(data, len, out);
}

static void look_at_stap(const uint8_t *at, size_t left, struct viewers_h264 *out)
{
    while (left > 2) {
        size_t size = eng_get16(at);

        at += 2;
        left -= 2;
        if (size == 0 || size > left)
            return;
        look_at_nal(at[0], at + 1, size - 1, out);
        at += size;
        left -= size;
    }
}

void viewers_h264_look(const uint8_t *payload, size_t len, struct viewers_h264 *out)
{
    *out = (struct viewers_h264){0};
    if (len < 1)
        return;
    switch (payload[0] & NAL_TYPE_MASK) {
    case NAL_STAP_A:
        look_at_stap(payload + 1, len - 1, out);
        break;
    case NAL_FU_A:
        if (len > FU_HEADER_LEN && payload[1] & FU_START)
            look_at_nal(payload[1], payload + FU_HEADER_LEN, len - FU_HEADER_LEN, out);
        else
            out->slice = true;
        break;
    default:
        look_at_nal(payload[0], payload + 1, len - 1, out);
    }
}
