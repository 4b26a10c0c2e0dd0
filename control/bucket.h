// SPDX-License-Identifier: Apache-2.0
//
// A token bucket: at most `burst` at once, `per_second` in the long run. No thread, no clock: the
// time is an argument, in nanoseconds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ctl_bucket {
    int64_t interval_ns; // between two tokens
    int64_t depth_ns;    // burst, as time
    int64_t full_ns;     // when the bucket will be full again
};

// Starts full. per_second: 1 to 10^9; burst: 1 or more.
void ctl_bucket_init(struct ctl_bucket *bucket, unsigned per_second, unsigned burst);

// There is a token.
bool ctl_bucket_has(const struct ctl_bucket *bucket, int64_t now_ns);

// Takes one token. False: there is none.
bool ctl_bucket_take(struct ctl_bucket *bucket, int64_t now_ns);
