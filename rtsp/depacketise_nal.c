// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_nal.h"

#include "rtsp/access_unit.h"
#include "rtsp/bytes.h"
#include "rtsp/nal_payload.h"

static void lose(const struct rtsp_nal_payload *format, struct rtsp_access_unit *au, unsigned type)
{
    rtsp_access_unit_part_lost(au, rtsp_nal_payload_is_keyframe(format, type));
}

void rtsp_depacketise_nal_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au)
{
    if (!d->in_fragment)
        return;
    d->in_fragment = false;
    lose(au->codec->nal, au, d->fragment_type);
}

static void take_nal(struct rtsp_access_unit *au, const uint8_t *nal, size_t len)
{
    rtsp_access_unit_part_begin(au);
    rtsp_access_unit_part_append(au, nal, len);
    rtsp_access_unit_part_end(au);
}

// RFC 6184 5.7.1, RFC 7798 4.4.2. Whatever stands before a length that cannot be is kept; padding
// behind the last NAL unit costs nothing.
static void take_aggregate(const struct rtsp_nal_payload *format, struct rtsp_depacketiser *d,
                           struct rtsp_access_unit *au, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t size = len >= RTSP_AGGREGATE_LENGTH_LEN ? rtsp_read_u16(data) : 0;

        if (size == 0 || size > len - RTSP_AGGREGATE_LENGTH_LEN) {
            d->malformed++;
            if (size > 0)
                lose(format, au,
                     len > RTSP_AGGREGATE_LENGTH_LEN
                         ? rtsp_nal_payload_type(format, data[RTSP_AGGREGATE_LENGTH_LEN])
                         : 0);
            return;
        }
        take_nal(au, data + RTSP_AGGREGATE_LENGTH_LEN, size);
        data += RTSP_AGGREGATE_LENGTH_LEN + size;
        len -= RTSP_AGGREGATE_LENGTH_LEN + size;
    }
}

// Writes the NAL unit's own header from that of its first fragment.
static void begin_fragments(const struct rtsp_nal_payload *format, struct rtsp_access_unit *au,
                            const uint8_t *header, unsigned type)
{
    uint8_t first = rtsp_nal_payload_retype(format, header[0], type);

    rtsp_access_unit_part_begin(au);
    rtsp_access_unit_part_append(au, &first, 1);
    rtsp_access_unit_part_append(au, header + 1, format->header_len - 1);
}

// RFC 6184 5.8, RFC 7798 4.4.3. A NAL unit in one fragment, both start and end, is not allowed
// there but clear.
static void take_fragment(const struct rtsp_nal_payload *format, struct rtsp_depacketiser *d,
                          struct rtsp_access_unit *au, const uint8_t *data, size_t len)
{
    size_t header_len = format->header_len + RTSP_FRAGMENT_HEADER_LEN;
    uint8_t flags, type;

    if (len <= header_len) {
        d->malformed++;
        rtsp_depacketise_nal_break(d, au);
        return;
    }
    flags = data[format->header_len];
    type = flags & format->type_mask;
    if (flags & RTSP_FRAGMENT_START) {
        rtsp_depacketise_nal_break(d, au);
        begin_fragments(format, au, data, type);
        d->in_fragment = true;
        d->fragment_type = type;
    } else if (!d->in_fragment || type != d->fragment_type) {
        rtsp_depacketise_nal_break(d, au);
        lose(format, au, type);
        return;
    }
    rtsp_access_unit_part_append(au, data + header_len, len - header_len);
    if (flags & RTSP_FRAGMENT_END) {
        d->in_fragment = false;
        rtsp_access_unit_part_end(au);
    }
}

void rtsp_depacketise_nal(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp)
{
    const struct rtsp_nal_payload *format = au->codec->nal;
    const uint8_t *data = rtp->payload;
    size_t len = rtp->payload_len;
    unsigned type;

    if (len == 0)
        return; // a keepalive: nothing is missing
    type = rtsp_nal_payload_type(format, data[0]);
    if (type != format->fragment)
        rtsp_depacketise_nal_break(d, au);
    if (type <= format->single_max) {
        take_nal(au, data, len);
    } else if (type == format->fragment) {
        take_fragment(format, d, au, data, len);
    } else if (type != format->aggregate) {
        d->refused++;
        rtsp_access_unit_part_lost(au, false);
    } else if (len < format->header_len) {
        d->malformed++;
    } else {
        take_aggregate(format, d, au, data + format->header_len, len - format->header_len);
    }
}
