// SPDX-License-Identifier: Apache-2.0
#include "rtsp/rbsp.h"

void rtsp_rbsp_init(struct rtsp_rbsp *b, const uint8_t *data, size_t len)
{
    *b = (struct rtsp_rbsp){.at = data, .end = data + len};
}

static void next_byte(struct rtsp_rbsp *b)
{
    if (b->zeros >= 2 && b->at < b->end && *b->at == 3) {
        b->at++;
        b->zeros = 0;
    }
    if (b->at == b->end) {
        b->failed = true;
        return;
    }
    b->byte = *b->at++;
    b->zeros = b->byte == 0 ? b->zeros + 1 : 0;
    b->left = 8;
}

unsigned rtsp_rbsp_bit(struct rtsp_rbsp *b)
{
    if (b->left == 0)
        next_byte(b);
    if (b->failed)
        return 0;
    b->left--;
    return (unsigned)b->byte >> b->left & 1;
}

uint32_t rtsp_rbsp_bits(struct rtsp_rbsp *b, unsigned count)
{
    uint32_t value = 0;

    while (count-- > 0)
        value = value << 1 | rtsp_rbsp_bit(b);
    return value;
}

void rtsp_rbsp_skip(struct rtsp_rbsp *b, unsigned count)
{
    while (count-- > 0 && !b->failed)
        rtsp_rbsp_bit(b);
}

unsigned rtsp_rbsp_byte(struct rtsp_rbsp *b)
{
    next_byte(b);
    b->left = 0;
    return b->failed ? 0 : b->byte;
}

uint32_t rtsp_rbsp_ue(struct rtsp_rbsp *b)
{
    unsigned zeros = 0;

    while (!b->failed && rtsp_rbsp_bit(b) == 0) {
        if (++zeros > 31)
            b->failed = true;
    }
    if (b->failed)
        return 0;
    return (uint32_t)(((uint64_t)1 << zeros) - 1) + rtsp_rbsp_bits(b, zeros);
}

unsigned rtsp_rbsp_ue_max(struct rtsp_rbsp *b, unsigned max)
{
    uint32_t value = rtsp_rbsp_ue(b);

    if (value > max) {
        b->failed = true;
        return 0;
    }
    return value;
}

int64_t rtsp_rbsp_se(struct rtsp_rbsp *b)
{
    int64_t code = rtsp_rbsp_ue(b);

    return code & 1 ? (code + 1) / 2 : -(code / 2);
}

void rtsp_rbsp_crop(struct rtsp_rbsp *b, unsigned chroma, unsigned rows, unsigned *width,
                    unsigned *height)
{
    unsigned unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    unsigned unit_y = (chroma == 1 ? 2 : 1) * rows;
    unsigned crop_x = 0;
    unsigned crop_y = 0;

    if (rtsp_rbsp_bit(b)) {
        crop_x = unit_x * rtsp_rbsp_ue_max(b, *width);
        crop_x += unit_x * rtsp_rbsp_ue_max(b, *width);
        crop_y = unit_y * rtsp_rbsp_ue_max(b, *height);
        crop_y += unit_y * rtsp_rbsp_ue_max(b, *height);
    }
    if (crop_x >= *width || crop_y >= *height) {
        b->failed = true;
        return;
    }
    *width -= crop_x;
    *height -= crop_y;
}
