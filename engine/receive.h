// SPDX-License-Identifier: Apache-2.0
//
// What arrives on the media port. Worker thread. SRTCP of known viewers is opened and acted on
// here; STUN, DTLS and SRTCP from unknown 5-tuples go up to the control thread unread, through
// bounded queues; everything else is counted and dropped (RFC 7983). How much of a viewer's is
// looked at is bounded (limits.h), so that none keeps the others waiting.
#pragma once

#include "engine/worker.h"

void eng_receive(struct eng_worker *worker, const struct eng_tuple *tuple, const uint8_t *data,
                 size_t len);

// An SRTCP datagram of this viewer. Consent is kept up only where tuple, from which it came, is the
// one that media goes to.
void eng_receive_rtcp(struct eng_worker *worker, struct eng_viewer *viewer,
                      const struct eng_tuple *tuple, const uint8_t *data, size_t len);
