// SPDX-License-Identifier: Apache-2.0
//
// One clock for a test program: its own `now`, and the gettimeofday() that OpenSSL's DTLS timers
// read, which this definition takes the place of. Include it in one source per program.
#pragma once

#include <stdint.h>
#include <sys/time.h>

// Nanoseconds; far from zero, for OpenSSL reads a zero timeout as "not running".
static int64_t fake_now_ns = INT64_C(1000000000000);
static unsigned fake_clock_reads;

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    (void)zone;
    fake_clock_reads++;
    tv->tv_sec = (time_t)(fake_now_ns / 1000000000);
    tv->tv_usec = (suseconds_t)(fake_now_ns % 1000000000 / 1000);
    return 0;
}
