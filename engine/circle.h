// SPDX-License-Identifier: Apache-2.0
//
// Memory that is used in turn, part by part. The next part is the oldest one, once nothing in it is
// wanted any more; before that one that was never used, as long as there are any. So as many parts
// are touched as were ever wanted at one time, however many have been reserved. The writer of a
// ring owns it; a plain struct, embedded in the ring.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct eng_circle_part {
    uint64_t end;  // what lies in it belongs to packets below this index
    uint32_t next; // in turn; the oldest one follows the current one
};

struct eng_circle {
    struct eng_circle_part *parts;
    uint32_t count;   // reserved
    uint32_t used;    // the first so many have been used
    uint32_t current; // is being filled
};

// 0 or -ENOMEM. count > 0.
int eng_circle_init(struct eng_circle *circle, size_t count);
void eng_circle_fini(struct eng_circle *circle);

// Makes the next part the current one. wanted: index of the first packet that is. Returns the index
// below which packets are overwritten from now on: above wanted when there is no room for more.
uint64_t eng_circle_turn(struct eng_circle *circle, uint64_t wanted);

// The current part has to do with this packet. Indices grow.
static inline void eng_circle_put(struct eng_circle *circle, uint64_t index)
{
    circle->parts[circle->current].end = index + 1;
}
