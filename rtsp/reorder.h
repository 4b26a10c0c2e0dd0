// SPDX-License-Identifier: Apache-2.0
//
// Puts RTP packets of one track that came as datagrams back into order (RFC 3550 5.1: sequence
// numbers). Ingest thread; no I/O, reads no clock.
//
// A packet that is the next one goes on at once, uncopied; one that comes too early is kept until
// those before it have come, or are given up: because it has waited for RTSP_REORDER_MS, or because
// one of RTSP_REORDER_PACKETS later has come. Late ones and duplicates go on as they come: the
// track counts and drops them; only the duplicate of one that is still kept ends here. A packet far
// from all others is a new beginning, as after a restart of the camera's encoder.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    // How far ahead a packet may be and be kept. A power of two.
    RTSP_REORDER_PACKETS = 64,
    // A picture waits no longer than this for what is lost: a little more than one at 30 per
    // second.
    RTSP_REORDER_MS = 40,
};

struct rtsp_reorder_packet;

// All zero: nothing seen.
struct rtsp_reorder {
    bool started;
    uint16_t next;  // sequence number that may go on
    unsigned count; // packets kept
    // Kept packets, by sequence number modulo RTSP_REORDER_PACKETS.
    struct rtsp_reorder_packet *kept[RTSP_REORDER_PACKETS];
    int64_t due_ms;     // when the oldest of them has waited enough, INT64_MAX: none is kept
    uint64_t reordered; // packets that were kept and went on in their place
};

struct rtsp_reorder_sink {
    void (*packet)(void *ctx, const uint8_t *data, size_t len);
    void *ctx;
};

void rtsp_reorder_init(struct rtsp_reorder *reorder);

// Forgets and frees what is kept. The counter stays.
void rtsp_reorder_restart(struct rtsp_reorder *reorder);

// A datagram came. What is no RTP goes on as it is. Where there is no memory to keep it, those
// before it are given up.
void rtsp_reorder_put(struct rtsp_reorder *reorder, const uint8_t *data, size_t len, int64_t now_ms,
                      const struct rtsp_reorder_sink *sink);

// To be called at due_ms; earlier does no harm.
void rtsp_reorder_tick(struct rtsp_reorder *reorder, int64_t now_ms,
                       const struct rtsp_reorder_sink *sink);
