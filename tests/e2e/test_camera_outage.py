# SPDX-License-Identifier: Apache-2.0
"""A camera that goes and comes back: its viewers see a pause and nothing else."""
import re
import time
from pathlib import Path

import pytest

from cameras import BenchSource, GstCamera
from chromium import Chromium
from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock
from server import Server, sanitized

OUTAGE_S = 5
PLI_INTERVAL_S = 1.5  # Chromium asks for a keyframe after each 3 s without a frame
BACK_TIMEOUT_S = 60  # attempts after about 1, 3, 7 and 15 s
# The picture moves again as soon as the camera does, and not with its next keyframe, frame 61.
FIRST_FRAMES, MEANWHILE = 20, 80
WATCH_FRAMES = 120
BEHIND = 10  # frames that are on their way to the page, more or less

RESTARTS = 100
WARM_AFTER = 20  # restarts, after which memory is what it will be
RESTART_VIEWERS = 4
ATTEMPTS_PER_RESTART = 2  # one at once, and one a second later
SLOW_STARTS = 20  # of the camera, on a loaded machine: an attempt more each
GROWTH_MAX_KIB = 1024
# Of all memory: queues are made at the start, and come into use place by place as time passes.
TABLES_MAX_KIB = 8192
ARENA = 64 << 20  # glibc has that of a thread begin at a multiple of this


def published(server):
    return server.metrics().sum("rtcfan_stream_frames_total", stream="cam1")


def heap_kib(server):
    """What is resident of all that is made piece by piece: of no block that is mapped by itself."""
    total, counts = 0, False
    for line in Path(f"/proc/{server.process.pid}/smaps").read_text().splitlines():
        begin = re.match(r"([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ (\d+)\s*(.*)", line)
        if begin:
            counts = begin[3] == "[heap]" or (begin[2] == "0" and int(begin[1], 16) % ARENA == 0)
        elif counts and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def frames_left_out(server):
    figures = server.metrics()
    return [figures.sum(f"rtcfan_stream_{what}_total", stream="cam1")
            for what in ("rtp_lost", "frames_dropped")]


def test_same_page_goes_on(tmp_path):
    with GstCamera(tmp_path) as camera, Server(tmp_path, {"cam1": camera.url}) as server, \
            Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        ssrc = chromium.stats().video["ssrc"]

        camera.kill()
        until(lambda: server.status("cam1")["state"] != "live", 20, "the loss of the camera")
        dead = published(server)
        time.sleep(OUTAGE_S)
        assert published(server) == dead

        camera.start()
        until(lambda: published(server) > dead, BACK_TIMEOUT_S, "a frame after the outage")
        back = chromium.stats().frames
        until(lambda: chromium.stats().frames - back >= FIRST_FRAMES, BACK_TIMEOUT_S, "the picture")
        assert published(server) - dead <= MEANWHILE
        # From now on nothing is left out, neither by us nor by the page.
        left_out = frames_left_out(server)
        begin = published(server)
        before = begin - chromium.stats().frames
        until(lambda: published(server) >= begin + WATCH_FRAMES, BACK_TIMEOUT_S, "more frames")
        until(lambda: published(server) - chromium.stats().frames <= before + BEHIND,
              BACK_TIMEOUT_S, "the page to have all of them")
        assert frames_left_out(server) == left_out
        assert chromium.stats().video["ssrc"] == ssrc
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
        until(lambda: len(recorder.packets) >= 60, 20, "video")
        camera.kill()
        end = time.monotonic() + OUTAGE_S
        while time.monotonic() < end:
            time.sleep(PLI_INTERVAL_S)
            viewer.ask_for_keyframe(recorder.packets[-1].ssrc)
        camera.start()
        frames = server.metrics().sum("rtcfan_stream_frames_total")
        until(lambda: server.metrics().sum("rtcfan_stream_frames_total") > frames + 75,
              BACK_TIMEOUT_S, "video after the outage")
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
                warm_kib, warm_heap_kib = server.resident_kib(), heap_kib(server)
            camera.kill()
            until(lambda: server.status("cam1")["state"] != "live", 20, "the loss of the camera")
            camera.start()
            until(lambda: server.status("cam1")["state"] == "live", BACK_TIMEOUT_S, "the camera")
            seen = [viewer.track("video").frames for viewer in viewers]
            until(lambda: all(viewer.track("video").frames > before
                              for viewer, before in zip(viewers, seen)),
                  BACK_TIMEOUT_S, f"a picture for all viewers after restart {restart}")
        figures = server.metrics()
        assert figures.sum("rtcfan_viewers") == RESTART_VIEWERS
        assert figures.sum("rtcfan_sessions_created_total") == created + RESTART_VIEWERS
        # A camera that dies may take one more connection before it closes its port: no session.
        assert figures.sum("rtcfan_stream_disconnects_total") == RESTARTS
        assert figures.sum("rtcfan_stream_reconnects_total", cause="closed") >= RESTARTS
        attempts = figures.sum("rtcfan_stream_connects_total")
        assert attempts <= 1 + ATTEMPTS_PER_RESTART * RESTARTS + SLOW_STARTS
        if not sanitized():
            assert heap_kib(server) - warm_heap_kib <= GROWTH_MAX_KIB
            assert server.resident_kib() - warm_kib <= TABLES_MAX_KIB
