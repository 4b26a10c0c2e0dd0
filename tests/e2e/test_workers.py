# SPDX-License-Identifier: Apache-2.0
"""Two workers on one port, by each way to the kernel: every viewer gets every packet."""
import os

import pytest

from process import until
from raw_viewer import Audience
from server import Server

pytestmark = pytest.mark.asan

VIEWERS = 16
FRAMES, WATCH_S = 84, 60  # three seconds of pictures, and how long they may take


def two_cores():
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        pytest.skip("one core alone: two workers need two")
    return cores


def published(server):
    return server.metrics().sum("rtcfan_stream_published_packets_total", track="video")


@pytest.mark.parametrize("tx", ["io_uring", "sendmmsg"])
def test_two_workers_share_the_viewers(folder, camera, tx):
    first, second = two_cores()
    engine = f'engine = {{ cores = [ {first}, {second} ]; tx = "{tx}"; }};\n'
    with Server(folder, {"cam1": camera.url}, engine) as server, Audience() as audience:
        server.wait_live("cam1")
        assert server.metrics().sum("rtcfan_build_info", tx=tx, workers="2") == 1
        for _ in range(VIEWERS):
            audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: all(viewer.track("video").frames for viewer in audience.viewers), 30,
              "a picture for each viewer")
        tracks = [viewer.track("video") for viewer in audience.viewers]
        before = [(track, track.frames, track.packets) for track in tracks]
        begun = published(server)
        until(lambda: all(track.frames - frames >= FRAMES for track, frames, _ in before), WATCH_S,
              f"{FRAMES} pictures at each viewer")
        grown = published(server) - begun
        until(lambda: all(track.packets - packets >= grown for track, _, packets in before), 30,
              "what was published meanwhile at each viewer")
        assert all((track.lost, track.forged) == (0, 0) for track in tracks)
        assert server.metrics().sum("rtcfan_packets_dropped_total") == 0
