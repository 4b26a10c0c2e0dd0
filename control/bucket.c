// SPDX-License-Identifier: Apache-2.0
#include "control/bucket.h"

#include <assert.h>

#include "control/clock.h"

void ctl_bucket_init(struct ctl_bucket *bucket, unsigned per_second, unsigned burst)
{
    assert(per_second >= 1 && per_second <= CTL_NS_PER_SECOND && burst >= 1);
    bucket->interval_ns = CTL_NS_PER_SECOND / per_second;
    bucket->depth_ns = bucket->interval_ns * burst;
    bucket->full_ns = INT64_MIN;
}

static int64_t full_at(const struct ctl_bucket *bucket, int64_t now_ns)
{
    return bucket->full_ns > now_ns ? bucket->full_ns : now_ns;
}

bool ctl_bucket_has(const struct ctl_bucket *bucket, int64_t now_ns)
{
    return full_at(bucket, now_ns) - now_ns <= bucket->depth_ns - bucket->interval_ns;
}

bool ctl_bucket_take(struct ctl_bucket *bucket, int64_t now_ns)
{
    if (!ctl_bucket_has(bucket, now_ns))
        return false;
    bucket->full_ns = full_at(bucket, now_ns) + bucket->interval_ns;
    return true;
}
