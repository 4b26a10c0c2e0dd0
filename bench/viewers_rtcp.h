// SPDX-License-Identifier: Apache-2.0
//
// RTCP in the clear, a viewer's side: the reports and requests it sends, the sender reports it
// reads (RFC 3550 6, RFC 4585 6). Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIEWERS_RTCP_MAX = 512, // room for any compound written here, without SRTCP's overhead
    VIEWERS_RTCP_BLOCKS_MAX = 2,
};

// One report block (RFC 3550 6.4.1).
struct viewers_rtcp_block {
    uint32_t ssrc;
    uint8_t fraction_lost;
    int32_t lost;     // 24 bits
    uint32_t highest; // extended sequence number
    uint32_t jitter;  // RTP units
    uint32_t lsr, dlsr;
};

// Each writes one packet and returns its length. What may stand alone (RFC 5506) does so.
size_t viewers_rtcp_write_report(uint8_t *out, uint32_t ssrc,
                                 const struct viewers_rtcp_block *blocks, size_t count);
size_t viewers_rtcp_write_cname(uint8_t *out, uint32_t ssrc);
size_t viewers_rtcp_write_pli(uint8_t *out, uint32_t ssrc, uint32_t media_ssrc);

// seqs: ascending, at most VIEWERS_NACK_MAX.
size_t viewers_rtcp_write_nack(uint8_t *out, uint32_t ssrc, uint32_t media_ssrc,
                               const uint16_t *seqs, size_t count);

struct viewers_rtcp_handler {
    void *ctx;
    void (*sender_report)(void *ctx, uint32_t ssrc, uint32_t ntp_middle); // for LSR
    void (*bye)(void *ctx);
};

// Walks a compound. 0, or -EBADMSG at the first malformed packet.
int viewers_rtcp_read(const uint8_t *data, size_t len, const struct viewers_rtcp_handler *handler);
