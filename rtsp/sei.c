// SPDX-License-Identifier: Apache-2.0
#include "rtsp/sei.h"

#include <errno.h>

#include "rtsp/rbsp.h"

// payloadType or payloadSize: the sum of bytes up to the first that is not 0xff.
static size_t read_sei_number(struct rtsp_rbsp *b)
{
    size_t sum = 0;
    unsigned byte;

    do {
        byte = rtsp_rbsp_byte(b);
        sum += byte;
    } while (byte == 0xff);
    return sum;
}

static bool at_trailing_bits(const struct rtsp_rbsp *b)
{
    return b->end - b->at == 1 && *b->at == 0x80;
}

int rtsp_sei_parse(const uint8_t *nal, size_t len, size_t header_len, uint32_t *types)
{
    struct rtsp_rbsp b;
    uint32_t seen = 0;

    if (len <= header_len)
        return -EBADMSG;
    rtsp_rbsp_init(&b, nal + header_len, len - header_len);
    do {
        size_t type = read_sei_number(&b);
        size_t left = read_sei_number(&b);

        seen |= UINT32_C(1) << (type < RTSP_SEI_REST ? type : RTSP_SEI_REST);
        while (left-- > 0 && !b.failed)
            rtsp_rbsp_byte(&b);
    } while (!b.failed && !at_trailing_bits(&b));
    if (b.failed)
        return -EBADMSG;
    *types = seen;
    return 0;
}

bool rtsp_sei_is_timing(const uint8_t *nal, size_t len, size_t header_len)
{
    const uint32_t timing = UINT32_C(1) << RTSP_SEI_BUFFERING_PERIOD |
                            UINT32_C(1) << RTSP_SEI_PIC_TIMING |
                            UINT32_C(1) << RTSP_SEI_FILLER_PAYLOAD;
    uint32_t types;

    return rtsp_sei_parse(nal, len, header_len, &types) == 0 && (types & ~timing) == 0;
}
