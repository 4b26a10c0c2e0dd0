# SPDX-License-Identifier: Apache-2.0
"""Servers that we did not write, by what they send and over what, each played by a real viewer.

All rows of the table play at the same time: one rtcfan, a camera a row, and as viewers the tabs of
one Chromium, or GStreamer for what Chromium does not decode. Not here: AV1, which nothing in Debian
12 puts into RTP (test_codecs.py).
"""
import json
import sys
import time
from collections import namedtuple
from contextlib import ExitStack
from pathlib import Path

import pytest

import netns
from cameras import Certificate, GstCamera
from chromium import Chromium
from foreign_cameras import FPS, SIZE, FfmpegCamera, Relay, VlcCamera, record
from process import Process, until
from server import Server

pytestmark = pytest.mark.asan

WATCH_S = 10
RECORDED_TIMES = 40  # 160 s, more than all of this takes
MIN_SHARE = 0.8  # of the pictures that a camera has in 10 s
START_TIMEOUT_S, WATCH_TIMEOUT_S = 30, 45
GST_FPS = 30
B_FRAMES = 2  # in a row, of those that have any
USER, PASSWORD = "viewer", "s3cret-of-the-camera"
VIEWER = Path(__file__).with_name("webrtcbin_viewer.py")

Look = namedtuple("Look", "pictures sound")
Row = namedtuple("Row", "server transport video audio viewer")
ROWS = [
    Row("gst", "tcp", "h264-baseline", "opus", "chromium"),
    Row("gst", "udp", "h264-high", "pcmu", "chromium"),
    Row("gst", "multicast", "h264-high-b", "aac", "chromium"),
    Row("gst", "digest", "vp8", "aac", "chromium"),
    Row("gst", "tls", "vp9", "opus", "chromium"),  # and Digest within it
    Row("gst", "udp", "h265", "opus", "gstreamer"),
    Row("vlc", "udp", "h264-high-b", "aac", "chromium"),
    Row("vlc", "udp", "h265", "opus", "gstreamer"),
    Row("vlc", "udp", "vp8", "pcmu", "chromium"),
    Row("ffmpeg", "udp", "h264-baseline", "pcmu", "chromium"),
    Row("ffmpeg", "udp", "h265", "aac", "gstreamer"),
    Row("ffmpeg", "udp", "vp8", "opus", "chromium"),
]

GST_VIDEO = {  # options of bench/gst_camera.py
    "h264-baseline": ["h264", "--profile", "constrained-baseline"],
    "h264-high": ["h264", "--profile", "high"],
    "h264-high-b": ["h264", "--profile", "high", "--bframes", B_FRAMES],
}
PROFILE_IDC = {"baseline": "42", "high": "64"}
SENT = {"opus": "opus", "aac": "opus", "pcmu": "PCMU"}  # to viewers
USED = {"digest": "udp", "tls": "tcp"}


def name(row):
    return "-".join(row[:-1])


def codec(row):
    return row.video.split("-")[0].upper()


def pictures_per_s(row):
    fps = GST_FPS if row.server == "gst" else FPS
    return fps / (1 + B_FRAMES) if row.video.endswith("-b") else fps


class Cameras:
    """Those of the table, by name as an rtcfan's streams."""

    def __init__(self, folder, stack):
        self.folder, self.stack = folder, stack
        self.certificate = Certificate(folder)
        self.relay = stack.enter_context(Relay(folder))
        self.ports = iter(range(8554, 8554 + len(ROWS)))
        self.streams = {name(row): self._add(row) for row in ROWS}

    def _add(self, row):
        keys = {"transport": row.transport} if row.transport in ("tcp", "multicast") else {}
        if row.transport == "tls":
            keys = {"fingerprint": self.certificate.fingerprint}
        camera = self._gst(row) if row.server == "gst" else self._player(row)
        return {"source": self.stack.enter_context(camera).url, **keys}

    def _gst(self, row):
        options = ["--video", *GST_VIDEO.get(row.video, [row.video]), "--audio", row.audio,
                   "--size", SIZE]
        special = {}
        if row.transport == "multicast":
            options += ["--transport", "multicast"]
            special = {"host": self.stack.enter_context(netns.Neighbour())}
        if row.transport in ("digest", "tls"):
            special = {"user": USER, "password": PASSWORD}
        if row.transport == "tls":
            special["tls"] = self.certificate
        return GstCamera(self.folder, *options, port=next(self.ports), **special)

    def _player(self, row):
        recording = record(self.folder, row.video, row.audio, RECORDED_TIMES)
        if row.server == "vlc":
            return VlcCamera(self.folder, next(self.ports), name(row), recording)
        return FfmpegCamera(self.folder, self.relay, name(row), recording)


class Tab:
    """A page of Chromium."""

    def __init__(self, chromium, url):
        self.chromium = chromium
        self.handle = chromium.open_tab(url)

    def look(self):
        """Pictures decoded, and energy of the sound, so far."""
        self.chromium.turn_to(self.handle)
        self.chromium.driver.execute_script("if (window.rtcfan) rtcfan.video.muted = false;")
        stats = self.chromium.stats()
        return Look(stats.frames, stats.audio.get("totalAudioEnergy", 0))

    def account(self):
        self.chromium.turn_to(self.handle)
        return self.chromium.account()


class Pipeline:
    """GStreamer."""

    def __init__(self, log, row, url):
        arguments = [sys.executable, VIEWER, url, 2 * (START_TIMEOUT_S + WATCH_TIMEOUT_S)]
        self.process = Process([*arguments, codec(row)], log)

    def look(self):
        """Pictures decoded, and buffers of sound, so far."""
        lines = [line for line in self.process.output().splitlines() if line.endswith("}")]
        figures = json.loads(lines[-1]) if lines else {"video": 0, "audio": 0}
        return Look(figures["video"], figures["audio"])

    def account(self):
        return self.process.tail()


class Play:
    """All of the table: what viewers had, and what rtcfan knew, before and after the 10 s."""

    def __init__(self, folder):
        with ExitStack() as stack:
            cameras = Cameras(folder, stack)
            self.server = stack.enter_context(Server(folder, cameras.streams))
            tolerate(START_TIMEOUT_S, self._all_live, "all cameras live")
            self._open(folder, stack)
            tolerate(START_TIMEOUT_S, self._all_play, "all viewers playing")
            self._watch()

    def _open(self, folder, stack):
        chromium = stack.enter_context(Chromium(folder))
        self.viewers = {}
        for row in ROWS:
            if row.viewer == "chromium":
                self.viewers[row] = Tab(chromium, self.server.page(name(row)))
            else:
                viewer = Pipeline(folder / f"{name(row)}.log", row, self.server.whep(name(row)))
                stack.callback(viewer.process.kill)
                self.viewers[row] = viewer

    def _watch(self):
        self.before, self.looks_before = self._status(), self._looks()
        self.figures_before = self.server.metrics()
        time.sleep(WATCH_S)
        tolerate(WATCH_TIMEOUT_S, self._have_seen, f"{WATCH_S} s of all cameras")
        self.after, self.figures_after = self._status(), self.server.metrics()
        self.accounts = {row: viewer.account() for row, viewer in self.viewers.items()}

    def _status(self):
        return {row: self.server.status(name(row)) for row in ROWS}

    def _looks(self):
        return {row: viewer.look() for row, viewer in self.viewers.items()}

    def _all_live(self):
        return all(each["state"] == "live" for each in self._status().values())

    def _all_play(self):
        return all(look.pictures > 0 and look.sound > 0 for look in self._looks().values())

    def _have_seen(self):
        """On a busy machine cameras and viewers take longer, and viewers leave pictures out."""
        self.looks_after = self._looks()
        return all(self.seen(row) >= goal(row) for row in ROWS)

    def seen(self, row):
        return self.looks_after[row].pictures - self.looks_before[row].pictures

    def gained(self, what, row):
        return figure(self.figures_after, what, row) - figure(self.figures_before, what, row)


def figure(figures, what, row):
    return figures.sum(f"rtcfan_stream_{what}_total", stream=name(row))


def goal(row):
    return MIN_SHARE * WATCH_S * pictures_per_s(row)


def tolerate(timeout_s, condition, what):
    """Waits, but not for ever: what does not come fails the test of its row."""
    try:
        until(condition, timeout_s, what, 0.2)
    except AssertionError as error:
        print(error)


@pytest.fixture(scope="module")
def play(folder):
    return Play(folder)


@pytest.fixture(params=ROWS, ids=name)
def row(request, knows_aac):
    if request.param.audio == "aac" and not knows_aac:
        pytest.skip("built without RTCFAN_AAC")
    return request.param


def test_plays(play, row):
    assert play.seen(row) >= goal(row), play.accounts[row]
    assert play.looks_after[row].sound > play.looks_before[row].sound, "silence"


def test_is_known_for_what_it_is(play, row):
    before, after = play.before[row], play.after[row]
    assert after["state"] == "live", after["last_error"]
    assert after["reconnects"] == before["reconnects"], after["last_error"]
    assert after["scheme"] == ("rtsps" if row.transport == "tls" else "rtsp")
    assert after["transport"] == USED.get(row.transport, row.transport)
    assert after["video"]["codec"] == codec(row)
    if codec(row) == "H264":
        assert after["video"]["profile"].startswith(PROFILE_IDC[row.video.split("-")[1]])
    assert ("B-frames" in after["b_frames_note"]) == row.video.endswith("-b")
    assert after["audio"]["camera_codec"].lower() == row.audio
    assert after["audio"]["codec"] == SENT[row.audio]
    for what in ("rtp_malformed", "rtp_lost", "frames_dropped"):
        assert play.gained(what, row) == 0, what


def test_no_password_is_logged(play):
    assert PASSWORD not in play.server.process.output()
