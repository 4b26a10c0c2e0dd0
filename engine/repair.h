// SPDX-License-Identifier: Apache-2.0
//
// What comes of viewers' feedback: lost packets are sent again (NACK), video starts anew (PLI,
// FIR), or rests (circuit breaker, breaker.h; a crowded way, eng_viewer_hold). Worker thread.
//
// A resend goes by RFC 4588 where the viewer offered it: a packet of the track's retransmission
// stream, whose payload is the original sequence number and the original payload. Else it is the
// byte-identical packet, sealed again from the ring: same run, same index, hence the same header,
// payload and SRTP index (RFC 4585 6.2.1). Packets of an earlier run are not resent.
//
// A packet is resent at most once in a round trip, however often it is asked for: the first resend
// may still be on its way. Whatever is not resent has a counter.
#pragma once

#include "engine/worker.h"

enum {
    // Each packet sent earns this many percent of a resend, so that nobody can make the server
    // send more than 15 % on top of the stream.
    ENG_RESEND_PERCENT = 15,
    // A viewer may save up resends for a burst of loss: most of a keyframe.
    ENG_RESEND_BURST = 64,
    // The round trip between two resends of one packet: before the viewer has reported one, and
    // within what bounds its reports are believed.
    ENG_RESEND_TRIP_MS = 100,
    ENG_RESEND_TRIP_MIN_MS = 20,
    ENG_RESEND_TRIP_MAX_MS = 1000,
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

// The viewer reports on its video (RFC 3550 6.4.1), its round trip has been noted.
void eng_repair_report(struct eng_worker *worker, struct eng_viewer *viewer,
                       const struct eng_rtcp_report *report);

// Once a second: video may have to rest, or has rested. It starts again at the next keyframe.
void eng_repair_beat(struct eng_worker *worker, struct eng_viewer *viewer);

// See eng_viewer_hold.
void eng_repair_hold(struct eng_worker *worker, struct eng_viewer *viewer, bool held);
