// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_vpx.h"

#include "rtsp/access_unit.h"
#include "rtsp/bit_reader.h"

// The payload may begin a frame; its first bytes are the descriptor.
struct descriptor {
    size_t len;
    bool start;
    bool malformed;
};

// PictureID, of 7 or 15 bits.
static void skip_picture_id(struct rtsp_bit_reader *b)
{
    if (rtsp_read_bits(b, 1)) // M
        rtsp_read_bits(b, 8);
    rtsp_read_bits(b, 7);
}

static struct descriptor finish(const struct rtsp_bit_reader *b, bool start)
{
    return (struct descriptor){
        .len = b->at / 8, .start = start, .malformed = b->failed || b->at == b->bits};
}

static struct descriptor read_vp8(const struct rtsp_rtp *rtp)
{
    struct rtsp_bit_reader b = rtsp_bit_reader(rtp->payload, rtp->payload_len);
    unsigned extended = rtsp_read_bits(&b, 1);
    unsigned start, partition;

    rtsp_read_bits(&b, 2);         // R, N
    start = rtsp_read_bits(&b, 1); // S: of a partition
    rtsp_read_bits(&b, 1);
    partition = rtsp_read_bits(&b, 3);
    if (extended) {
        unsigned picture_id = rtsp_read_bits(&b, 1);
        unsigned tl0_index = rtsp_read_bits(&b, 1);
        unsigned layer_or_key = rtsp_read_bits(&b, 2); // T, K: two fields of one byte

        rtsp_read_bits(&b, 4);
        if (picture_id)
            skip_picture_id(&b);
        rtsp_read_bits(&b, tl0_index ? 8 : 0);
        rtsp_read_bits(&b, layer_or_key ? 8 : 0);
    }
    return finish(&b, start && partition == 0);
}

// Scalability structure.
static void skip_structure(struct rtsp_bit_reader *b)
{
    unsigned layers = rtsp_read_bits(b, 3) + 1;
    unsigned sizes = rtsp_read_bits(b, 1);
    unsigned groups = rtsp_read_bits(b, 1);

    rtsp_read_bits(b, 3);
    for (unsigned i = 0; i < layers && sizes; i++)
        rtsp_read_bits(b, 32); // width, height
    groups = groups ? rtsp_read_bits(b, 8) : 0;
    for (unsigned i = 0; i < groups; i++) {
        unsigned references;

        rtsp_read_bits(b, 4); // temporal layer, U
        references = rtsp_read_bits(b, 2);
        rtsp_read_bits(b, 2);
        rtsp_read_bits(b, 8 * references);
    }
}

static struct descriptor read_vp9(const struct rtsp_rtp *rtp)
{
    struct rtsp_bit_reader b = rtsp_bit_reader(rtp->payload, rtp->payload_len);
    unsigned picture_id = rtsp_read_bits(&b, 1);
    unsigned predicted = rtsp_read_bits(&b, 1);
    unsigned layers = rtsp_read_bits(&b, 1);
    unsigned flexible = rtsp_read_bits(&b, 1);
    unsigned start = rtsp_read_bits(&b, 1); // of a layer's frame
    unsigned spatial = 0;
    unsigned structure;

    rtsp_read_bits(&b, 1); // E
    structure = rtsp_read_bits(&b, 1);
    rtsp_read_bits(&b, 1); // Z
    if (picture_id)
        skip_picture_id(&b);
    if (layers) {
        rtsp_read_bits(&b, 4); // temporal layer, U
        spatial = rtsp_read_bits(&b, 3);
        rtsp_read_bits(&b, 1);                // D
        rtsp_read_bits(&b, flexible ? 0 : 8); // TL0PICIDX
    }
    for (unsigned more = flexible && predicted; more && !b.failed;) {
        rtsp_read_bits(&b, 7); // P_DIFF
        more = rtsp_read_bits(&b, 1);
    }
    if (structure)
        skip_structure(&b);
    return finish(&b, start && spatial == 0);
}

static void take(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                 const struct rtsp_rtp *rtp, struct descriptor descriptor)
{
    if (rtp->payload_len == 0)
        return; // a keepalive: nothing is missing
    if (descriptor.malformed) {
        d->malformed++;
        rtsp_access_unit_part_lost(au, false);
        d->in_fragment = false;
        return;
    }
    if (descriptor.start) {
        rtsp_access_unit_part_begin(au);
        rtsp_access_unit_picture_begins(au);
        d->in_fragment = true;
    }
    if (d->in_fragment)
        rtsp_access_unit_part_append(au, rtp->payload + descriptor.len,
                                     rtp->payload_len - descriptor.len);
    else
        rtsp_access_unit_part_lost(au, false);
}

void rtsp_depacketise_vp8(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp)
{
    take(d, au, rtp, read_vp8(rtp));
}

void rtsp_depacketise_vp9(struct rtsp_depacketiser *d, struct rtsp_access_unit *au,
                          const struct rtsp_rtp *rtp)
{
    take(d, au, rtp, read_vp9(rtp));
}

void rtsp_depacketise_vpx_lose(struct rtsp_depacketiser *d, struct rtsp_access_unit *au)
{
    (void)d;
    (void)au;
}

void rtsp_depacketise_vpx_end(struct rtsp_depacketiser *d, struct rtsp_access_unit *au)
{
    if (d->in_fragment)
        rtsp_access_unit_part_end(au);
    d->in_fragment = false;
}
