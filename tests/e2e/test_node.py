# SPDX-License-Identifier: Apache-2.0
"""WebRTC stacks of Node programs as viewers: werift, all in TypeScript, and @roamhq/wrtc."""
import itertools
import json
from pathlib import Path

import pytest

from cameras import BenchSource, GstCamera
from process import Process, until
from server import ROOT, Server

VIEWERS = Path(__file__).with_name("node")
MODULES = ROOT / "build" / "node"  # where tests/e2e/node/install.sh puts them

WATCH_S = 10
MIN_FPS, MIN_AUDIO_PER_S = 24, 40  # of 30 and 50
START_S, LEAVE_S = 40, 40  # what the machine may take
CONSENT_S = 30  # control/consent.h
GCM, SHA1_80 = "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"


@pytest.fixture(scope="module", autouse=True)
def modules():
    if not (MODULES / "installed.json").exists():
        pytest.skip("no modules: run tests/e2e/node/install.sh, from where npm reaches a registry")


@pytest.fixture(scope="module")
def server(folder):
    """demo: the demo's camera. vp8: what wrtc can decode."""
    with BenchSource(folder) as demo, GstCamera(folder, "--video", "vp8", port=8555) as vp8, \
            Server(folder, {"demo": demo.url, "vp8": vp8.url}) as server:
        server.wait_live("demo", "vp8")
        yield server


class NodeViewer(Process):
    numbers = itertools.count()

    def __init__(self, folder, name, *arguments):
        log = folder / f"{name}-{next(self.numbers)}.log"
        super().__init__(["node", VIEWERS / f"{name}_viewer.mjs", MODULES, *arguments], log)

    def end(self, seconds):
        """Its lines."""
        assert self.child.wait(START_S + seconds + LEAVE_S) == 0, self.output()
        return [json.loads(line) for line in self.output().splitlines()]


def live(server, viewer):
    """What the server tells of its only viewer."""
    def look():
        assert viewer.running(), viewer.output()
        return [each for each in server.viewers() if each["state"] == "live"]

    [shown] = until(look, START_S, "the viewer to be live")
    return shown


def gone(server, timeout_s):
    until(lambda: server.metrics().sum("rtcfan_viewers") == 0, timeout_s, "the viewer to be gone")


def ended(server, by):
    return server.metrics().sum("rtcfan_sessions_ended_total", by=by)


def watch(server, viewer, seconds):
    """What the server told of it, and its figures; it takes leave."""
    before = ended(server, "viewer")
    shown = live(server, viewer)
    assert server.metrics().sum("rtcfan_viewers") == 1
    *_, figures, last = viewer.end(seconds)
    assert last == {"deleted": 200}
    gone(server, LEAVE_S)
    assert ended(server, "viewer") == before + 1
    return shown, figures


@pytest.mark.asan
@pytest.mark.parametrize("offered,chosen", [([], GCM), ([SHA1_80], SHA1_80)],
                         ids=["both", "SHA1_80"])
def test_werift_loses_nothing(server, folder, offered, chosen):
    viewer = NodeViewer(folder, "werift", server.whep("demo"), WATCH_S, "delete", *offered)
    shown, figures = watch(server, viewer, WATCH_S)
    assert figures["srtp_profile"] == chosen == "SRTP_" + shown["srtp_profile"]
    assert figures["dtls_role"] == "client"
    video, audio = figures["video"], figures["audio"]
    # On a slow machine the viewer's own socket runs over.
    assert video["lost"] + audio["lost"] <= figures["overflows"]
    assert video["packets"] > video["pictures"] >= MIN_FPS * WATCH_S
    assert audio["packets"] >= MIN_AUDIO_PER_S * WATCH_S


def test_wrtc_decodes(server, folder):
    viewer = NodeViewer(folder, "wrtc", server.whep("vp8"), WATCH_S)
    shown, figures = watch(server, viewer, WATCH_S)
    # It offers no AEAD.
    assert shown["srtp_profile"] == "AES128_CM_HMAC_SHA1_80"
    assert (figures["srtp_profile"], figures["dtls_role"]) == ("AES_CM_128_HMAC_SHA1_80", "client")
    assert figures["video"]["pictures"] >= MIN_FPS * WATCH_S
    assert figures["video"]["size"] == [640, 360]
    assert figures["audio"]["packets"] >= MIN_AUDIO_PER_S * WATCH_S


def test_wrtc_hears_what_it_cannot_see(server, folder):
    """H.264, which it does not offer."""
    viewer = NodeViewer(folder, "wrtc", server.whep("demo"), 2)
    _, figures = watch(server, viewer, 2)
    assert figures["video"]["pictures"] == 0
    assert figures["audio"]["packets"] >= MIN_AUDIO_PER_S * 2


@pytest.mark.parametrize("name,by,within_s",
                         [("werift", "timeout", CONSENT_S), ("wrtc", "viewer", 0)])
def test_leaves_without_delete(server, folder, name, by, within_s):
    """werift ends without a word, wrtc says close_notify."""
    before = ended(server, by)
    viewer = NodeViewer(folder, name, server.whep("demo"), 1, "vanish")
    live(server, viewer)
    viewer.end(1)
    gone(server, within_s + LEAVE_S)
    assert ended(server, by) == before + 1
