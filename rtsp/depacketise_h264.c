// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_h264.h"

#include "rtsp/access_unit.h"
#include "rtsp/bytes.h"
#include "rtsp/h264.h"

enum {
    FU_HEADER_LEN = 2, // FU indicator and FU header
    FU_START = 0x80,
    FU_END = 0x40,
};

void rtsp_depacketise_h264_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au)
{
    if (!d->in_fragment)
        return;
    d->in_fragment = false;
    rtsp_access_unit_part_lost(au, d->fragment_type == RTSP_NAL_IDR);
}

static void take_nal(struct rtsp_access_unit *au, const uint8_t *nal, size_t len)
{
    rtsp_access_unit_part_begin(au);
    rtsp_access_unit_part_append(au, nal, len);
    rtsp_access_unit_part_end(au);
}

// RFC 6184 5.7.1. Whatever stands before a length that cannot be is kept; padding behind the last
// NAL unit costs nothing.
static void take_stap_a(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                        const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t size = len >= 2 ? rtsp_read_u16(data) : 0;

        if (size == 0 || size > len - 2) {
            d->malformed++;
            if (size > 0)
                rtsp_access_unit_part_lost(au, len > 2 && rtsp_nal_type(data[2]) == RTSP_NAL_IDR);
            return;
        }
        take_nal(au, data + 2, size);
        data += 2 + size;
        len -= 2 + size;
    }
}

// RFC 6184 5.8. A NAL unit in one fragment, both start and end, is not allowed there but clear.
static void take_fu_a(struct rtsp_depacketiser *d, struct rtsp_access_unit *au, const uint8_t *data,
                      size_t len)
{
    uint8_t type;

    if (len <= FU_HEADER_LEN) {
        d->malformed++;
        rtsp_depacketise_h264_break(d, au);
        return;
    }
    type = (uint8_t)rtsp_nal_type(data[1]);
    if (data[1] & FU_START) {
        uint8_t header = (uint8_t)((data[0] & 0xe0) | type);

        rtsp_depacketise_h264_break(d, au);
        rtsp_access_unit_part_begin(au);
        rtsp_access_unit_part_append(au, &header, 1);
        d->in_fragment = true;
        d->fragment_type = type;
    } else if (!d->in_fragment || type != d->fragment_type) {
        rtsp_depacketise_h264_break(d, au);
        rtsp_access_unit_part_lost(au, type == RTSP_NAL_IDR);
        return;
    }
    rtsp_access_unit_part_append(au, data + FU_HEADER_LEN, len - FU_HEADER_LEN);
    if (data[1] & FU_END) {
        d->in_fragment = false;
        rtsp_access_unit_part_end(au);
    }
}

static bool has_start_code(const uint8_t *data, size_t len)
{
    return len > 4 && data[0] == 0 && data[1] == 0 &&
           (data[2] == 1 || (data[2] == 0 && data[3] == 1));
}

void rtsp_depacketise_h264(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                           const struct rtsp_rtp *rtp)
{
    const uint8_t *payload = rtp->payload;
    size_t len = rtp->payload_len;
    unsigned type;

    if (len == 0)
        return; // a keepalive: nothing is missing
    type = rtsp_nal_type(payload[0]);
    if (type != RTSP_NAL_FU_A)
        rtsp_depacketise_h264_break(d, au);
    if (type == RTSP_NAL_FU_A) {
        take_fu_a(d, au, payload, len);
    } else if (type == RTSP_NAL_STAP_A) {
        take_stap_a(d, au, payload + 1, len - 1);
    } else if (type > RTSP_NAL_MAX) {
        d->refused++;
        rtsp_access_unit_part_lost(au, false);
    } else if (type != 0 || has_start_code(payload, len)) {
        take_nal(au, payload, len);
    } else {
        d->malformed++;
    }
}
