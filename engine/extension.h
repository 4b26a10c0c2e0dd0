// SPDX-License-Identifier: Apache-2.0
//
// The RTP header extensions of one track of one viewer, in the one-byte form (RFC 8285 4.2). They
// are laid out once, when the viewer is added, and copied into each packet; then what differs from
// packet to packet is filled in. All packets of a track carry the same elements, so that they stay
// of equal length within a train. Worker thread; a plain struct, embedded in eng_rewrite.
//
//     playout delay  how long the viewer waits before it shows a picture, at least and at most
//     capture time   when the packet's frame was captured (abs-capture-time, 8 bytes: NTP format)
//     number         of the packet among those of the viewer that have one (transport-cc)
//     mid            the m-line that the packet belongs to (RFC 8843 15)
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/types.h"

struct eng_extension {
    uint8_t len; // bytes behind the fixed header, a multiple of 4; 0: there are none
    // Where in bytes the value stands; 0: it is not among them.
    uint8_t capture_at;
    uint8_t number_at;
    uint8_t bytes[ENG_EXTENSION_MAX];
};

void eng_extension_init(struct eng_extension *ext, const struct eng_extension_config *config);

// Writes ext->len bytes. number: counts only where there is transport-cc.
void eng_extension_write(const struct eng_extension *ext, int64_t capture_ns, uint16_t number,
                         uint8_t out[ENG_EXTENSION_MAX]);

// The packets carry a number.
static inline bool eng_extension_numbers(const struct eng_extension *ext)
{
    return ext->number_at != 0;
}
