// SPDX-License-Identifier: Apache-2.0
//
// Fills one track of a clip, unit by unit and packet by packet (RFC 3550, RFC 6184 5.6, 5.8). The
// thread that builds the clip. The track owns what is built, errors included; the packetiser only
// knows how much room there is.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/annexb.h"
#include "bench/clip.h"

enum {
    BENCH_PAYLOAD_MAX = BENCH_RTP_MAX - BENCH_RTP_HEADER_LEN
};

// Zero but for the track, whose payload type is set.
struct bench_packetiser {
    struct bench_clip_track *track;
    size_t bytes_room;
    size_t unit_room;
};

// All return 0, or -ENOMEM, or -EFBIG when the unit becomes larger than BENCH_UNIT_MAX.

// Opens the next unit; what follows goes there.
int bench_packetise_unit(struct bench_packetiser *p);

// One packet; len: 1 to BENCH_PAYLOAD_MAX.
int bench_packetise_payload(struct bench_packetiser *p, const uint8_t *payload, size_t len);

// A NAL unit as one packet, or cut into FU-A.
int bench_packetise_nal(struct bench_packetiser *p, const struct bench_nal *nal);

// A packet with room for a stamp (bench/stamp.h), of which the unit takes note.
int bench_packetise_stamp(struct bench_packetiser *p);

// Sets the marker bit of the last packet of the open unit (RFC 6184 5.1).
void bench_packetise_mark(struct bench_packetiser *p);
