# SPDX-License-Identifier: Apache-2.0
"""The price of a packet: trains and system calls, with fifty viewers on the demo's stream."""
import collections
import re
import subprocess

import pytest

from process import until
from raw_viewer import Audience

VIEWERS = 50
WATCH_S = 10
SLOW_S = 60  # what the machine may add
MIN_PER_TRAIN = 4
MAX_SYSCALLS_PER_PACKET = 0.3
VIDEO_PER_S = 28
MEDIA = ("video", "audio", "resend", "rtcp")


@pytest.fixture(scope="module")
def audience(demo_server):
    with Audience() as audience:
        for _ in range(VIEWERS):
            audience.add(demo_server.whep("demo"))
        until(lambda: demo_server.metrics().sum("rtcfan_viewers") == VIEWERS, 30,
              f"{VIEWERS} viewers in /metrics")
        until(lambda: all(viewer.track("video").frames for viewer in audience.viewers), 30,
              "a picture for each viewer")
        yield audience


class Counted:
    """Differences of counters over a time."""

    def __init__(self, server):
        self.server = server
        self.before = server.metrics()

    def end(self):
        self.after = self.server.metrics()
        return self

    def __call__(self, name, **labels):
        name = f"rtcfan_{name}_total"
        return self.after.sum(name, **labels) - self.before.sum(name, **labels)


def test_a_frame_leaves_as_one_message(demo_server, audience):
    """By the server's counters, and by what the kernel hands to each viewer's socket."""
    seen = [(viewer.track("video"), collections.Counter(viewer.track("video").trains),
             viewer.track("video").frames) for viewer in audience.viewers]
    packets_had = [(track, track.packets) for track, _, _ in seen]
    counted = Counted(demo_server)
    # Where the machine stands still, pictures come later; that none is missing is seen below.
    wanted = VIDEO_PER_S * WATCH_S
    until(lambda: all(track.frames - before >= wanted for track, _, before in seen),
          WATCH_S + SLOW_S, f"{wanted} pictures at each viewer")
    counted.end()
    published = counted("stream_published_packets", track="video")
    until(lambda: all(track.packets - had >= published for track, had in packets_had), 30,
          "what was published meanwhile at each viewer")
    packets, trains = counted("packets_sent", media="video"), counted("trains_sent", media="video")
    print(f"counters: {packets / trains:.2f} packets per train")
    assert packets / trains >= MIN_PER_TRAIN

    arrived = collections.Counter()
    for track, trains_before, _ in seen:
        assert track.lost == 0
        arrived += collections.Counter(track.trains) - trains_before
    packets = sum(size * count for size, count in arrived.items())
    print(f"sockets: {packets / arrived.total():.2f} packets per message, {dict(arrived)}")
    assert packets / arrived.total() >= MIN_PER_TRAIN
    assert counted("packets_dropped") == 0


def traced_calls(pid, seconds):
    """System calls of all threads of a process, by strace's own count."""
    result = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-c", "-f", "-p",
                             str(pid)], capture_output=True, text=True, check=False)
    match = re.search(r"^\s*100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total", result.stderr,
                      re.MULTILINE)
    assert match, f"no total in what strace says:\n{result.stderr}"
    return int(match.group(1)), result.stderr


def test_system_calls_per_packet(demo_server, audience):
    counted = Counted(demo_server)
    calls, table = traced_calls(demo_server.process.pid, WATCH_S)
    counted.end()
    packets = sum(counted("packets_sent", media=media) for media in MEDIA)
    print(f"{calls} system calls, {packets:.0f} packets: {calls / packets:.3f}\n{table}")
    assert packets >= VIEWERS * VIDEO_PER_S * WATCH_S, "the audience got no video to speak of"
    assert calls / packets <= MAX_SYSCALLS_PER_PACKET
    assert counted("worker_syscalls") / packets <= MAX_SYSCALLS_PER_PACKET
