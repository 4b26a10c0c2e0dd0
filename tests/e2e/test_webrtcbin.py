# SPDX-License-Identifier: Apache-2.0
"""GStreamer as a viewer: another ICE and DTLS, which sends no binding requests once connected."""
import json
import sys
from pathlib import Path

from process import Process

# Longer than the 15 s after which a viewer without a sign of life is paused: authenticated RTCP
# has to count as one.
WATCH_S = 20
MIN_FPS = 25
STARTUP_S = 2  # ICE gathering, handshake, decoders

VIEWER = Path(__file__).with_name("webrtcbin_viewer.py")


def test_decodes_beyond_consent(server, folder):
    viewer = Process([sys.executable, VIEWER, server.whep("cam1"), WATCH_S],
                     folder / "webrtcbin.log")
    assert viewer.child.wait(WATCH_S + 20) == 0, viewer.output()
    decoded = json.loads(viewer.output().splitlines()[-1])
    assert decoded["error"] is None
    assert decoded["video"] >= MIN_FPS * (WATCH_S - STARTUP_S)
    assert decoded["audio"] > 0
