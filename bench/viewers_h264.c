// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_h264.h"

#include "bench/stamp.h"
#include "engine/bytes.h"

enum {
    NAL_SLICE_FIRST = 1, // 1 to 5 are slices
    NAL_IDR = 5,
    NAL_SPS = 7,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
    NAL_TYPE_MASK = 0x1f,
    FU_HEADER_LEN = 2,
    FU_START = 0x80,
};

static void look_at_type(uint8_t type, struct viewers_h264 *out)
{
    type &= NAL_TYPE_MASK;
    if (type == NAL_SPS || type == NAL_IDR)
        out->keyframe = true;
    if (type >= NAL_SLICE_FIRST && type <= NAL_IDR)
        out->slice = true;
}

// nal: at least its header.
static void look_at_nal(const uint8_t *nal, size_t len, struct viewers_h264 *out)
{
    look_at_type(nal[0], out);
    if (!out->stamped)
        out->stamped = bench_stamp_decode(nal, len, &out->stamp_ns);
}

static void look_at_stap(const uint8_t *at, size_t left, struct viewers_h264 *out)
{
    while (left > 2) {
        size_t size = eng_get16(at);

        at += 2;
        left -= 2;
        if (size == 0 || size > left)
            return;
        look_at_nal(at, size, out);
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
            look_at_type(payload[1], out);
        else
            out->slice = true;
        break;
    default:
        look_at_nal(payload, len, out);
    }
}
