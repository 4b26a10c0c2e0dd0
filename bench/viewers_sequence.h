// SPDX-License-Identifier: Apache-2.0
//
// Which packets of one SSRC arrived, by sequence numbers that are extended to 48 bits: index = ROC
// << 16 | SEQ (RFC 3711 3.3.1). The first packet's ROC is 0, so an index is also what SRTP seals
// by. Plain functions on the caller's memory; any one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Packets that are remembered behind the newest one; what comes later than that stays lost. Four
// seconds of a 2 Mbit/s stream, far more than a repair takes.
#define VIEWERS_SEQUENCE_WINDOW 1024

enum viewers_arrival {
    VIEWERS_NEXT,      // newer than all before; there may be a gap in front of it
    VIEWERS_LATE,      // was missing
    VIEWERS_DUPLICATE, // has been received
    VIEWERS_TOO_LATE,  // beyond the window, or older than the first packet
};

// Zeroed: nothing received.
struct viewers_sequence {
    bool started;
    int64_t first;
    int64_t newest;
    uint64_t seen[VIEWERS_SEQUENCE_WINDOW / 64]; // bit index % window, for newest and below
};

// The index that a packet with this number most likely has. Negative: older than ROC 0.
int64_t viewers_sequence_index(const struct viewers_sequence *s, uint16_t seq);

// Takes a packet. *missing: how many packets right below it are skipped by it; only VIEWERS_NEXT
// skips any.
enum viewers_arrival viewers_sequence_take(struct viewers_sequence *s, int64_t index,
                                           uint32_t *missing);
