# SPDX-License-Identifier: Apache-2.0
"""What a page does in Chromium, watched from outside its own script."""
import pytest

from chromium import Chromium


@pytest.fixture(scope="module")
def chromium(folder):
    with Chromium(folder) as chromium:
        yield chromium


def test_page_does_what_it_says(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_playing()
    assert chromium.wait_state("playing") == ""
    assert chromium.posts() == 1
    assert chromium.value("rtcfan.posts") == 1
    assert chromium.value("rtcfan.pc === spy.connections[0]")
    assert chromium.value("!rtcfan.video.paused && rtcfan.video.muted")
    assert chromium.value("spy.errors") == []
    refused = [line for line in chromium.console() if line["level"] == "SEVERE"]
    assert not refused


def test_index_leads_to_the_player(server, chromium):
    chromium.open(server.page("").rstrip("/") + "/")
    link = chromium.value("[...document.links].find((a) => a.pathname === '/cam1/')?.href")
    assert link == server.page("cam1")
