// SPDX-License-Identifier: Apache-2.0
//
// Bits of a header, the first one in the highest place of its byte, as VP9 and AV1 write them.
// Once a read went beyond the end, it and all later ones give 0 and failed is set, so that a parser
// looks at it once, at its end. Any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtsp_bit_reader {
    const uint8_t *data;
    size_t bits; // in data
    size_t at;   // the next bit
    bool failed;
};

static inline struct rtsp_bit_reader rtsp_bit_reader(const uint8_t *data, size_t len)
{
    return (struct rtsp_bit_reader){.data = data, .bits = 8 * len};
}

// count: 0 to 32.
static inline uint32_t rtsp_read_bits(struct rtsp_bit_reader *b, unsigned count)
{
    uint32_t value = 0;

    if (count > b->bits - b->at)
        b->failed = true;
    if (b->failed)
        return 0;
    for (; count > 0; count--, b->at++)
        value = value << 1 | (b->data[b->at / 8] >> (7 - b->at % 8) & 1);
    return value;
}
