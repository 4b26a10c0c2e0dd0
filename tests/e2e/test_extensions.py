# SPDX-License-Identifier: Apache-2.0
"""Header extensions, as Chromium takes them."""
import time

import pytest

from chromium import NTP_OFFSET_MS, Chromium
from process import until
from server import Server

LEAST_MS = 400  # far above what Chromium would wait by itself on this link
WATCH_S = 2
MOST_MS = 3000  # from capture to what is shown, on a slow machine

# Chromium offers this one only to a page that asks for it.
ASK_FOR_CAPTURE_TIME = """
const realAdd = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (...args) {
    const transceiver = realAdd.apply(this, args);
    const all = transceiver.getHeaderExtensionsToNegotiate();
    for (const each of all)
        if (each.uri.endsWith('/abs-capture-time'))
            each.direction = 'sendrecv';
    transceiver.setHeaderExtensionsToNegotiate(all);
    return transceiver;
};
"""

CAPTURED = """\
(() => {
    for (const receiver of spy.connections[0].getReceivers())
        if (receiver.track.kind === '%s')
            for (const source of receiver.getSynchronizationSources())
                return source.captureTimestamp;
})()
"""


@pytest.fixture(scope="module")
def keys():
    return f"playout_delay_ms = [ {LEAST_MS}, {2 * LEAST_MS} ]; transport_cc = true;"


@pytest.fixture(scope="module")
def server(folder, camera, keys):
    with Server(folder, {"cam1": camera.url}, webrtc=keys) as server:
        server.wait_live("cam1")
        yield server


@pytest.fixture(scope="module")
def chromium(folder, server):
    with Chromium(folder) as chromium:
        chromium.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                        {"source": ASK_FOR_CAPTURE_TIME})
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        yield chromium


def test_waits_as_long_as_it_is_told(chromium):
    def waited_ms():
        before = chromium.stats().video
        time.sleep(WATCH_S)
        after = chromium.stats().video
        shown = after["jitterBufferEmittedCount"] - before["jitterBufferEmittedCount"]
        return 1000 * (after["jitterBufferDelay"] - before["jitterBufferDelay"]) / max(shown, 1)

    # It gets there little by little.
    until(lambda: LEAST_MS * 0.8 < waited_ms() < LEAST_MS * 3, 60, f"a wait of {LEAST_MS} ms")


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_knows_when_it_was_captured(chromium, kind):
    def is_right():
        captured, now_ms = chromium.value(f"[{CAPTURED % kind}, Date.now()]")
        return captured and 0 <= now_ms + NTP_OFFSET_MS - captured < MOST_MS

    until(is_right, 60, f"the capture time of {kind}")


def test_tells_when_packets_arrive(server, chromium):
    assert "transport-cc" in chromium.value("spy.connections[0].remoteDescription.sdp")

    def right_estimates():
        """What a machine that stood still brings about passes."""
        for viewer in server.viewers():
            passed_s = time.time() - viewer["created_ms"] / 1000
            rate_bps = viewer["sent"]["bytes"] * 8 / passed_s
            if rate_bps / 3 < (viewer["feedback"]["estimate_bps"] or 0) < 10 * rate_bps:
                yield viewer

    [viewer] = until(lambda: list(right_estimates()), 60, "an estimate near the viewer's rate")
    assert viewer["feedback"]["queue_ms"] >= 0
    assert "Chrom" in viewer["user_agent"]
    assert viewer["rtx"]
    assert server.metrics().sum("rtcfan_datagrams_dropped_total", cause="rtcp_malformed") == 0
