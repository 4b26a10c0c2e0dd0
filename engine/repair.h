// SPDX-License-Identifier: Apache-2.0
//
// What viewers ask for: lost packets (NACK) and a new start (PLI, FIR). Worker thread.
//
// A resend is the byte-identical packet, sealed again from the ring: same run, same index, hence
// the same header, payload and SRTP index (RFC 4585 6.2.1; without RTX). Packets of an earlier run
// are not resent.
#pragma once

#include "engine/worker.h"

enum {
    // Each packet sent earns this many percent of a resend, so that nobody can make the server
    // send more than 15 % on top of the stream.
    ENG_RESEND_PERCENT = 15,
    // A viewer may save up resends for a burst of loss: most of a keyframe.
    ENG_RESEND_BURST = 64,
};

static inline void eng_repair_earn(struct eng_viewer *viewer, unsigned packets)
{
    int32_t credit = viewer->resend_credit + (int32_t)packets * ENG_RESEND_PERCENT;

    viewer->resend_credit = credit < ENG_RESEND_BURST * 100 ? credit : ENG_RESEND_BURST * 100;
}

// The viewer misses this packet of ours.
void eng_repair_nack(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc,
                     uint16_t seq);

// The viewer's decoder needs a keyframe: video starts over at the newest one in the ring, at most
// once a second, however often it is asked for, and not while the stream itself stands still.
void eng_repair_keyframe(struct eng_worker *worker, struct eng_viewer *viewer, uint32_t ssrc);
