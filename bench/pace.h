// SPDX-License-Identifier: Apache-2.0
//
// How fast a camera sends the packets of a large frame over UDP. A plain function, any thread.
//
// A camera's network port takes 100 Mbit/s, and receivers' socket buffers, about 90 packets in the
// kernel's default, count on it. So what a frame leaves in is bounded: in each step of 2 ms 16
// packets, which is 90 Mbit/s, or an eighth of what waits if that is more, so that the largest
// frames leave in time, too.
#pragma once

#include <stddef.h>

enum {
    BENCH_PACE_BURST_MIN = 16
};

// Packets to send now, at most, of those that wait.
static inline size_t bench_pace_burst(size_t waiting)
{
    size_t share = (waiting + 7) / 8;

    return share > BENCH_PACE_BURST_MIN ? share : BENCH_PACE_BURST_MIN;
}
