# SPDX-License-Identifier: Apache-2.0
"""A viewer that says nothing any more (RFC 7675)."""
import socket
import time

import pytest

from process import until
from raw_viewer import RawViewer

PAUSE_S, END_S = 15, 30  # control/consent.h
SLOW_S = 20  # what the machine may add


def is_paused(server):
    """The only viewer."""
    return [each["state"] for each in server.viewers()] == ["paused"]


def drain(viewer, seconds):
    """What comes in that time, in packets of video."""
    packets, end = viewer.track("video").packets, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            viewer.receive()
        except socket.timeout:
            pass
    return viewer.track("video").packets - packets


@pytest.mark.asan
def test_silence(server):
    viewer = RawViewer(server.whep("cam1"), authenticate=True)
    try:
        begun = time.monotonic()
        viewer.connect().socket.settimeout(0.2)
        # A second without media alone may be the camera's, on a machine that stands still.
        until(lambda: drain(viewer, 1) == 0 and is_paused(server), PAUSE_S + SLOW_S, "the pause")
        assert time.monotonic() - begun > PAUSE_S - 2
        assert not viewer.bye and not viewer.close_notify
        heard = time.monotonic()
        viewer.check()
        until(lambda: drain(viewer, 1) > 0, SLOW_S, "media again")

        ended = server.metrics().sum("rtcfan_sessions_ended_total", by="timeout")
        until(lambda: drain(viewer, 1) == 0 and is_paused(server), PAUSE_S + SLOW_S,
              "the second pause")
        until(lambda: drain(viewer, 1) == 0 and viewer.bye and viewer.close_notify,
              END_S - PAUSE_S + SLOW_S, "BYE and close_notify")
        assert time.monotonic() - heard > END_S - 2
        assert server.metrics().sum("rtcfan_sessions_ended_total", by="timeout") == ended + 1
    finally:
        viewer.close()
