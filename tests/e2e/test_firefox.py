# SPDX-License-Identifier: Apache-2.0
"""What the pages do in Firefox. test_browsers.py and test_codecs.py say what it plays."""
import signal
import time

import pytest

from cameras import BenchSource
from firefox import Firefox
from page_server import DEAD_PORT, PageServer, block_media, guest
from process import until
from server import BASE, Server

SMALL = ("--resolution", "320x180", "--bitrate", "300", "--gop", "1s", "--name", "demo")
STALL_S = 3  # control/pages/rtcfan-session.js: without a picture
IDLE_S = 3  # control/pages/rtcfan-player.js: without a movement, controls fade
BLOCKED_S = 12  # control/pages/rtcfan-session.js: without a connection
CONSENT_S = 30  # control/consent.h
SLOW_S = 30  # what the machine may add
MISSING = ("the camera sends H264, which this viewer does not take; Firefox needs its OpenH264 "
           "plugin (about:addons)")
DARK, LIGHT = 0, 1
LEAVE_S = 20  # below CONSENT_S, after which who did not take leave is gone too
SHOWN_S = 30
SCHEME = "layout.css.prefers-color-scheme.content-override"

# Done on a page, its sessions get an answer and no further.
NO_CONNECTION = "RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {})"


@pytest.fixture(scope="module")
def camera(folder):
    with BenchSource(folder, *SMALL) as camera:
        yield camera


@pytest.fixture(scope="module")
def firefox(folder):
    with Firefox(folder) as firefox:
        yield firefox


def viewers(server):
    return server.metrics().sum("rtcfan_viewers")


def shown(part):
    return f"rtcfan.shadowRoot.querySelector('[data-part={part}]').checkVisibility()"


def test_the_player(server, firefox, artifacts):
    firefox.open(server.page("cam1"))
    firefox.wait_state("playing")
    time.sleep(STALL_S + 2)
    assert firefox.wait_state("playing") == ""
    assert firefox.value("rtcfan.posts") == 1
    join = firefox.value("rtcfan.join")
    assert 0 < join["http"] <= join["ice"] <= join["dtls"]
    firefox.press("i")
    until(lambda: firefox.value(shown("figures")), SHOWN_S, "figures")
    until(lambda: "H264 + Opus" in firefox.value(
        "rtcfan.shadowRoot.querySelector('[data-part=figures]').textContent"), SHOWN_S,
          "the codecs")
    for name, scheme in ("light", LIGHT), ("dark", DARK):
        firefox.prefer(SCHEME, scheme)
        until(lambda dark=scheme == DARK: firefox.value(
            "matchMedia('(prefers-color-scheme: dark)').matches") == dark, SHOWN_S, name)
        firefox.screenshot(artifacts / f"firefox-{name}.png")
    firefox.press("m")
    until(lambda: not firefox.value("rtcfan.video.muted"), SHOWN_S, "sound")
    firefox.press("k")
    firefox.wait_state("paused")
    until(lambda: viewers(server) == 0, LEAVE_S, "the viewer to leave")
    firefox.press("k")
    firefox.wait_state("playing")
    firefox.click("mute")
    assert firefox.console() == []


def test_a_camera_that_pauses(server, camera, firefox):
    firefox.open(server.page("cam1"))
    firefox.wait_state("playing")
    camera.process.child.send_signal(signal.SIGSTOP)
    try:
        firefox.wait_state("stalled")
    finally:
        camera.process.child.send_signal(signal.SIGCONT)
    firefox.wait_state("playing")


def test_who_loads_the_page_again_leaves(server, firefox):
    firefox.open(server.page("cam1"))
    firefox.wait_state("playing")
    until(lambda: viewers(server) == 1, LEAVE_S, "the end of the session before")
    ended = server.metrics().sum("rtcfan_sessions_ended_total", by="viewer")
    firefox.reload()
    firefox.wait_state("playing")
    until(lambda: viewers(server) == 1, LEAVE_S, "the old session's end")
    assert server.metrics().sum("rtcfan_sessions_ended_total", by="viewer") == ended + 1


def test_leave_is_taken_by_http(server, firefox):
    """By DELETE, which is all that can tell where there is no connection yet."""
    failed = server.metrics().sum("rtcfan_sessions_failed_total")
    firefox.open(f"{server.page('cam1')}?autoplay=0")
    firefox.value(NO_CONNECTION)
    firefox.value("rtcfan.play()")
    until(lambda: firefox.value("rtcfan.join.http"), SHOWN_S, "an answer")
    firefox.open("about:blank")
    # A session without a connection ends after 15 s in any case (control/sessions.h).
    until(lambda: server.metrics().sum("rtcfan_sessions_failed_total") == failed + 1, 10,
          "the session's end")


def test_without_h264(server, firefox):
    firefox.prefer("media.webrtc.hw.h264.enabled", False)
    try:
        firefox.open(server.page("cam1"))
        firefox.wait_state("playing")
        assert firefox.note() == f"No picture: {MISSING}."
        time.sleep(IDLE_S + 1)
        assert not firefox.value("rtcfan.hasAttribute('data-idle')")
    finally:
        firefox.prefer("media.webrtc.hw.h264.enabled", True)


def test_index_and_wall(server, firefox):
    firefox.open(f"{BASE}/")
    assert firefox.value("[...document.links].some((a) => a.pathname === '/cam1/')")
    firefox.open(f"{BASE}/wall?streams=cam1,nobody")
    states = "[...rtcfan.tiles.values()].map((tile) => tile.player.state)"
    until(lambda: firefox.value(states) == ["playing", "failed"], 60, "both states")
    assert firefox.console() == []


def test_media_is_blocked(server, firefox):
    """The page names the port that it cannot reach."""
    with PageServer(endpoint=server.whep("cam1"), change=block_media) as elsewhere:
        elsewhere.pages["/"] = guest(f"{elsewhere.url}cam1/")
        firefox.open(elsewhere.url)
        message = firefox.wait_state("failed", BLOCKED_S + SLOW_S)
        assert f"UDP port {DEAD_PORT} of " in message


def test_killed(server, tmp_path):
    """It says goodbye to nobody: the server notices."""
    with Firefox(tmp_path) as firefox:
        firefox.open(server.page("cam1"))
        firefox.wait_state("playing")
        timeouts = server.metrics().sum("rtcfan_sessions_ended_total", by="timeout")
        firefox.kill()
        until(lambda: server.metrics().sum("rtcfan_sessions_ended_total", by="timeout") > timeouts,
              CONSENT_S + SLOW_S, "the session's end")
