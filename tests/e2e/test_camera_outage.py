# SPDX-License-Identifier: Apache-2.0
"""A camera that goes and comes back: its viewers see a pause and nothing else."""
import time

import pytest

from cameras import BenchSource, GstCamera
from chromium import Chromium
from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock
from server import Server, sanitized

OUTAGE_S = 5
PLI_INTERVAL_S = 1.5  # Chromium asks for a keyframe after each 3 s without a frame
BACK_TIMEOUT_S = 20  # attempts after about 1, 3, 7 and 15 s
FIRST_SECOND_FRAMES = 20  # of 30: the picture moves again as soon as the camera does
WATCH_S = 4
MIN_FPS = 28

RESTARTS = 100
WARM_AFTER = 20  # restarts, after which memory is what it will be
RESTART_VIEWERS = 4
ATTEMPTS_PER_RESTART = 2  # one at once, and one a second later
SLOW_STARTS = 20  # of the camera, on a loaded machine: an attempt more each
GROWTH_MAX_KIB = 1024


def published(server):
    return server.metrics().sum("rtcfan_stream_frames_total", stream="cam1")


def test_same_page_goes_on(tmp_path):
    with GstCamera(tmp_path) as camera, Server(tmp_path, {"cam1": camera.url}) as server, \
            Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        ssrc = chromium.stats().video["ssrc"]

        camera.kill()
        time.sleep(1)
        dead = published(server)
        time.sleep(OUTAGE_S - 1)
        assert published(server) == dead

        camera.start()
        until(lambda: published(server) > dead, BACK_TIMEOUT_S, "a frame after the outage")
        back = chromium.stats()
        time.sleep(1)
        before = chromium.stats()
        assert before.frames - back.frames >= FIRST_SECOND_FRAMES
        time.sleep(WATCH_S)
        after = chromium.stats()
        seconds = (after.video["timestamp"] - before.video["timestamp"]) / 1000
        assert (after.frames - before.frames) / seconds >= MIN_FPS
        assert after.video["ssrc"] == ssrc
        assert chromium.posts() == 1
        assert chromium.value("spy.connections.length") == 1
        assert chromium.value("spy.connections[0].connectionState") == "connected"


def test_clock_over_an_outage(tmp_path):
    """Receivers place frames by their timestamps: old ones sent late would move all that follow."""
    with GstCamera(tmp_path) as camera, Server(tmp_path, {"cam1": camera.url}) as server, \
            Audience() as audience:
        server.wait_live("cam1")
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        recorder = Recorder(viewer)
        until(lambda: len(recorder.packets) >= 60, 5, "video")
        camera.kill()
        end = time.monotonic() + OUTAGE_S
        while time.monotonic() < end:
            time.sleep(PLI_INTERVAL_S)
            viewer.ask_for_keyframe(recorder.packets[-1].ssrc)
        camera.start()
        frames = server.metrics().sum("rtcfan_stream_frames_total")
        until(lambda: server.metrics().sum("rtcfan_stream_frames_total") > frames + 30, 20,
              "video after the outage")
        assert_clock(recorder.packets)
        assert viewer.track("video").lost == 0


@pytest.mark.extra_seconds(450)
def test_a_hundred_restarts(tmp_path):
    """No viewer is lost, no memory is, and no time by attempts that come too late."""
    with BenchSource(tmp_path, "--resolution", "320x180", "--bitrate", "300", "--gop", "15",
                     "--name", "demo") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server, Audience() as audience:
        server.wait_live("cam1")
        created = server.metrics().sum("rtcfan_sessions_created_total")
        viewers = [audience.add(server.whep("cam1")) for _ in range(RESTART_VIEWERS)]
        for restart in range(RESTARTS):
            if restart == WARM_AFTER:
                warm_kib = server.resident_kib()
            camera.kill()
            until(lambda: server.status("cam1")["state"] != "live", 5, "the loss of the camera")
            camera.start()
            until(lambda: server.status("cam1")["state"] == "live", BACK_TIMEOUT_S, "the camera")
            seen = [viewer.track("video").frames for viewer in viewers]
            until(lambda: all(viewer.track("video").frames > before
                              for viewer, before in zip(viewers, seen)),
                  BACK_TIMEOUT_S, f"a picture for all viewers after restart {restart}")
        figures = server.metrics()
        assert figures.sum("rtcfan_viewers") == RESTART_VIEWERS
        assert figures.sum("rtcfan_sessions_created_total") == created + RESTART_VIEWERS
        assert figures.sum("rtcfan_stream_reconnects_total", cause="closed") == RESTARTS
        attempts = figures.sum("rtcfan_stream_connects_total")
        assert attempts <= 1 + ATTEMPTS_PER_RESTART * RESTARTS + SLOW_STARTS
        if not sanitized():
            assert server.resident_kib() - warm_kib <= GROWTH_MAX_KIB
