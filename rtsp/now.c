// SPDX-License-Identifier: Apache-2.0
#include "rtsp/now.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct rtsp_now rtsp_now_read(void)
{
    return (struct rtsp_now){.mono_ns = read_clock(CLOCK_MONOTONIC),
                             .real_ns = read_clock(CLOCK_REALTIME)};
}
