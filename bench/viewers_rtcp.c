// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_rtcp.h"

#include <errno.h>
#include <string.h>

#include "engine/bytes.h"

enum {
    PT_SR = 200,
    PT_RR = 201,
    PT_SDES = 202,
    PT_BYE = 203,
    PT_RTPFB = 205,
    PT_PSFB = 206,
    FMT_NACK = 1,
    FMT_PLI = 1,
    SDES_CNAME = 1,
    HEADER_LEN = 4,
    BLOCK_LEN = 24,
    SR_LEN = 28,    // header, SSRC and sender's part
    NACK_SPAN = 16, // packets behind an entry's own that its mask can name
};

// Sets the header of the packet that runs from start to end; its length is a multiple of 4.
static size_t finish(uint8_t *start, const uint8_t *end, unsigned count, uint8_t type)
{
    start[0] = (uint8_t)(0x80 | count);
    start[1] = type;
    eng_put16(start + 2, (uint16_t)((end - start) / 4 - 1));
    return (size_t)(end - start);
}

size_t viewers_rtcp_write_report(uint8_t *out, uint32_t ssrc,
                                 const struct viewers_rtcp_block *blocks, size_t count)
{
    uint8_t *p = out + HEADER_LEN + 4;

    eng_put32(out + HEADER_LEN, ssrc);
    for (size_t i = 0; i < count; i++, p += BLOCK_LEN) {
        eng_put32(p, blocks[i].ssrc);
        eng_put32(p + 4, (uint32_t)blocks[i].lost & 0xffffff);
        p[4] = blocks[i].fraction_lost;
        eng_put32(p + 8, blocks[i].highest);
        eng_put32(p + 12, blocks[i].jitter);
        eng_put32(p + 16, blocks[i].lsr);
        eng_put32(p + 20, blocks[i].dlsr);
    }
    return finish(out, p, (unsigned)count, PT_RR);
}

size_t viewers_rtcp_write_cname(uint8_t *out, uint32_t ssrc)
{
    static const char cname[] = "viewers";
    enum {
        CNAME_LEN = sizeof(cname) - 1,
        CHUNK_LEN = (4 + 2 + CNAME_LEN + 4) & ~3, // ends in 1 to 4 zero bytes
    };
    uint8_t *p = out + HEADER_LEN;

    memset(p, 0, CHUNK_LEN);
    eng_put32(p, ssrc);
    p[4] = SDES_CNAME;
    p[5] = CNAME_LEN;
    memcpy(p + 6, cname, CNAME_LEN);
    return finish(out, p + CHUNK_LEN, 1, PT_SDES);
}

size_t viewers_rtcp_write_pli(uint8_t *out, uint32_t ssrc, uint32_t media_ssrc)
{
    eng_put32(out + HEADER_LEN, ssrc);
    eng_put32(out + HEADER_LEN + 4, media_ssrc);
    return finish(out, out + HEADER_LEN + 8, FMT_PLI, PT_PSFB);
}

size_t viewers_rtcp_write_nack(uint8_t *out, uint32_t ssrc, uint32_t media_ssrc,
                               const uint16_t *seqs, size_t count)
{
    uint8_t *p = out + HEADER_LEN + 8;

    eng_put32(out + HEADER_LEN, ssrc);
    eng_put32(out + HEADER_LEN + 4, media_ssrc);
    for (size_t i = 0; i < count; p += 4) {
        uint16_t first = seqs[i++];
        unsigned mask = 0;

        for (; i < count && (uint16_t)(seqs[i] - first) <= NACK_SPAN; i++)
            mask |= 1U << (uint16_t)(seqs[i] - first - 1);
        eng_put16(p, first);
        eng_put16(p + 2, (uint16_t)mask);
    }
    return finish(out, p, FMT_NACK, PT_RTPFB);
}

int viewers_rtcp_read(const uint8_t *data, size_t len, const struct viewers_rtcp_handler *handler)
{
    while (len > 0) {
        size_t size;

        if (len < HEADER_LEN || data[0] >> 6 != 2)
            return -EBADMSG;
        size = ((size_t)eng_get16(data + 2) + 1) * 4;
        if (size > len || (data[1] == PT_SR && size < SR_LEN))
            return -EBADMSG;
        if (data[1] == PT_SR) // the middle 32 bits of the NTP timestamp
            handler->sender_report(handler->ctx, eng_get32(data + 4), eng_get32(data + 10));
        else if (data[1] == PT_BYE)
            handler->bye(handler->ctx);
        data += size;
        len -= size;
    }
    return 0;
}
