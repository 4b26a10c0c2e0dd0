// SPDX-License-Identifier: Apache-2.0
//
// NAL units of an H.264 byte stream (ITU-T H.264 Annex B) that lies in memory as a whole. Plain
// functions, any thread; what they return points into the caller's bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_nal_type {
    BENCH_NAL_SLICE = 1,
    BENCH_NAL_IDR = 5,
    BENCH_NAL_SEI = 6,
    BENCH_NAL_SPS = 7,
    BENCH_NAL_PPS = 8,
    BENCH_NAL_DELIMITER = 9,
};

struct bench_nal {
    const uint8_t *data; // from the NAL header on, without start code
    size_t len;          // at least 1
};

// The next NAL unit at or after *cursor; moves *cursor behind it. False: none left.
bool bench_annexb_next(const uint8_t **cursor, const uint8_t *end, struct bench_nal *out);

static inline unsigned bench_nal_type(const struct bench_nal *nal)
{
    return nal->data[0] & 0x1f;
}

// A coded slice: the picture itself, and not what is said about it.
static inline bool bench_nal_is_slice(const struct bench_nal *nal)
{
    return bench_nal_type(nal) >= BENCH_NAL_SLICE && bench_nal_type(nal) <= BENCH_NAL_IDR;
}

// Whether this NAL unit, coming after a slice, begins the next access unit (H.264 7.4.1.2.3, as
// far as encoders without redundant pictures and fields make use of it).
bool bench_nal_begins_unit(const struct bench_nal *nal);
