# SPDX-License-Identifier: Apache-2.0
"""Viewers of a camera that stays away, or that comes back with something else."""
import pytest

from cameras import BenchSource
from chromium import Chromium
from process import until
from raw_viewer import Audience
from server import Server

END_S = 40
BACK_S = 60


def ended(server):
    return server.metrics().sum("rtcfan_sessions_ended_total", by="source")


@pytest.mark.parametrize("seconds", [0, 2])
def test_they_are_sent_away(tmp_path, seconds):
    with BenchSource(tmp_path) as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "hold_viewers": seconds}}) as server:
        server.wait_live("cam1")
        with Audience() as audience:
            viewers = [audience.add(server.whep("cam1"), authenticate=True) for _ in range(3)]
            until(lambda: all(v.track("video").frames > 0 for v in viewers), 30, "video")
            assert ended(server) == 0
            camera.kill()
            until(lambda: all(v.bye and v.close_notify for v in viewers), END_S, "a goodbye")
        assert ended(server) == len(viewers)
        assert f"its source has been away for {seconds} s" in server.process.output()
        camera.start()
        server.wait_live("cam1")


def test_a_page_comes_back_by_itself(tmp_path):
    with BenchSource(tmp_path) as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "hold_viewers": 1}}) as server, \
            Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        camera.kill()
        until(lambda: ended(server) == 1, END_S, "the end of the session")
        until(lambda: "is not live: " in chromium.message(), END_S,
              "the reason on the page")
        camera.start()
        until(lambda: server.metrics().sum("rtcfan_viewers") == 1, BACK_S, "the page")
        chromium.wait_playing(30)


def test_another_codec_needs_another_session(tmp_path):
    """What is not the answer's codec cannot be decoded in this session."""
    options = ("--resolution", "320x180", "--bitrate", "300", "--name", "demo", "--audio")
    with BenchSource(tmp_path, *options, "opus") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        with Audience() as audience:
            viewer = audience.add(server.whep("cam1"), authenticate=True)
            until(lambda: viewer.track("audio").packets > 0, 30, "audio")
            # The same again: the session goes on.
            camera.kill()
            until(lambda: server.status("cam1")["state"] != "live", BACK_S, "the outage")
            camera.start()
            until(lambda: server.status("cam1")["state"] == "live", BACK_S, "the camera")
            assert ended(server) == 0
            camera.kill()
            camera.options = (*options, "pcmu")
            camera.start()
            until(lambda: viewer.bye and viewer.close_notify, BACK_S, "a goodbye")
        assert ended(server) == 1
        assert "its source has changed its codec" in server.process.output()
