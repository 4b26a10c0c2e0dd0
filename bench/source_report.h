// SPDX-License-Identifier: Apache-2.0
//
// The RTCP packet that a camera sends of a track: sender report and SDES CNAME in one compound
// (RFC 3550 6.4.1, 6.5), in RTSP's interleaved framing. A plain function, any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    SOURCE_CNAME_MAX = 64,
    // Framing, SR without report blocks, SDES with one item and its padding.
    SOURCE_REPORT_MAX = 4 + 28 + 4 + 4 + 2 + SOURCE_CNAME_MAX + 4,
};

struct source_report {
    uint8_t channel;
    uint32_t ssrc;
    int64_t real_ns;    // CLOCK_REALTIME of the report
    uint32_t timestamp; // RTP time of the same instant
    uint32_t packets;   // sent so far
    uint32_t octets;    // payload bytes sent so far
    const char *cname;  // at most SOURCE_CNAME_MAX bytes
};

// Writes the report to `to`, which has room for SOURCE_REPORT_MAX bytes; returns its length.
size_t source_report_write(const struct source_report *report, uint8_t *to);
