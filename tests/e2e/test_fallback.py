# SPDX-License-Identifier: Apache-2.0
"""Another stream is shown while a camera is down. The two differ in the size of their pictures."""
import os
import signal

from cameras import BenchSource
from chromium import Chromium
from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock
from server import Server

OWN_PORT, OTHER_PORT = 8554, 8555
BACK_S = 60
SOON_S = 30


def own_camera(folder, *options):
    return BenchSource(folder, "--resolution", "640x360", "--bitrate", "500", "--gop", "1s",
                       "--name", "demo", *options, port=OWN_PORT)


def other_camera(folder, *options):
    return BenchSource(folder, "--resolution", "320x180", "--bitrate", "300", "--gop", "1s",
                       "--name", "demo", *options, port=OTHER_PORT)


def streams(own, other):
    return {"cam1": {"source": own.url, "fallback": "wait", "hold_viewers": 2}, "wait": other.url}


def active(server):
    return server.status("cam1")["fallback_active"]


def width(chromium):
    return chromium.value("rtcfan.video.videoWidth")


def test_the_other_picture_is_shown_meanwhile(tmp_path):
    with own_camera(tmp_path) as own, other_camera(tmp_path) as other, \
            Server(tmp_path, streams(own, other)) as server, Chromium(tmp_path) as chromium:
        server.wait_live("cam1", "wait")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        until(lambda: width(chromium) == 640, SOON_S, "the camera's own picture")
        for _ in range(2):
            own.kill()
            until(lambda: width(chromium) == 320, BACK_S, "the other picture")
            assert active(server)
            assert server.status("cam1")["state"] != "live"
            own.start()
            until(lambda: width(chromium) == 640, BACK_S, "the camera's own picture again")
            until(lambda: not active(server), SOON_S, "the end of the other one")
        assert chromium.posts() == 1


def test_a_camera_that_hangs_for_a_while(tmp_path):
    """Its connection stays, and so what it sends then refers to pictures that came before."""
    with own_camera(tmp_path) as own, other_camera(tmp_path) as other, \
            Server(tmp_path, streams(own, other)) as server, Chromium(tmp_path) as chromium:
        server.wait_live("cam1", "wait")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        until(lambda: width(chromium) == 640, SOON_S, "the camera's own picture")
        os.kill(own.process.pid, signal.SIGSTOP)
        until(lambda: width(chromium) == 320, BACK_S, "the other picture")
        os.kill(own.process.pid, signal.SIGCONT)
        until(lambda: width(chromium) == 640, BACK_S, "the camera's own picture again")
        until(lambda: not active(server), SOON_S, "the end of the other one")
        assert server.metrics().sum("rtcfan_stream_connects_total", stream="cam1") == 1
        assert chromium.posts() == 1


def test_time_goes_on(tmp_path):
    """Longer than viewers are held, and one comes while the other picture is shown."""
    with own_camera(tmp_path) as own, other_camera(tmp_path) as other, \
            Server(tmp_path, streams(own, other)) as server, Audience() as audience:
        server.wait_live("cam1", "wait")
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        recorder = Recorder(viewer)
        until(lambda: len(recorder.packets) >= 60, SOON_S, "video")
        own.kill()
        until(lambda: active(server), SOON_S, "the fallback")
        before = viewer.track("video").frames
        late = audience.add(server.whep("cam1"))
        until(lambda: viewer.track("video").frames > before + 100, SOON_S, "3 s of the fallback")
        until(lambda: late.track("video").frames > 0, SOON_S, "a picture for who came late")
        own.start()
        until(lambda: server.status("cam1")["state"] == "live" and not active(server), BACK_S,
              "the camera")
        before = viewer.track("video").frames
        until(lambda: viewer.track("video").frames > before + 75, SOON_S, "the camera's picture")
        until(lambda: viewer.track("audio").packets > 0, SOON_S, "sound")
        assert_clock(recorder.packets)
        assert viewer.track("video").lost == viewer.track("audio").lost == 0
        assert not viewer.bye


def test_before_the_camera_was_ever_there(tmp_path):
    with other_camera(tmp_path) as other, own_camera(tmp_path) as own:
        own.kill()
        with Server(tmp_path, streams(own, other)) as server, Audience() as audience:
            server.wait_live("wait")
            until(lambda: active(server), SOON_S, "the fallback")
            viewer = audience.add(server.whep("cam1"))
            until(lambda: viewer.track("video").frames > 30, SOON_S, "a second of the fallback")
            own.start()
            until(lambda: server.status("cam1")["state"] == "live" and not active(server), BACK_S,
                  "the camera")
            before = viewer.track("video").frames
            until(lambda: viewer.track("video").frames > before + 30, SOON_S, "its picture")
            # When the other goes too, there is nothing to hold viewers with.
            own.kill()
            until(lambda: active(server), SOON_S, "the fallback again")
            other.kill()
            until(lambda: not active(server), SOON_S, "the end of the fallback")
            until(lambda: server.metrics().sum("rtcfan_viewers") == 0, SOON_S, "the viewer's end")
