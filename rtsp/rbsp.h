// SPDX-License-Identifier: Apache-2.0
//
// Reads bits of a raw byte sequence payload, the content of a NAL unit, past the emulation
// prevention in it (ITU-T H.264 7.4.1.1, 9.1; ITU-T H.265 7.4.2, 9.2). A plain struct over the
// caller's bytes, which may be anything; any thread. Once a read went wrong, it and all later ones
// give 0 and failed is set, so that a parser looks at it once, at its end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtsp_rbsp {
    const uint8_t *at;
    const uint8_t *end;
    unsigned zeros; // zero bytes just before *at
    unsigned left;  // unread bits of byte
    uint8_t byte;
    bool failed;
};

void rtsp_rbsp_init(struct rtsp_rbsp *b, const uint8_t *data, size_t len);

unsigned rtsp_rbsp_bit(struct rtsp_rbsp *b);

// count: 0 to 32.
uint32_t rtsp_rbsp_bits(struct rtsp_rbsp *b, unsigned count);

// Passes over any number of bits.
void rtsp_rbsp_skip(struct rtsp_rbsp *b, unsigned count);

// One byte, where all bits of the one before it have been read.
unsigned rtsp_rbsp_byte(struct rtsp_rbsp *b);

// ue(v). The longest code has 31 zeros before its 1; the value fits in 32 bits.
uint32_t rtsp_rbsp_ue(struct rtsp_rbsp *b);

// ue(v) of at most max.
unsigned rtsp_rbsp_ue_max(struct rtsp_rbsp *b, unsigned max);

// se(v)
int64_t rtsp_rbsp_se(struct rtsp_rbsp *b);

// The flag and offsets of a picture's cropping (ITU-T H.264 7.3.2.1.1, ITU-T H.265 7.3.2.2.1),
// taken off its size. chroma: chroma_format_idc; rows: that a frame's row stands for, 1, or 2 in
// fields. Nothing left of the picture is a failure.
void rtsp_rbsp_crop(struct rtsp_rbsp *b, unsigned chroma, unsigned rows, unsigned *width,
                    unsigned *height);
