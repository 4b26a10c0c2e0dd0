// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_av1.h"

#include "rtsp/access_unit.h"
#include "rtsp/av1.h"

enum {
    HEADER_LEN = 1,
    FIRST_GOES_ON = 0x80, // Z
    LAST_GOES_ON = 0x40,  // Y
    COUNT_SHIFT = 4,      // W
    COUNT_MASK = 3,
};

void rtsp_depacketise_av1_break(struct rtsp_depacketiser *d, struct rtsp_access_unit *au)
{
    if (!d->in_fragment)
        return;
    d->in_fragment = false;
    rtsp_access_unit_part_lost(au, false);
}

// One OBU or a fragment of it. begins, ends: those of the OBU.
static void take_element(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                         const uint8_t *data, size_t len, bool begins, bool ends)
{
    if (begins)
        rtsp_access_unit_part_begin(au);
    rtsp_access_unit_part_append(au, data, len);
    if (ends)
        rtsp_access_unit_part_end(au);
    d->in_fragment = !ends;
}

void rtsp_depacketise_av1(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp)
{
    const uint8_t *at = rtp->payload;
    const uint8_t *end = at + rtp->payload_len;
    bool begins, lost;
    unsigned header, count;

    if (at == end)
        return; // a keepalive: nothing is missing
    header = *at;
    at += HEADER_LEN;
    count = header >> COUNT_SHIFT & COUNT_MASK;
    begins = !(header & FIRST_GOES_ON);
    lost = !begins && !d->in_fragment;
    if (lost)
        rtsp_access_unit_part_lost(au, false);
    for (unsigned i = 1; at < end || i == count; i++) {
        uint32_t len = (uint32_t)(end - at);
        size_t size_len = i == count ? 0 : rtsp_leb128_read(at, (size_t)(end - at), &len);

        if ((i != count && size_len == 0) || len > (size_t)(end - at) - size_len) {
            d->malformed++;
            d->in_fragment = false;
            rtsp_access_unit_part_lost(au, false);
            return;
        }
        at += size_len;
        if (!lost)
            take_element(d, au, at, len, begins,
                         !(header & LAST_GOES_ON) || (count ? i < count : at + len < end));
        at += len;
        begins = true;
        lost = false;
    }
}
