// SPDX-License-Identifier: Apache-2.0
#include "bench/ogg.h"

#include <errno.h>
#include <string.h>

enum {
    PAGE_HEADER_LEN = 27,
    SEGMENT_COUNT_AT = 26,
    SEGMENT_FULL = 255, // a lacing value of 255: the packet goes on in the next segment
};

void bench_ogg_init(struct bench_ogg *ogg, const uint8_t *data, size_t len)
{
    ogg->data = data;
    ogg->len = len;
    ogg->offset = 0;
    ogg->segments = NULL;
    ogg->segment_count = 0;
}

// 1: a page begins; 0: end of file.
static int begin_page(struct bench_ogg *ogg)
{
    const uint8_t *page = ogg->data + ogg->offset;
    size_t left = ogg->len - ogg->offset;

    if (left == 0)
        return 0;
    if (left < PAGE_HEADER_LEN || memcmp(page, "OggS", 4) != 0)
        return -EBADMSG;
    size_t count = page[SEGMENT_COUNT_AT];
    if (left < PAGE_HEADER_LEN + count)
        return -EBADMSG;
    ogg->segments = page + PAGE_HEADER_LEN;
    ogg->segment_count = count;
    ogg->offset += PAGE_HEADER_LEN + count;
    return 1;
}

int bench_ogg_next(struct bench_ogg *ogg, const uint8_t **packet, size_t *len)
{
    size_t gathered = 0;

    for (;;) {
        while (ogg->segment_count == 0) {
            int rc = begin_page(ogg);
            if (rc <= 0)
                return gathered > 0 ? -EBADMSG : rc;
        }
        size_t size = *ogg->segments++;
        ogg->segment_count--;
        if (size > ogg->len - ogg->offset || size > sizeof(ogg->packet) - gathered)
            return -EBADMSG;
        memcpy(ogg->packet + gathered, ogg->data + ogg->offset, size);
        ogg->offset += size;
        gathered += size;
        if (size < SEGMENT_FULL)
            break;
    }
    *packet = ogg->packet;
    *len = gathered;
    return 1;
}
