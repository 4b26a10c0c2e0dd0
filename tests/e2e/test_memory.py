# SPDX-License-Identifier: Apache-2.0
"""What a viewer that is there costs in memory."""
import pytest

import load
from cameras import BenchSource
from process import Process, until
from server import Server, sanitized

VIEWERS = 400
JOINS_PER_SECOND = 100
PER_VIEWER_MAX = 16 * 1024  # bytes; a handshake takes 60 KiB for a moment
SETTLE_S = 60  # the heap is looked at each 10 s
# Two pictures a second, so that it is the viewers' memory and not their media that is the work.
SLOW = ("--fps", "2", "--gop", "2", "--bitrate", "50", "--resolution", "320x180", "--audio", "none")


def join(tmp_path, server, viewers):
    """They stay for long enough."""
    return Process([load.PROGRAM, "--url", server.whep("demo"), "--viewers", viewers,
                    "--unwatched", viewers - 1, "--joins-per-second", JOINS_PER_SECOND,
                    "--seconds", 600, "--stamp-every", 0, "--quiet"], tmp_path / "viewers.log")


@pytest.mark.skipif(sanitized(), reason="a sanitizer's own memory is in the way")
def test_settled_viewers(tmp_path):
    with BenchSource(tmp_path, *SLOW) as camera, Server(tmp_path, {"demo": camera.url}) as server:
        server.wait_live("demo")

        def wait_for(viewers):
            until(lambda: server.metrics().sum("rtcfan_viewers") == viewers, SETTLE_S,
                  f"{viewers} viewers")

        first = join(tmp_path, server, 20)
        wait_for(20)
        begun_kib = server.resident_kib()
        rest = join(tmp_path, server, VIEWERS)
        try:
            wait_for(20 + VIEWERS)
            until(lambda: (server.resident_kib() - begun_kib) * 1024 <= VIEWERS * PER_VIEWER_MAX,
                  SETTLE_S, f"{PER_VIEWER_MAX} bytes or less for a viewer")
            print(f"{(server.resident_kib() - begun_kib) * 1024 // VIEWERS} bytes per viewer")
        finally:
            first.kill()
            rest.kill()
