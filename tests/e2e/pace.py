# SPDX-License-Identifier: Apache-2.0
"""Keeps a rate."""
import time

NAP_S = 0.005


def turns(seconds, per_second):
    """For so long, one turn at a time, at this rate; what was missed is caught up with."""
    begin, taken = time.monotonic(), 0
    while (elapsed := time.monotonic() - begin) < seconds:
        if taken < elapsed * per_second:
            taken += 1
            yield
        else:
            time.sleep(NAP_S)
