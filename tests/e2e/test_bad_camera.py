# SPDX-License-Identifier: Apache-2.0
"""Cameras that are at fault, each in one thing: one server plays them all at once.

A quirk is a class in quirks_*.py. All of them are played for some seconds, in which goes wrong what
goes wrong while they play; the tests look at what came of it.
"""
import json
import time

import pytest

import quirks_message  # noqa: F401 (each fills QUIRKS)
import quirks_session  # noqa: F401
import quirks_time  # noqa: F401
import whep
from bad_camera import AUDIO, QUIRKS, BadCameras
from clip import Clip
from process import until
from raw_viewer import Audience
from server import BASE, Server
from stalls import Stalls
from watch import Watch

pytestmark = pytest.mark.asan

START_TIMEOUT_S = 60
BEFORE_S, AFTER_S = 1.5, 5.5
PLAYING = [name for name, kind in QUIRKS.items() if kind.plays]
REFUSED = [name for name, kind in QUIRKS.items() if not kind.plays]


def states():
    streams = json.loads(whep.request("GET", f"{BASE}/api/streams").body)["streams"]
    return {each["name"]: each for each in streams}


def all_live():
    now = states()
    return all(now[name]["state"] == "live" and now[name]["video"]["width"] for name in PLAYING)


class Play:
    """All cameras and what viewers saw of them."""

    def __init__(self, folder):
        clips = {"plain": Clip(folder), "b-frames": Clip(folder, b_frames=2),
                 "large": Clip(folder, "640x360")}
        with BadCameras(QUIRKS, clips) as self.cameras:
            streams = {name: {"source": self.cameras[name].url, "transport": kind.transport,
                              **kind.keys}
                       for name, kind in QUIRKS.items()}
            with Server(folder, streams) as server:
                self._start()
                with Audience() as audience, Stalls() as stalls:
                    self._play(server, audience, stalls)
                self._look(server)

    @staticmethod
    def _start():
        try:
            until(all_live, START_TIMEOUT_S, "all cameras live", 0.2)
        except AssertionError:
            pass  # those that are not fail each by its own test

    def _play(self, server, audience, stalls):
        self.watches = {name: Watch(audience, server.whep(name)) for name in PLAYING
                        if server.live(name)}
        time.sleep(BEFORE_S)
        self.cameras.happen()
        time.sleep(AFTER_S)
        for watch in self.watches.values():
            watch.finish()
        for watch in self.watches.values():
            watch.stalled_s = stalls.between(watch.begin, watch.end)

    def _look(self, server):
        figures = server.metrics()
        for name, status in states().items():
            for figure in ("connects", "rtp_lost"):
                status[figure] = figures.sum(f"rtcfan_stream_{figure}_total", stream=name)
            self.cameras[name].status = status


@pytest.fixture(scope="module")
def play(folder):
    return Play(folder)


@pytest.mark.parametrize("name", PLAYING)
def test_plays(play, name):
    camera = play.cameras[name]
    assert not camera.errors
    seen = play.watches.get(name)
    assert seen, f"not live: {camera.status}"
    seen.assert_plays(camera)
    assert camera.status["state"] == "live"
    assert camera.status["transport"] == camera.transport_used
    assert camera.status["connects"] == camera.connects, camera.status["last_error"]
    assert camera.last_error in camera.status["last_error"]
    assert camera.asked("TEARDOWN"), "the server has left without a word"
    if camera.even:
        seen.assert_even(camera)
    if camera.whole:
        seen.assert_whole()
        assert camera.status["rtp_lost"] == 0
    if AUDIO in camera.tracks and camera.synced:
        seen.assert_synced()
    camera.judge(seen)


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(play, name):
    camera = play.cameras[name]
    assert not camera.errors
    assert camera.status["state"] in ("waiting", "connecting")
    assert camera.last_error in camera.status["last_error"]
