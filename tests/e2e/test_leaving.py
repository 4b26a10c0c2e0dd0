# SPDX-License-Identifier: Apache-2.0
"""How viewers leave: who says so is gone at once, who does not when consent runs out.

DELETE is in test_whep_http.py, what a viewer hears of its end in test_consent.py.
"""
import signal

import pytest
from selenium.common.exceptions import WebDriverException

import load
from cameras import BenchSource
from chromium import Chromium
from netns import Neighbour
from process import Process, until
from raw_viewer import Audience
from server import Server, sanitized

AT_ONCE_S = 15  # half of what consent takes
WITHOUT_CONSENT_S = 30 + 15  # control/consent.h, and what the machine may add
TRIM_S = 30  # the heap is looked at each 10 s
MANY = 60
LEFT_KIB = 2 << 10
SLOW = ("--fps", "5", "--gop", "5", "--bitrate", "50", "--resolution", "320x180", "--audio", "none")


@pytest.fixture(scope="module")
def server(folder):
    with BenchSource(folder, *SLOW) as camera, Server(folder, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        yield server


def viewers(server):
    return server.metrics().sum("rtcfan_viewers")


def ended(server, how):
    return server.metrics().sum("rtcfan_sessions_ended_total", by=how)


def expect_nobody(server):
    """A session is shown as leaving until its worker has let go of it."""
    until(lambda: server.viewers() == [], AT_ONCE_S, "the last session to be gone")


@pytest.mark.asan
def test_with_a_word(server):
    with Audience() as audience:
        for say in ("shut_down", "say_bye"):
            before = ended(server, "viewer")
            viewer = audience.add(server.whep("cam1"), authenticate=True)
            assert viewers(server) == 1
            getattr(viewer, say)()
            until(lambda: viewers(server) == 0, AT_ONCE_S, f"the viewer to be gone: {say}")
            assert ended(server, "viewer") == before + 1
            expect_nobody(server)


def test_page_that_is_loaded_again(server, tmp_path):
    """The page takes leave of its old session at once, not when consent runs out."""
    with Chromium(tmp_path) as chromium:
        chromium.open(server.page("cam1"))
        chromium.wait_state("playing")
        before = ended(server, "viewer")
        [old] = [viewer["id"] for viewer in server.viewers()]
        chromium.driver.refresh()
        chromium.wait_state("playing")
        until(lambda: viewers(server) == 1, AT_ONCE_S, "the old session's end")
        assert ended(server, "viewer") == before + 1
        until(lambda: old not in [viewer["id"] for viewer in server.viewers()], AT_ONCE_S,
              "the old session to be gone")
        chromium.open("about:blank")
        until(lambda: viewers(server) == 0, AT_ONCE_S, "the new session's end")


def test_without_a_word(server, tmp_path):
    """A tab that crashes, a network that is cut, programs that are killed: consent runs out."""
    load.Load(tmp_path, server.whep("cam1"), viewers=MANY, seconds=1)
    until(lambda: viewers(server) == 0, AT_ONCE_S, "those who warm the server's memory to leave")
    (tmp_path / "far").mkdir()
    with Chromium(tmp_path) as chromium, Neighbour() as far:
        with Chromium(tmp_path / "far", far) as cut:
            begun_kib, before = server.resident_kib(), ended(server, "timeout")
            many = Process([load.PROGRAM, "--url", server.whep("cam1"), "--viewers", MANY,
                            "--seconds", 600, "--quiet"], tmp_path / "viewers.log")
            for each in (chromium, cut):
                each.open(server.page("cam1"))
                each.wait_state("playing")
            until(lambda: viewers(server) == MANY + 2, WITHOUT_CONSENT_S, "all viewers")
            far.unplug()
            many.child.send_signal(signal.SIGKILL)
            with pytest.raises(WebDriverException, match="crashed"):
                chromium.open("chrome://crash")
            assert viewers(server) == MANY + 2
            until(lambda: viewers(server) == 0, WITHOUT_CONSENT_S, "all viewers to be gone")
            assert ended(server, "timeout") == before + MANY + 2
            expect_nobody(server)
    print(f"{begun_kib} KiB before, {server.resident_kib()} KiB after")
    until(lambda: sanitized() or server.resident_kib() < begun_kib + LEFT_KIB, TRIM_S,
          "their memory")
