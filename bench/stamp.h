// SPDX-License-Identifier: Apache-2.0
//
// The time at which a frame was sent, inside the frame: an SEI NAL unit (ITU-T H.264 7.3.2.3,
// D.1.7) in front of its first slice, which servers pass on and decoders ignore. What reads it at
// the far end of a server knows how long the frame took. Plain functions, any thread.
//
//     06                      NAL header: SEI
//     05 18                   user_data_unregistered of 24 bytes
//     72 74 63 66 61 6e 42 65 8e 63 68 4c 61 74 65 6e
//                             the UUID
//     .. .. .. .. .. .. .. .. CLOCK_MONOTONIC in nanoseconds, big endian
//     03 nn ff*nn             filler payload of nn bytes
//     80                      RBSP trailing bits
//
// Emulation prevention bytes (7.4.1) come on top, 0 to 4 of them: nn is 4 less their number. So the
// NAL unit has one length, whatever the time, and a packet that holds it can be laid out before the
// time is known. A reader takes any SEI NAL unit that has the message among its own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_STAMP_LEN = 34
};

// ns: not negative.
void bench_stamp_encode(int64_t ns, uint8_t nal[BENCH_STAMP_LEN]);

// nal: from the NAL header on, without start code. False: it bears no stamp; *ns is as it was.
bool bench_stamp_decode(const uint8_t *nal, size_t len, int64_t *ns);
