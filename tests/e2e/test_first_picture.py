# SPDX-License-Identifier: Apache-2.0
"""The first picture comes at once, wherever in its GOP the camera is.

How long each step takes is for bench/first_picture to tell.
"""
import re
import statistics
import subprocess
import sys
import time

from cameras import BenchSource
from chromium import Chromium
from process import until
from server import BUILD, ROOT, Server

GOP_S = 10  # as many seconds as are kept by default
JOINS = 5
# Of most: into others the machine may have put a pause of its own. Without a kept GOP they would be
# spread over 10 s, and those in the middle would wait for 4 to 6.
FIRST_PICTURE_MS = 2500
FEW_KEYFRAMES = ("--resolution", "320x180", "--bitrate", "300", "--gop", f"{GOP_S}s")


def test_it_does_not_wait_for_a_keyframe(tmp_path):
    """Joins are spread over the GOP."""
    with BenchSource(tmp_path, *FEW_KEYFRAMES) as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server, Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        begin = time.monotonic()
        waited = []
        for join in range(JOINS):
            time.sleep(max(0, begin + join * GOP_S / JOINS - time.monotonic()))
            chromium.open(server.page("cam1"))
            waited.append(until(chromium.first_frame_ms, 4 * GOP_S, "the first picture"))
        print("ms from POST to first picture:", waited)
        assert statistics.median(waited) < FIRST_PICTURE_MS


def test_its_steps_are_measured():
    table = subprocess.run(
        [sys.executable, ROOT / "bench" / "first_picture", "--build", BUILD, "--joins", "2",
         "--gop", "1", "--resolution", "320x180", "--bitrate", "300"],
        check=True, capture_output=True, text=True, timeout=100).stdout
    print(table)
    rows = dict(re.findall(r"^(.+?) {2,}([\d.]+) +[\d.]+ +[\d.]+$", table, re.MULTILINE))
    assert len(rows) == 13
    assert 0 < float(rows["page: answer"]) < float(rows["page: first picture shown"])
    assert float(rows["page: first picture shown"]) < float(rows["page: live picture shown"])
