// SPDX-License-Identifier: Apache-2.0
//
// The time, for the ingest thread: read where something is taken off a socket or a timer has fired,
// and handed down from there. What has no I/O reads no clock.
#pragma once

#include <stdint.h>

// Both clocks, read together once per turn of the ingest loop.
struct rtsp_now {
    int64_t mono_ns; // CLOCK_MONOTONIC
    int64_t real_ns; // CLOCK_REALTIME
};

struct rtsp_now rtsp_now_read(void);

static inline int64_t rtsp_now_ms(struct rtsp_now now)
{
    return now.mono_ns / 1000000;
}
