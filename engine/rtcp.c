// SPDX-License-Identifier: Apache-2.0
#include "engine/rtcp.h"

#include <errno.h>
#include <string.h>

#include "engine/bytes.h"

enum {
    PT_SR = 200,
    PT_RR = 201,
    PT_SDES = 202,
    PT_BYE = 203,
    PT_RTPFB = 205, // RFC 4585 6.1
    PT_PSFB = 206,

    FMT_NACK = 1, // RTPFB
    FMT_CC = 15,  // RTPFB, transport-wide feedback
    FMT_PLI = 1,  // PSFB
    FMT_FIR = 4,  // PSFB, RFC 5104 4.3.1
    FMT_AFB = 15, // PSFB, application layer feedback: RFC 4585 6.4

    SDES_CNAME = 1,
    PADDING_BIT = 0x20,
    HEADER_LEN = 4,
    REPORT_BLOCK_LEN = 24,
    SR_SENDER_LEN = 24, // SSRC, NTP, RTP, counts
    FEEDBACK_LEN = 8,   // sender's and media SSRC
    FCI_LEN = 4,        // one NACK entry
    FIR_LEN = 8,
    REMB_LEN = 8, // name, number of SSRCs, exponent and mantissa
    REMB_MANTISSA_BITS = 18,
    CC_LEN = 8, // base number, count, reference time and count of feedbacks
    CHUNK_LEN = 2,
    CC_REFERENCE_US = 64000,
    CC_DELTA_US = 250,
};

// What a chunk says of a packet. The fourth is reserved.
enum cc_symbol {
    CC_NOT_RECEIVED,
    CC_SMALL_DELTA, // one byte, unsigned
    CC_LARGE_DELTA, // two, signed
};

#define NTP_UNIX_OFFSET INT64_C(2208988800) // seconds from 1900 to 1970

uint64_t eng_ntp_from_real(int64_t real_ns)
{
    uint64_t seconds = (uint64_t)(real_ns / 1000000000 + NTP_UNIX_OFFSET);
    uint64_t rest = (uint64_t)(real_ns % 1000000000);

    return seconds << 32 | (rest << 32) / 1000000000;
}

// ---- writing ----

// Sets the header of the packet that runs from start to end; its length is a multiple of 4.
static uint8_t *finish(uint8_t *start, uint8_t *end, unsigned count, uint8_t type)
{
    start[0] = (uint8_t)(0x80 | count);
    start[1] = type;
    eng_put16(start + 2, (uint16_t)((end - start) / 4 - 1));
    return end;
}

static uint8_t *write_sr(uint8_t *p, const struct eng_rtcp_sender *s, int64_t real_ns)
{
    uint64_t ntp = eng_ntp_from_real(real_ns);

    eng_put32(p + 4, s->ssrc);
    eng_put32(p + 8, (uint32_t)(ntp >> 32));
    eng_put32(p + 12, (uint32_t)ntp);
    eng_put32(p + 16, s->rtp_timestamp);
    eng_put32(p + 20, s->packets);
    eng_put32(p + 24, s->octets);
    return finish(p, p + HEADER_LEN + SR_SENDER_LEN, 0, PT_SR);
}

static uint8_t *write_sdes(uint8_t *start, const struct eng_rtcp_sender *senders, size_t count,
                           const char *cname)
{
    size_t cname_len = strlen(cname);
    uint8_t *p = start + HEADER_LEN;

    for (size_t i = 0; i < count; i++) {
        // Chunk: SSRC, item, and 1 to 4 zero bytes up to the next word.
        size_t chunk = (4 + 2 + cname_len + 4) & ~(size_t)3;

        memset(p, 0, chunk);
        eng_put32(p, senders[i].ssrc);
        p[4] = SDES_CNAME;
        p[5] = (uint8_t)cname_len;
        memcpy(p + 6, cname, cname_len);
        p += chunk;
    }
    return finish(start, p, (unsigned)count, PT_SDES);
}

static uint8_t *write_bye(uint8_t *start, const struct eng_rtcp_sender *senders, size_t count)
{
    uint8_t *p = start + HEADER_LEN;

    for (size_t i = 0; i < count; i++, p += 4)
        eng_put32(p, senders[i].ssrc);
    return finish(start, p, (unsigned)count, PT_BYE);
}

size_t eng_rtcp_write(uint8_t *out, const struct eng_rtcp_sender *senders, size_t count,
                      const char *cname, int64_t real_ns, bool bye)
{
    uint8_t *p = out;

    for (size_t i = 0; i < count; i++) {
        if (senders[i].report)
            p = write_sr(p, &senders[i], real_ns);
    }
    if (p == out) {
        eng_put32(p + 4, senders[0].ssrc);
        p = finish(p, p + 8, 0, PT_RR);
    }
    p = write_sdes(p, senders, count, cname);
    if (bye)
        p = write_bye(p, senders, count);
    return (size_t)(p - out);
}

// ---- reading ----

static int read_reports(const uint8_t *p, size_t len, unsigned count,
                        const struct eng_rtcp_handler *h)
{
    if (len < (size_t)count * REPORT_BLOCK_LEN)
        return -EBADMSG;
    for (unsigned i = 0; i < count; i++, p += REPORT_BLOCK_LEN) {
        struct eng_rtcp_report report = {
            .ssrc = eng_get32(p),
            .fraction_lost = p[4],
            // 24 bits, signed.
            .lost = (int32_t)(eng_get32(p + 4) << 8) >> 8,
            .highest = eng_get32(p + 8),
            .jitter = eng_get32(p + 12),
            .lsr = eng_get32(p + 16),
            .dlsr = eng_get32(p + 20),
        };

        h->report(h->ctx, &report);
    }
    return 0;
}

static int read_nack(const uint8_t *p, size_t len, unsigned *left, const struct eng_rtcp_handler *h)
{
    if (len < FEEDBACK_LEN + FCI_LEN)
        return -EBADMSG;
    for (size_t at = FEEDBACK_LEN; at + FCI_LEN <= len; at += FCI_LEN) {
        uint16_t seq = eng_get16(p + at);
        unsigned mask = eng_get16(p + at + 2);

        // The entry's own packet, then the 16 that follow it, as bits.
        for (mask = mask << 1 | 1; mask && *left; mask >>= 1, seq++) {
            if (!(mask & 1))
                continue;
            (*left)--;
            h->nack(h->ctx, eng_get32(p + 4), seq);
        }
    }
    return 0;
}

// ---- transport-wide feedback ----

// Packets that a chunk tells of: a run of one symbol, or 7 or 14 symbols.
static unsigned chunk_packets(unsigned chunk)
{
    if (!(chunk & 0x8000))
        return chunk & 0x1fff;
    return chunk & 0x4000 ? 7 : 14;
}

static unsigned chunk_symbol(unsigned chunk, unsigned packet)
{
    if (!(chunk & 0x8000))
        return chunk >> 13;
    return chunk & 0x4000 ? chunk >> (12 - 2 * packet) & 3 : chunk >> (13 - packet) & 1;
}

// Where the chunks for so many packets end, and the deltas begin. 0: there are too few.
static size_t find_deltas(const uint8_t *fci, size_t len, unsigned count)
{
    size_t at = CC_LEN;

    for (unsigned told = 0; told < count; at += CHUNK_LEN) {
        if (at + CHUNK_LEN > len)
            return 0;
        told += chunk_packets(eng_get16(fci + at));
    }
    return at;
}

// Adds the next delta to *at_us, and moves *at behind it.
static int read_delta(const uint8_t *fci, size_t len, unsigned symbol, size_t *at, int64_t *at_us)
{
    size_t size = symbol == CC_SMALL_DELTA ? 1 : 2;

    if (symbol > CC_LARGE_DELTA || *at + size > len)
        return -EBADMSG;
    *at_us += CC_DELTA_US * (size == 1 ? fci[*at] : (int16_t)eng_get16(fci + *at));
    *at += size;
    return 0;
}

static int read_arrivals(const uint8_t *fci, size_t len, const struct eng_rtcp_handler *h)
{
    unsigned count = len < CC_LEN ? 0 : eng_get16(fci + 2);
    size_t chunk = CC_LEN, delta = find_deltas(fci, len, count);
    int64_t at_us;
    uint16_t number;

    if (count == 0 || delta == 0)
        return -EBADMSG;
    number = eng_get16(fci);
    at_us = (int64_t)(eng_get32(fci + 4) >> 8) * CC_REFERENCE_US;
    if (count > ENG_RTCP_ARRIVALS_MAX)
        count = ENG_RTCP_ARRIVALS_MAX;
    for (unsigned i = 0; count > 0; count--, i++, number++) {
        unsigned symbol;

        for (; i == chunk_packets(eng_get16(fci + chunk)); i = 0)
            chunk += CHUNK_LEN;
        symbol = chunk_symbol(eng_get16(fci + chunk), i);
        if (symbol != CC_NOT_RECEIVED && read_delta(fci, len, symbol, &delta, &at_us))
            return -EBADMSG;
        h->arrival(h->ctx, number, symbol != CC_NOT_RECEIVED ? at_us : ENG_RTCP_LOST);
    }
    h->arrivals_end(h->ctx);
    return 0;
}

// Other transport layer feedback is passed over.
static int read_rtpfb(const uint8_t *p, size_t len, unsigned fmt, unsigned *nacks_left,
                      const struct eng_rtcp_handler *h)
{
    if (fmt == FMT_NACK)
        return read_nack(p, len, nacks_left, h);
    if (fmt != FMT_CC)
        return 0;
    return len < FEEDBACK_LEN ? -EBADMSG : read_arrivals(p + FEEDBACK_LEN, len - FEEDBACK_LEN, h);
}

// Other application layer feedback is passed over.
static int read_remb(const uint8_t *fci, size_t len, const struct eng_rtcp_handler *h)
{
    unsigned exponent;
    uint64_t mantissa;

    if (len < REMB_LEN || memcmp(fci, "REMB", 4) != 0)
        return 0;
    if (len < REMB_LEN + (size_t)fci[4] * 4)
        return -EBADMSG;
    exponent = fci[5] >> 2;
    mantissa = eng_get32(fci + 4) & ((1u << REMB_MANTISSA_BITS) - 1);
    // More than 64 bits can hold is no limit at all.
    if (exponent > 64 - REMB_MANTISSA_BITS && mantissa > UINT64_MAX >> exponent)
        h->remb(h->ctx, UINT64_MAX);
    else
        h->remb(h->ctx, mantissa << exponent);
    return 0;
}

static int read_psfb(const uint8_t *p, size_t len, unsigned fmt, const struct eng_rtcp_handler *h)
{
    if (len < FEEDBACK_LEN)
        return -EBADMSG;
    if (fmt == FMT_PLI)
        h->keyframe(h->ctx, eng_get32(p + 4));
    if (fmt == FMT_FIR) {
        // FIR names its target in the entry; the media SSRC field is zero.
        if (len < FEEDBACK_LEN + FIR_LEN)
            return -EBADMSG;
        h->keyframe(h->ctx, eng_get32(p + FEEDBACK_LEN));
    }
    if (fmt == FMT_AFB)
        return read_remb(p + FEEDBACK_LEN, len - FEEDBACK_LEN, h);
    return 0;
}

// One packet of the compound: its body after the 4-byte header.
static int read_packet(uint8_t type, unsigned count, const uint8_t *body, size_t len,
                       unsigned *nacks_left, const struct eng_rtcp_handler *h)
{
    switch (type) {
    case PT_SR:
        if (len < SR_SENDER_LEN)
            return -EBADMSG;
        return read_reports(body + SR_SENDER_LEN, len - SR_SENDER_LEN, count, h);
    case PT_RR:
        if (len < 4)
            return -EBADMSG;
        return read_reports(body + 4, len - 4, count, h);
    case PT_BYE:
        h->bye(h->ctx);
        return 0;
    case PT_RTPFB:
        return read_rtpfb(body, len, count, nacks_left, h);
    case PT_PSFB:
        return read_psfb(body, len, count, h);
    default:
        return 0;
    }
}

int eng_rtcp_read(const uint8_t *data, size_t len, const struct eng_rtcp_handler *handler)
{
    unsigned nacks_left = ENG_RTCP_NACKS_MAX;

    while (len > 0) {
        size_t size, padding;
        int err;

        if (len < HEADER_LEN || data[0] >> 6 != 2)
            return -EBADMSG;
        size = ((size_t)eng_get16(data + 2) + 1) * 4;
        if (size > len)
            return -EBADMSG;
        padding = data[0] & PADDING_BIT ? data[size - 1] : 0;
        if (padding > size - HEADER_LEN)
            return -EBADMSG;
        err = read_packet(data[1], data[0] & 0x1f, data + HEADER_LEN, size - HEADER_LEN - padding,
                          &nacks_left, handler);
        if (err)
            return err;
        data += size;
        len -= size;
    }
    return 0;
}
