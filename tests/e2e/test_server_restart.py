# SPDX-License-Identifier: Apache-2.0
"""A server that ends and comes back: a page says so, and goes on by itself."""
from cameras import BenchSource
from chromium import Chromium
from process import until
from server import Server

BACK_S = 60  # the last attempts are 15 s apart
SMALL = ("--resolution", "320x180", "--bitrate", "300", "--gop", "1s", "--name", "demo")


def test_the_page_comes_back(tmp_path):
    with BenchSource(tmp_path, *SMALL) as camera, Chromium(tmp_path) as chromium:
        streams = {"cam1": camera.url}
        with Server(tmp_path, streams) as server:
            server.wait_live("cam1")
            chromium.open(server.page("cam1"))
            chromium.wait_state("playing")
        until(lambda: "cannot be reached" in chromium.message(), 60, "the page to say so")
        with Server(tmp_path, streams) as server:
            chromium.wait_state("playing", BACK_S)
            assert server.metrics().sum("rtcfan_viewers") == 1
