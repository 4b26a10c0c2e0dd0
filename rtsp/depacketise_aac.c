// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_aac.h"

#include <errno.h>
#include <string.h>

#include "rtsp/bytes.h"

enum {
    HEADERS_LENGTH_LEN = 2, // AU-headers-length, bits
    LATM_LENGTH_MORE = 255,
};

void rtsp_depacketise_aac_begin(struct rtsp_depacketise_aac *d,
                                const struct rtsp_aac_config *config)
{
    *d = (struct rtsp_depacketise_aac){.config = *config};
}

void rtsp_depacketise_aac_break(struct rtsp_depacketise_aac *d)
{
    d->open = false;
}

// Nothing of the payload is of use any more.
static int refuse(struct rtsp_depacketise_aac *d)
{
    d->headers.bits = d->headers.at;
    d->len = 0;
    d->open = false;
    return -EBADMSG;
}

static void open_unit(struct rtsp_depacketise_aac *d, uint32_t timestamp)
{
    d->open = true;
    d->timestamp = timestamp;
    d->gathered = 0;
}

// False: it is larger than an access unit may be.
static bool gather(struct rtsp_depacketise_aac *d, const uint8_t *data, size_t len)
{
    if (len > sizeof(d->unit) - d->gathered)
        return false;
    memcpy(d->unit + d->gathered, data, len);
    d->gathered += len;
    return true;
}

// ---- RFC 3640 ----

static int take_headers(struct rtsp_depacketise_aac *d, const struct rtsp_rtp *rtp)
{
    size_t bits, bytes;

    if (rtp->payload_len < HEADERS_LENGTH_LEN)
        return refuse(d);
    bits = rtsp_read_u16(rtp->payload);
    bytes = (bits + 7) / 8;
    if (bits < d->config.size_bits + d->config.index_bits ||
        bytes > rtp->payload_len - HEADERS_LENGTH_LEN)
        return refuse(d);
    if (d->open && d->timestamp != rtp->timestamp)
        d->open = false;
    d->timestamp = rtp->timestamp;
    d->headers = rtsp_bit_reader(rtp->payload + HEADERS_LENGTH_LEN, bytes);
    d->headers.bits = bits;
    d->data = rtp->payload + HEADERS_LENGTH_LEN + bytes;
    d->len = rtp->payload_len - HEADERS_LENGTH_LEN - bytes;
    d->first = true;
    return 0;
}

// The payload is a fragment of one access unit of unit_len bytes.
static int take_fragment(struct rtsp_depacketise_aac *d, size_t unit_len, const uint8_t **unit,
                         size_t *len)
{
    if (!d->open || d->unit_len != unit_len)
        open_unit(d, d->timestamp);
    d->unit_len = unit_len;
    if (unit_len > RTSP_AAC_UNIT_MAX || !gather(d, d->data, d->len) || d->gathered > unit_len)
        return refuse(d);
    d->len = 0;
    if (d->gathered < unit_len)
        return 0;
    d->open = false;
    *unit = d->unit;
    *len = unit_len;
    return 1;
}

static int next_unit(struct rtsp_depacketise_aac *d, const uint8_t **unit, size_t *len)
{
    unsigned index_bits = d->first ? d->config.index_bits : d->config.delta_bits;
    bool first = d->first;
    size_t unit_len;
    uint32_t index;

    // Bits that make no header are padding.
    if (d->headers.bits - d->headers.at < d->config.size_bits + index_bits)
        return 0;
    unit_len = rtsp_read_bits(&d->headers, d->config.size_bits);
    index = rtsp_read_bits(&d->headers, index_bits);
    d->first = false;
    if (unit_len == 0 || (!first && index != 0))
        return refuse(d);
    if (first && (unit_len > d->len || (d->open && d->unit_len == unit_len)))
        return take_fragment(d, unit_len, unit, len);
    if (unit_len > d->len || unit_len > RTSP_AAC_UNIT_MAX)
        return refuse(d);
    d->open = false;
    *unit = d->data;
    *len = unit_len;
    d->data += unit_len;
    d->len -= unit_len;
    return 1;
}

// ---- RFC 6416 ----

static int take_element(struct rtsp_depacketise_aac *d, const struct rtsp_rtp *rtp)
{
    d->len = 0;
    if (!d->open || d->timestamp != rtp->timestamp)
        open_unit(d, rtp->timestamp);
    if (!gather(d, rtp->payload, rtp->payload_len))
        return refuse(d);
    if (rtp->marker) { // the element is complete
        d->open = false;
        d->data = d->unit;
        d->len = d->gathered;
    }
    return 0;
}

// PayloadLengthInfo and payload of each subframe (ISO 14496-3 1.7.3.1).
static int next_subframe(struct rtsp_depacketise_aac *d, const uint8_t **unit, size_t *len)
{
    size_t unit_len = 0;
    uint8_t byte;

    if (d->len == 0)
        return 0;
    do {
        if (d->len == 0)
            return refuse(d);
        byte = *d->data++;
        d->len--;
        unit_len += byte;
    } while (byte == LATM_LENGTH_MORE);
    if (unit_len == 0 || unit_len > d->len)
        return refuse(d);
    *unit = d->data;
    *len = unit_len;
    d->data += unit_len;
    d->len -= unit_len;
    return 1;
}

// ---- both ----

int rtsp_depacketise_aac(struct rtsp_depacketise_aac *d, const struct rtsp_rtp *rtp)
{
    return d->config.latm ? take_element(d, rtp) : take_headers(d, rtp);
}

int rtsp_depacketise_aac_next(struct rtsp_depacketise_aac *d, const uint8_t **unit, size_t *len)
{
    return d->config.latm ? next_subframe(d, unit, len) : next_unit(d, unit, len);
}
