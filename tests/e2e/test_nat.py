# SPDX-License-Identifier: Apache-2.0
"""A browser whose network changes under it: behind a router that forgets, on another interface."""
import pytest

from chromium import Chromium
from netns import Neighbour, Router
from process import until

FOUND_S = 40  # the browser checks each 2.6 s, and the server follows the first check
BACK_S = 60
GONE_S = 60  # a session that the network was cut from ends by consent
SETTLED_FRAMES = 60


def viewers(server):
    return server.metrics().sum("rtcfan_viewers")


@pytest.fixture
def router():
    with Router() as router:
        yield router


@pytest.fixture
def home(router):
    with Neighbour("10.77.2", beside=router) as home:
        yield home


@pytest.fixture
def chromium(server, home, tmp_path):
    """The only viewer."""
    until(lambda: viewers(server) == 0, GONE_S, "an earlier viewer to leave")
    with Chromium(tmp_path, home) as chromium:
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        yield chromium
        chromium.open("about:blank")  # takes leave


def viewer(server):
    """Where it is, and the name of its session."""
    [shown] = server.viewers()
    return shown["remote"], shown["id"]


def expect_pictures(chromium):
    """They come, whole."""
    begun = chromium.stats()
    chromium.wait_playing(begun.frames + SETTLED_FRAMES, BACK_S)
    settled = chromium.stats()
    chromium.wait_playing(settled.frames + SETTLED_FRAMES, BACK_S)
    assert chromium.stats().video["packetsLost"] == settled.video["packetsLost"]


def expect_same_session(server, chromium, before, prefix):
    """In a while it is elsewhere, nothing was asked for anew, and the picture goes on."""
    until(lambda: viewer(server)[0] != before[0], FOUND_S, "the viewer's other address")
    remote, name = viewer(server)
    assert remote.startswith(prefix)
    assert name == before[1]
    expect_pictures(chromium)
    assert chromium.posts() == 1
    assert chromium.value("rtcfan.pc === spy.connections[0]")
    assert viewer(server) == (remote, name)
    assert viewers(server) == 1


@pytest.mark.asan
def test_router_that_forgets(server, router, chromium):
    """It maps the viewer to another port, then to another of its addresses as well."""
    before = viewer(server)
    assert before[0].startswith("10.77.1.2:20")
    router.rebind(first_port=30000)
    expect_same_session(server, chromium, before, "10.77.1.2:30")
    before = viewer(server)
    router.rebind(first_port=40000, host=3)
    expect_same_session(server, chromium, before, "10.77.1.3:40")


def test_another_interface(server, home, chromium):
    """As from a cable to a radio: the browser goes on by itself, from there."""
    before = viewer(server)
    home.unplug()
    home.plug("10.77.3")
    expect_same_session(server, chromium, before, "10.77.1.2:20")


def test_outage(server, home, chromium):
    """The page begins anew as soon as the browser has a network again."""
    home.unplug()
    assert "interrupted" in chromium.wait_state("joining", BACK_S)
    assert chromium.posts() == 1
    home.plug("10.77.3")
    until(lambda: chromium.posts() == 2, FOUND_S, "another offer")
    chromium.wait_state("playing", BACK_S)
    expect_pictures(chromium)
