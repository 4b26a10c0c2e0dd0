# SPDX-License-Identifier: Apache-2.0
"""Servers whose recording ends while somebody watches: viewers stay, and see the next one."""
import pytest

from foreign_cameras import FfmpegCamera, Relay, VlcCamera, record
from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock
from server import Server

ENDS = 2
SEEN_TIMES, LONG_TIMES = 3, 30  # it does not end before its first pictures have been seen
BACK_TIMEOUT_S = 60
FRAMES = 60


@pytest.fixture
def recording(tmp_path):
    """A short one."""
    return record(tmp_path, "h264-baseline", "opus")


class Watched:
    """A viewer of an rtcfan's only stream, which has seen its first pictures."""

    def __init__(self, server, audience):
        self.server = server
        server.wait_live("cam1")
        self.viewer = audience.add(server.whep("cam1"), authenticate=True)
        self.recorder = Recorder(self.viewer)
        self.wait_frames()

    def wait_frames(self):
        goal = self.viewer.track("video").frames + FRAMES
        until(lambda: self.viewer.track("video").frames >= goal, BACK_TIMEOUT_S, "pictures")

    def reconnects(self):
        return self.server.status("cam1")["reconnects"]

    def judge(self):
        assert_clock(self.recorder.packets)
        assert self.viewer.track("video").forged == self.viewer.track("video").lost == 0
        assert self.server.metrics().sum("rtcfan_viewers") == 1


def test_vlc_closes_its_connections(tmp_path, recording):
    """And serves again at once."""
    with VlcCamera(tmp_path, 8554, "cam", recording) as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server, Audience() as audience:
        watched = Watched(server, audience)
        until(lambda: watched.reconnects().get("closed", 0) >= ENDS, BACK_TIMEOUT_S,
              f"{ENDS} ends of the recording")
        watched.wait_frames()
        watched.judge()


def test_ffmpeg_ends(tmp_path):
    """Its server keeps the connection open, sends nothing, and then does not know the stream."""
    recording = record(tmp_path, "h264-baseline", "opus", SEEN_TIMES)
    with Relay(tmp_path) as relay, \
            FfmpegCamera(tmp_path, relay, "cam", recording) as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server, Audience() as audience:
        watched = Watched(server, audience)
        until(lambda: "404" in server.status("cam1")["last_error"], BACK_TIMEOUT_S,
              "an attempt after the end")
        assert watched.reconnects()["silence"] == 1
        camera.recording = record(tmp_path, "h264-baseline", "opus", LONG_TIMES)
        camera.start()
        until(lambda: server.status("cam1")["state"] == "live", BACK_TIMEOUT_S, "the camera")
        watched.wait_frames()
        watched.judge()
