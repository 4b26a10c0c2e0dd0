# SPDX-License-Identifier: Apache-2.0
"""What bench/viewers tells of each of its seconds, added up over several of them."""
import math
from collections import Counter


def percentile(rows, share):
    """The latency in ms that this share of the frames of these seconds does not exceed; None where
    there were none."""
    frames = Counter()
    for row in rows:
        for latency_ms, count in row["latency_ms"]:
            frames[latency_ms] += count
    wanted, below = math.ceil(share * frames.total()), 0
    for latency_ms in sorted(frames):
        below += frames[latency_ms]
        if below >= wanted:
            return latency_ms
    return None


def grown(rows, name):
    """By how much a counter grew from the end of the first row to the end of the last."""
    return rows[-1][name] - rows[0][name]
