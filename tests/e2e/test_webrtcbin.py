# SPDX-License-Identifier: Apache-2.0
"""GStreamer as a viewer: another ICE and DTLS, without AES-GCM and, once connected, without binding
requests."""
import json
import sys
from pathlib import Path

from process import Process, until

# Longer than the 15 s after which a viewer without a sign of life is paused: authenticated RTCP
# has to count as one.
WATCH_S = 20
MIN_FPS = 25
STARTUP_S = 2  # ICE gathering, handshake, decoders
CONNECT_S = 20  # of them the first two, on a slow machine
PROFILE = "AES128_CM_HMAC_SHA1_80"

VIEWER = Path(__file__).with_name("webrtcbin_viewer.py")


def test_decodes_beyond_consent(server, folder):
    viewer = Process([sys.executable, VIEWER, server.whep("cam1"), WATCH_S],
                     folder / "webrtcbin.log")
    until(lambda: [each["srtp_profile"] for each in server.viewers()] == [PROFILE], CONNECT_S,
          f"a viewer by {PROFILE}")
    assert viewer.child.wait(WATCH_S + 20) == 0, viewer.output()
    decoded = json.loads(viewer.output().splitlines()[-1])
    assert decoded["error"] is None
    assert decoded["video"] >= MIN_FPS * (WATCH_S - STARTUP_S)
    assert decoded["audio"] > 0
