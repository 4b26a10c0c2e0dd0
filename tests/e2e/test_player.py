# SPDX-License-Identifier: Apache-2.0
"""The player page: what a viewer can do, what is said when there is no picture, and how it goes on
by itself."""
import re
import signal
from contextlib import contextmanager

import pytest

import whep
from cameras import BenchSource
from browser import overflows
from chromium import Chromium
from dialog import Dialog
from page_server import DEAD_PORT, PageServer, block_media, guest
from process import until
from server import BASE, FIGURES, Server

GONE_S = 40  # until nobody watches: a player waits 10 s before it leaves, of which timers make more
BACK_S = 60
LEAVE_S = 20  # well below the 30 s after which who did not take leave is gone too
SHOWN_S = 30
SMALL = ("--resolution", "320x180", "--bitrate", "300", "--gop", "1s", "--name", "demo")

STATS = """
const done = arguments[0];
rtcfan.addEventListener('stats', event => done(event.detail), {once: true});
rtcfan.setAttribute('stats', '1');
"""
SHOWN = "[...rtcfan.shadowRoot.querySelectorAll('dl > *')].map(e => e.textContent)"
AUTHORISE = """
const fields = rtcfan.shadowRoot.querySelector('form').elements;
for (const [name, value] of Object.entries(arguments[0]))
    fields[name].value = value;
rtcfan.shadowRoot.querySelector('form').requestSubmit();
"""
OFFERED = "rtcfan.shadowRoot.querySelector('[data-part={}]').checkVisibility()"

# A page hears late that its answer has been taken, and tells which timers it has not taken back.
CONNECT_MS = 12000  # control/pages/rtcfan-session.js: without a connection
LATE_ANSWER = """
const {setTimeout: set, clearTimeout: clear} = window;
window.timers = new Map();
window.setTimeout = (what, ms) => {
    const id = set(what, ms);
    timers.set(id, ms);
    return id;
};
window.clearTimeout = id => {
    timers.delete(id);
    clear(id);
};
const {prototype} = RTCPeerConnection;
const take = prototype.setRemoteDescription;
prototype.setRemoteDescription = async function (answer) {
    await take.call(this, answer);
    while (this.connectionState !== 'connected')
        await new Promise(resolve => set(resolve, 10));
    window.taken = true;
};
"""
# As a proxy answers behind which there is no server.
BAD_GATEWAY = """
window.asked = 0;
window.fetch = () => {
    asked++;
    return Promise.resolve(new Response('', {status: 502}));
};
"""


@pytest.fixture(scope="module")
def server(folder):
    with BenchSource(folder, *SMALL) as camera, Server(folder, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        yield server


@pytest.fixture(scope="module")
def chromium(folder):
    with Chromium(folder) as chromium:
        yield chromium


def viewers(server):
    return server.metrics().sum("rtcfan_viewers")


@contextmanager
def tab_of(chromium, script):
    """A tab on whose pages this runs before their own."""
    before = chromium.driver.current_window_handle
    chromium.open_tab("about:blank")
    chromium.before_pages(script)
    try:
        yield
    finally:
        chromium.driver.close()
        chromium.turn_to(before)


def test_it_remembers_whether_it_was_muted(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    assert chromium.value("rtcfan.video.muted")
    chromium.click("mute")
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    assert not chromium.value("rtcfan.video.muted")
    chromium.press("m")
    until(lambda: chromium.value("rtcfan.video.muted"), SHOWN_S, "silence")
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    assert chromium.value("rtcfan.video.muted")


def test_keys(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    for key in (" ", "k"):
        chromium.press(key)
        chromium.wait_state("paused")
        until(lambda: viewers(server) == 0, LEAVE_S, "the viewer to leave")
        chromium.press(key)
        chromium.wait_state("playing")
    chromium.press("i")
    until(lambda: chromium.value(OFFERED.format("figures")), SHOWN_S, "figures")
    chromium.press("i")
    until(lambda: not chromium.value(OFFERED.format("figures")), SHOWN_S, "no figures")
    chromium.press("?")
    until(lambda: chromium.value(OFFERED.format("keys")), SHOWN_S, "what the keys do")
    chromium.press("?")
    until(lambda: not chromium.value(OFFERED.format("keys")), SHOWN_S, "no keys")
    chromium.press("f")
    until(lambda: chromium.value("document.fullscreenElement === rtcfan"), SHOWN_S, "full screen")
    chromium.press("f")
    until(lambda: chromium.value("!document.fullscreenElement"), SHOWN_S, "the window again")


def steady(stats):
    """Not that in which all since the keyframe is decoded, or the machine has held up something."""
    return (20 < stats["fps"] < 40 and 100e3 < stats["bitrate"] < 1e6
            and 0 <= stats["rttMs"] < 1000 and 0 <= stats["jitterMs"] < 1000)


def test_figures(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    seen = []
    until(lambda: seen.append(chromium.run_async(STATS)) or steady(seen[-1]), SHOWN_S,
          "a steady second", why=lambda: seen)
    stats = seen[-1]
    assert (stats["width"], stats["height"]) == (320, 180)
    assert stats["lost"] <= overflows()
    assert overflows() or stats["loss"] == stats["nacks"] == 0
    assert stats["codecs"] == ["H264", "Opus"]
    join = chromium.value("rtcfan.join")
    assert 0 < join["http"] <= join["ice"] <= join["dtls"]
    assert join["ice"] <= join["packet"] <= join["frame"]
    texts = chromium.value(SHOWN)
    shown = dict(zip(texts[::2], texts[1::2]))
    assert shown["Resolution"] == "320 × 180"
    assert re.fullmatch(r"HTTP \d+ \+ ICE \d+ \+ DTLS \d+ \+ packet \d+ \+ frame \d+ = \d+ ms",
                        shown["Joined"])


def test_buttons_have_names(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    names = chromium.value(
        "[...rtcfan.shadowRoot.querySelectorAll('button')].map(b => b.ariaLabel || b.textContent)")
    assert names == ["Watch", "Play", "Unmute", "Pause", "Figures", "Full screen"]
    assert chromium.value("rtcfan.ariaLabel") == "cam1"


def test_who_leaves_the_page_leaves_the_server(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    chromium.open("about:blank")
    until(lambda: viewers(server) == 0, LEAVE_S, "the session's end")


def test_a_hidden_page_leaves_and_comes_back(server, chromium):
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    page = chromium.driver.current_window_handle
    chromium.driver.switch_to.new_window("tab")
    until(lambda: viewers(server) == 0, GONE_S, "the hidden page to leave")
    chromium.driver.close()
    chromium.driver.switch_to.window(page)
    chromium.wait_state("playing")


def test_a_player_out_of_sight_does_not_play(server, chromium):
    page = guest(server.page("cam1")).replace("width:", "margin-top: 300vh; width:")
    with PageServer({"/": page}) as elsewhere:
        chromium.open(elsewhere.url)
        chromium.wait_state("idle")
        assert chromium.value("rtcfan.posts") == 0
        chromium.driver.execute_script("rtcfan.scrollIntoView();")
        chromium.wait_state("playing")
        chromium.driver.execute_script("scrollTo(0, 0);")
        until(lambda: viewers(server) == 0, GONE_S, "the player to leave")


def test_an_interruption(server, chromium):
    """As when the network is gone for a while."""
    chromium.open(server.page("cam1"))
    chromium.wait_state("playing")
    server.process.child.send_signal(signal.SIGSTOP)
    try:
        until(lambda: chromium.state() != "playing" and chromium.message(), BACK_S,
              "the page to say so")
    finally:
        server.process.child.send_signal(signal.SIGCONT)
    chromium.wait_state("playing", BACK_S)


def test_a_stream_that_is_not_there(server, chromium):
    assert whep.request("GET", server.page("nobody")).status == 404
    chromium.open(server.page("nobody"))
    assert chromium.wait_state("failed") == "There is no such stream on this server."


def test_media_is_blocked(server, chromium):
    """The page names the port that it cannot reach."""
    with PageServer(endpoint=server.whep("cam1"), change=block_media) as elsewhere:
        elsewhere.pages["/"] = guest(f"{elsewhere.url}cam1/")
        chromium.open(elsewhere.url)
        message = chromium.wait_state("failed", BACK_S)
        assert f"UDP port {DEAD_PORT} of " in message
        assert "cannot be reached" in message
        assert "webrtc.tcp" in message


def test_it_is_connected_before_it_knows(server, chromium):
    """What waits for a connection does not wait any more then."""
    with tab_of(chromium, LATE_ANSWER):
        chromium.open(server.page("cam1"))
        until(lambda: chromium.value("window.taken"), BACK_S, "the answer to be taken")
        chromium.wait_state("playing")
        assert CONNECT_MS not in chromium.value("[...timers.values()]")


@pytest.mark.parametrize("challenges,fields,header", [
    (['Basic realm="rtcfan"'], {"user": "jo", "password": "päss"}, "Basic am86cMOkc3M="),
    (["Bearer"], {"token": "t0k"}, "Bearer t0k"),
])
def test_a_password_is_asked_for(server, chromium, challenges, fields, header):
    with PageServer(endpoint=server.whep("cam1"), lets_in=header,
                    challenges=challenges) as elsewhere, Dialog(chromium):
        elsewhere.pages["/"] = guest(f"{elsewhere.url}cam1/")
        chromium.open(elsewhere.url)
        chromium.wait_state("unauthorised")
        for name in ("user", "password", "token"):
            assert chromium.value(OFFERED.format(name)) == (name in fields)
        chromium.driver.execute_script(AUTHORISE, {name: "wrong" for name in fields})
        until(lambda: chromium.message() == "Unauthorized. Please sign in again.", SHOWN_S,
              "the refusal, without a body that is not the program's")
        chromium.driver.execute_script(AUTHORISE, fields)
        chromium.wait_state("playing")
        assert elsewhere.asked[0] is None and elsewhere.asked[-1] == header
        # The next page of this tab need not ask.
        chromium.open(elsewhere.url)
        chromium.wait_state("playing")


def test_a_proxy_knows_its_viewers_by_a_cookie(server, chromium):
    with PageServer(endpoint=server.whep("cam1"), cookie="who=jo") as elsewhere:
        elsewhere.pages["/"] = guest(f"{elsewhere.url}cam1/").replace(
            "window.rtcfan", "document.cookie = 'who=jo'; window.rtcfan")
        chromium.open(elsewhere.url)
        chromium.wait_state("playing")
        assert len(elsewhere.asked) == 2
        chromium.driver.delete_all_cookies()


@pytest.mark.parametrize("page", [f"{BASE}/cam1/", f"{BASE}/wall", f"{BASE}/",
                                  f"{FIGURES}/viewers"])
def test_a_script_is_lost_on_its_way(server, chromium, page):
    """As when a phone finds another network while it loads the page, which then begins anew."""
    started = "spy.errors.length === 0 && performance.getEntriesByType('resource').some(" \
              "entry => /api|whep/.test(entry.name))"
    script = "*/rtcfan-session.js" if page.endswith(("/cam1/", "/wall")) else "*.js"
    chromium.block(script)
    try:
        chromium.open(page)
        assert not chromium.value(started)
    finally:
        chromium.block()
    until(lambda: chromium.value(started), BACK_S, "the page to work")


def test_a_script_is_lost_and_no_server_is_there(server, chromium):
    """The page stays until there is one: the page of a proxy would stay for ever."""
    with tab_of(chromium, BAD_GATEWAY):
        chromium.block("*/rtcfan-session.js")
        chromium.open(server.page("cam1"))
        until(lambda: chromium.value("asked") > 1, BACK_S, "the page to ask again")


def test_in_a_frame_of_another_origin(server, chromium):
    page = (f'<!doctype html><iframe src="{server.page("cam1")}?embed&controls=0" '
            'allow="autoplay; fullscreen"></iframe>')
    with PageServer({"/": page}) as elsewhere:
        chromium.open(elsewhere.url)
        chromium.driver.switch_to.frame(0)
        chromium.wait_state("playing")
        assert chromium.value("getComputedStyle(document.body).backgroundColor") == \
            "rgba(0, 0, 0, 0)"
        assert not chromium.value("document.querySelector('header').checkVisibility()")
        assert not chromium.value(OFFERED.format("bar"))
        assert chromium.value("[rtcfan.clientWidth, rtcfan.clientHeight].join() === "
                              "[innerWidth, innerHeight].join()")
        chromium.driver.switch_to.default_content()


def test_by_a_page_of_another_origin(server, chromium):
    with PageServer({"/": guest(server.page("cam1"))}) as elsewhere:
        chromium.open(elsewhere.url)
        chromium.wait_state("playing")
        assert chromium.posts() == 1
