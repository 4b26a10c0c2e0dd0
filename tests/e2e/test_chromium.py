# SPDX-License-Identifier: Apache-2.0
"""What a page does in Chromium, watched from outside its own script."""
import time

import pytest

from chromium import Chromium
from process import until

FIRST_FRAME_MS = 1000  # half of the camera's GOP
JOINS = 5
GOP_S = 2


@pytest.fixture(scope="module")
def chromium(folder):
    with Chromium(folder) as chromium:
        yield chromium


def test_page_does_what_it_says(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_playing()
    assert chromium.posts() == 1
    assert chromium.value("rtcfan.posts") == 1
    assert chromium.value("rtcfan.pc === spy.connections[0]")
    assert chromium.state() == "playing"
    assert chromium.value("!rtcfan.video.paused && rtcfan.video.muted")
    assert chromium.value("spy.errors") == []
    refused = [line for line in chromium.console() if line["level"] == "SEVERE"]
    assert not refused


def test_first_frame_does_not_wait_for_a_keyframe(server, chromium):
    """Joins are spread over the GOP: without a kept GOP most would wait for up to 2 s."""
    waited = []
    for join in range(JOINS):
        time.sleep(-time.monotonic() % GOP_S + join * GOP_S / JOINS)
        chromium.open(server.page("cam1"))
        chromium.wait_playing()
        # It is decoded; shown it is a moment later.
        waited.append(until(chromium.first_frame_ms, 5, "the first picture on the page"))
    print("ms from POST to first picture:", waited)
    assert max(waited) < FIRST_FRAME_MS


def test_index_leads_to_the_player(server, chromium):
    chromium.open(server.page("").rstrip("/") + "/")
    link = chromium.value("[...document.links].find((a) => a.pathname === '/cam1/')?.href")
    assert link == server.page("cam1")
