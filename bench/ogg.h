// SPDX-License-Identifier: Apache-2.0
//
// Packets of an Ogg file with one logical stream (RFC 3533) that lies in memory as a whole. Plain
// functions, any thread. Checksums are not checked: the file is our own build's.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The largest packet that is taken. Opus packets of 20 ms stay below 1,276 bytes (RFC 6716 3.4);
// the comment header is the largest in practice.
enum {
    BENCH_OGG_PACKET_MAX = 4096
};

struct bench_ogg {
    const uint8_t *data; // the caller's
    size_t len;
    size_t offset;           // of what was not read yet: body bytes of this page, or the next page
    const uint8_t *segments; // lacing values of this page that were not read yet
    size_t segment_count;
    uint8_t packet[BENCH_OGG_PACKET_MAX];
};

void bench_ogg_init(struct bench_ogg *ogg, const uint8_t *data, size_t len);

// The next packet: 1 with *packet good until the next call, 0 at the end of the file, -EBADMSG when
// this is not Ogg, is cut short or holds a packet above the maximum.
int bench_ogg_next(struct bench_ogg *ogg, const uint8_t **packet, size_t *len);
