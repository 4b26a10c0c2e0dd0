// SPDX-License-Identifier: Apache-2.0
//
// How the NAL units of an access unit are laid into RTP payloads so that they leave in as few
// trains as possible. Ingest thread; plain functions on the caller's memory, sizes only.
//
// A train is what the kernel can segment in one send: packets of one size, of which the last may
// be shorter. So a payload that is longer than the one before it, or that follows a shorter one,
// starts a new train. For each viewer a train costs about as much as 12 packets within a train; the
// plan minimises
//
//     RTSP_PLAN_TRAIN_COST * trains + packets
//
// over these choices, the NAL units being kept in order:
//
//   - A NAL unit of more than payload_max bytes is cut into fragments, as few as possible and of
//     equal size, the last shorter by what the division leaves: one train. If the packet before
//     it is longer than these fragments would be and its train is still open, they take its size
//     instead: no more of them, and no new train.
//   - Any other is a payload by itself or, with its neighbours, part of an aggregate.
//
// So a picture of one slice is one train, and a keyframe with its parameter sets is two,
// because an aggregate cannot hold a fragment (RFC 6184 5.7.1, RFC 7798 4.4.2) and there is a short
// packet in front.
// A picture of k slices too large for one payload is k trains at most.
//
// The best plan is found by dynamic programming over the NAL units from the first to the last:
// after each, the states worth keeping are the cheapest for each size that an open train can have,
// and those only while they are less than one train dearer than the cheapest of all. Units of
// more than RTSP_PLAN_NALS_MAX NAL units are planned in pieces of that many.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    // From the cost of a send with and without another segment in it.
    RTSP_PLAN_TRAIN_COST = 12,
    // NAL units planned as a whole. The work grows with the cube.
    RTSP_PLAN_NALS_MAX = 32,
};

// Consecutive NAL units that are sent the same way.
struct rtsp_plan_group {
    uint16_t nals;    // NAL units in it: more than one is an aggregate
    uint16_t size;    // of each payload, but that of a last fragment
    uint32_t packets; // more than one: fragments of one NAL unit
};

struct rtsp_plan_state {
    uint32_t cost;
    uint16_t open; // size of the train that the last packet is part of, 0: it ends with it
    uint16_t from; // index of the state before
    uint8_t nals;  // what was appended to it
    uint16_t size;
    uint32_t packets;
};

// Scratch memory and result; 18 KiB.
struct rtsp_plan {
    struct rtsp_plan_group group[RTSP_PLAN_NALS_MAX];
    size_t groups;
    // States after n NAL units: state[n][0 .. states[n]).
    struct rtsp_plan_state state[RTSP_PLAN_NALS_MAX + 1][RTSP_PLAN_NALS_MAX + 1];
    size_t states[RTSP_PLAN_NALS_MAX + 1];
};

// Plans count (1 to RTSP_PLAN_NALS_MAX) NAL units of the given sizes (each > 0, see
// RTSP_UNIT_BYTES_MAX) into payloads of at most payload_max bytes. header_len: of a NAL unit, see
// nal_payload.h for what payloads have beside the bytes of NAL units. open: size of the train that
// the packet before them left open, 0: none. Returns the same for what follows.
size_t rtsp_plan(struct rtsp_plan *plan, size_t header_len, const size_t *size, size_t count,
                 size_t payload_max, size_t open);
