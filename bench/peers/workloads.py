# SPDX-License-Identifier: Apache-2.0
"""What servers are put through. Each stream is 2 Mbit/s of H.264, 30 frames/s, and Opus."""

# W2 ends where more than this is lost, or latency is longer.
LOSS_PERCENT, P99_MS = 0.1, 100


def shape(streams, viewers, joins_per_second=50, loss=0, decrypt_every=100):
    return {"streams": streams, "viewers": viewers, "joins_per_second": joins_per_second,
            "loss": loss, "decrypt_every": decrypt_every, "unwatched": 0}


WORKLOADS = {
    "W1": ("64 streams x 1 viewer", shape(64, 64)),
    "W2": ("1 stream x as many viewers as it can", shape(1, 1, joins_per_second=100)),
    "W3": ("16 streams x 25 viewers", shape(16, 400, joins_per_second=100)),
    "W4": ("join storm: 4 streams, 200 viewers, 100 joins/s", shape(4, 200, 100)),
    "W5": ("1 stream x 40 viewers that lose 2 %", shape(1, 40, loss=2)),
}
# For daily use: the same in small.
QUICK = {
    "W1": ("16 streams x 1 viewer", shape(16, 16)),
    "W3": ("4 streams x 10 viewers", shape(4, 40, joins_per_second=100)),
}
# In W2 the client looks at the media of so many viewers at most (topology.py says why), of which it
# opens one packet in (viewers / VIEWERS_PER_OPENED): 5,000 a second, 80 of which tell the latency.
WATCHED, VIEWERS_PER_OPENED = 400, 20
STEPS = {"first": 50, "most": 8000, "refinements": 2}
# Where perf and strace look, on a load of its own.
EXAMINED = ("W0", *WORKLOADS)
