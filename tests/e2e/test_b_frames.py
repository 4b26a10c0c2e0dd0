# SPDX-License-Identifier: Apache-2.0
"""Cameras that send B-frames: left out, or kept where somebody wants them."""
import pytest

from cameras import GstCamera
from process import until
from raw_viewer import Audience
from server import Server

FRAMES = 30
FRAME_TICKS = 90000 / 30


@pytest.fixture(scope="module")
def server(folder):
    """dropped: as it is unless said otherwise. kept: with bframes = "keep". hevc: H.265."""
    with GstCamera(folder, "--bframes", "2") as camera, \
            GstCamera(folder, "--bframes", "2", "--video", "h265", port=8556) as hevc, \
            Server(folder, {"dropped": camera.url, "hevc": hevc.url,
                            "kept": {"source": camera.url, "bframes": "keep"}}) as server:
        server.wait_live("dropped", "kept", "hevc")
        yield server


def figure(server, what, stream):
    return server.metrics().sum(f"rtcfan_stream_{what}_total", stream=stream)


@pytest.mark.asan
@pytest.mark.parametrize("stream", ["dropped", "hevc"])
def test_dropped(server, stream):
    until(lambda: figure(server, "frames", stream) >= FRAMES, 40, "pictures")
    until(lambda: figure(server, "b_frames_dropped", stream) >= FRAMES, 40, "B-frames")
    status = server.status(stream)
    assert not status["b_frames"]
    assert "B-frames are dropped" in status["b_frames_note"]
    assert figure(server, "frames_dropped", stream) == 0


def steps(viewer, count):
    """From one picture's RTP timestamp to the next one's, of as many pictures as are to come."""
    seen = []

    def note(track, datagram, _):
        if track is viewer.track("video") and datagram[1] >> 7:  # the marker
            seen.append(int.from_bytes(datagram[4:8], "big"))

    viewer.on_rtp = note
    until(lambda: len(seen) > count, 40, f"{count} pictures")
    return [(b - a + 2**31) % 2**32 - 2**31 for a, b in zip(seen, seen[1:])]


def test_pictures_come_in_order(server):
    """What is left lies where the camera has put it, three pictures of 30/s apart."""
    with Audience() as audience:
        viewer = audience.add(server.whep("dropped"), authenticate=True)
        until(lambda: viewer.track("video").frames >= FRAMES, 40, "what the viewer starts with")
        left = steps(viewer, FRAMES)
        kept = audience.add(server.whep("kept"), authenticate=True)
        until(lambda: kept.track("video").frames >= FRAMES, 40, "what the viewer starts with")
        assert min(left) > FRAME_TICKS / 2 > min(steps(kept, FRAMES))
    assert sorted(left)[len(left) // 2] == pytest.approx(3 * FRAME_TICKS, abs=FRAME_TICKS / 2)


def test_kept(server):
    until(lambda: figure(server, "frames", "kept") >= FRAMES, 40, "pictures")
    assert figure(server, "b_frames_dropped", "kept") == 0
    status = server.status("kept")
    assert status["b_frames"]
    assert 'set bframes = "drop"' in status["b_frames_note"]
