// SPDX-License-Identifier: Apache-2.0
#include "control/meter.h"

#include "control/clock.h"

bool ctl_meter_look(struct ctl_meter *meter, uint64_t count, int64_t now_ns)
{
    int64_t span_ns = now_ns - meter->looked_ns;

    if (meter->looked_ns != 0 && span_ns < CTL_METER_SPAN_MS * CTL_NS_PER_MS)
        return false;
    if (meter->looked_ns != 0)
        meter->per_second =
            (double)(count - meter->count) / ((double)span_ns / (double)CTL_NS_PER_SECOND);
    meter->count = count;
    meter->looked_ns = now_ns;
    return true;
}
