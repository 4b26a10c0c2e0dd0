# SPDX-License-Identifier: Apache-2.0
"""The wall: all streams, or some, in one window."""
import os
import time

import pytest
from selenium.webdriver.common.keys import Keys

from cameras import BenchSource
from chromium import Chromium
from process import until
from server import BASE, Server

TILES = 64
SOME = 24
FPS = 10
SMALL = ("--resolution", "320x180", "--bitrate", "150", "--fps", FPS, "--gop", "2s", "--audio",
         "none")
JOINED_S = 90
WATCH_S = int(os.environ.get("RTCFAN_WALL_SECONDS", "10"))
MIN_FPS = 5  # two cores encode nothing, but decode and draw all of it
PATIENCE_S = 5 * WATCH_S  # for these: a machine with much to do holds its browser up now and then
MIN_FRAMES = 30
GONE_S, SHOWN_S = 60, 30

STATES = "[...rtcfan.tiles.values()].map(tile => tile.player.state)"
FRAMES = ("[...rtcfan.tiles.values()].map("
          "tile => tile.player.video.getVideoPlaybackQuality().totalVideoFrames)")
FITS = ("document.body.scrollHeight <= innerHeight && document.body.scrollWidth <= innerWidth && "
        "[...document.querySelectorAll('.tile')].every(tile => {"
        "    const {left, top, right, bottom} = tile.getBoundingClientRect();"
        "    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight &&"
        "        Math.abs((right - left) / (bottom - top) - 16 / 9) < 0.05; })")
LARGE = "[...document.querySelectorAll('.large')].map(tile => tile.querySelector('span').innerText)"


@pytest.fixture(scope="module")
def server(folder):
    """cam1 to cam64."""
    with BenchSource(folder, *SMALL, "--streams", TILES) as camera:
        base = camera.url.rsplit("/", 1)[0]
        streams = {f"cam{n}": f"{base}/cam{n}" for n in range(1, TILES + 1)}
        with Server(folder, streams) as server:
            server.wait_live("cam1", f"cam{TILES}")
            yield server


@pytest.fixture(scope="module")
def chromium(folder):
    with Chromium(folder) as chromium:
        yield chromium


def open_wall(chromium, names=""):
    chromium.open(f"{BASE}/wall" + (f"?streams={names}" if names else ""))
    until(lambda: chromium.value(STATES) and set(chromium.value(STATES)) == {"playing"}, JOINED_S,
          "all tiles to play")


def test_nine_of_them(server, chromium, artifacts):
    open_wall(chromium, ",".join(f"cam{n}" for n in range(1, 10)))
    assert len(chromium.value(STATES)) == 9
    before = chromium.value(FRAMES)
    until(lambda: all(now > then + MIN_FRAMES
                      for now, then in zip(chromium.value(FRAMES), before)), JOINED_S,
          "pictures on all tiles")
    chromium.screenshot(artifacts / "wall.png")
    before = chromium.driver.get_window_size()
    for size in (before["width"], before["height"]), (1400, 300), (500, 900):
        chromium.driver.set_window_size(*size)
        until(lambda width=size[0]: chromium.value(f"innerWidth === {width} && {FITS}"),
              SHOWN_S, f"tiles that fill a window of {size}")
    chromium.driver.set_window_size(before["width"], before["height"])
    assert chromium.value("spy.errors") == []


def test_one_is_made_large(server, chromium):
    open_wall(chromium, "cam1,cam2,cam3,cam4")
    chromium.press(Keys.TAB, Keys.TAB, " ")
    assert chromium.value(LARGE) == ["cam2"]
    chromium.press(Keys.ESCAPE)
    chromium.press(Keys.ENTER)  # it has the focus again
    assert chromium.value(LARGE) == ["cam2"]
    assert chromium.value("rtcfan.tiles.get('cam2').player.clientWidth === innerWidth")
    until(lambda: server.metrics().sum("rtcfan_viewers") == 1, GONE_S, "the others to leave")
    chromium.press(Keys.ESCAPE)
    assert chromium.value(LARGE) == []
    until(lambda: set(chromium.value(STATES)) == {"playing"}, JOINED_S, "the others to be back")
    chromium.driver.execute_script("document.querySelectorAll('.tile')[2].click();")
    assert chromium.value(LARGE) == ["cam3"]
    chromium.driver.find_element("id", "back").click()
    assert chromium.value(LARGE) == []
    assert not chromium.driver.find_element("id", "back").is_displayed()


def test_a_stream_that_is_not_there(server, chromium):
    chromium.open(f"{BASE}/wall?streams=cam1,nobody")
    until(lambda: chromium.value(STATES) == ["playing", "failed"], JOINED_S, "both states")
    assert "no such stream" in chromium.value("document.querySelectorAll('.tile')[1].ariaLabel")


def all_drawn(chromium):
    before = chromium.value(FRAMES)
    time.sleep(WATCH_S)
    drawn = [now - then for now, then in zip(chromium.value(FRAMES), before)]
    print("frames of each tile:", drawn)
    assert len(drawn) == SOME
    return min(drawn) >= MIN_FPS * WATCH_S


@pytest.mark.extra_seconds(PATIENCE_S + WATCH_S)
def test_24_of_them(server, chromium):
    """For 10 s, or RTCFAN_WALL_SECONDS."""
    open_wall(chromium, ",".join(f"cam{n}" for n in range(1, SOME + 1)))
    assert chromium.value(FITS)
    until(lambda: all_drawn(chromium), PATIENCE_S, f"{WATCH_S} s of pictures on all tiles")
    until(lambda: set(chromium.value(STATES)) == {"playing"}, SHOWN_S, "all tiles to play")
    assert server.metrics().sum("rtcfan_viewers") == SOME


@pytest.mark.extra_seconds(JOINED_S)
def test_all_of_them(server, chromium):
    """As many as are in sight together: each plays, however slowly this machine decodes them."""
    open_wall(chromium)
    assert len(chromium.value(STATES)) == TILES
    assert chromium.value(FITS)
    before = chromium.value(FRAMES)
    until(lambda: all(now > then for now, then in zip(chromium.value(FRAMES), before)), JOINED_S,
          "a picture more on each tile")
    assert server.metrics().sum("rtcfan_viewers") == TILES
    assert chromium.value("spy.connections.length") == TILES
