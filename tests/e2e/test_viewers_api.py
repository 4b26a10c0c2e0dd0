# SPDX-License-Identifier: Apache-2.0
"""What /api/viewers tells of each viewer."""
import collections
import json
import threading
import time

import pytest

import whep
from chromium import Chromium
from load import Load
from process import until
from raw_viewer import Audience
from server import BASE, FIGURES

LOSS_PERCENT = 5
LOSSY_VIEWERS = 3
STEPS = ("http_ms", "ice_ms", "dtls_ms", "first_packet_ms", "first_keyframe_ms")


@pytest.mark.asan
def test_who_joined_and_how(server):
    with Audience() as audience:
        before_ms = time.time() * 1000
        viewer = audience.add(server.whep("cam1"))
        until(lambda: viewer.track("video").frames > 10, 30, "pictures")
        # What was sent is counted behind the sending.
        [shown] = until(lambda: [each for each in server.viewers() if each["sent"]["packets"] > 10],
                        10, "its packets in the figures")
        assert shown["stream"] == "cam1"
        assert shown["state"] == "live"
        assert (shown["transport"], shown["srtp_profile"]) == ("udp", "AEAD_AES_128_GCM")
        assert shown["remote"].startswith(("127.0.0.1:", "10.77.0.1:"))
        assert len(shown["id"]) == 8
        assert abs(shown["created_ms"] - before_ms) < 10000
        assert all(0 <= shown["join"][step] < 10000 for step in STEPS)
        assert shown["sent"]["bytes"] > 1000
        assert shown["feedback"]["nack_hit_percent"] is None
        assert (shown["pauses"], shown["rests"], shown["resting"]) == (0, 0, False)
        whep.request("DELETE", viewer.session)
    until(lambda: server.viewers() == [], 30, "the viewer to be gone")


@pytest.mark.asan
def test_what_a_lossy_link_does(server, tmp_path):
    def watch():
        Load(tmp_path, server.whep("cam1"), viewers=LOSSY_VIEWERS, seconds=6, loss=LOSS_PERCENT)

    thread = threading.Thread(target=watch)
    thread.start()
    seen, rtts_ms = [], collections.defaultdict(list)
    while thread.is_alive():
        shown = server.viewers()
        if len(shown) == LOSSY_VIEWERS:  # they come and go one by one
            seen = shown
            for viewer in shown:
                rtts_ms[viewer["id"]].append(viewer["feedback"]["rtt_ms"])
        time.sleep(0.1)
    thread.join()
    assert len(seen) == LOSSY_VIEWERS
    for viewer in seen:
        sent, feedback = viewer["sent"], viewer["feedback"]
        assert 0 < sent["resent"] <= feedback["nacked"] < sent["packets"]
        # A twentieth of the packets at most is asked for; some more than once.
        assert 100 * feedback["nacked"] / sent["packets"] < 4 * LOSS_PERCENT
        assert 50 < feedback["nack_hit_percent"] <= 100
        # A report that waited for a core makes a long trip.
        assert 0 < min(filter(None, rtts_ms[viewer["id"]])) < 1000


def test_page(server, tmp_path):
    with Audience() as audience, Chromium(tmp_path) as chromium:
        viewer = audience.add(server.whep("cam1"))
        chromium.open(f"{FIGURES}/viewers")
        until(lambda: "bit/s" in chromium.value("document.querySelector('tbody').textContent"),
              60, "the viewer's rate on the page")
        [row] = chromium.value("[...document.querySelectorAll('tbody tr')].map("
                               "(tr) => [...tr.cells].map((td) => td.textContent))")
        assert row[1:3] == ["cam1", "live"]
        assert chromium.value("spy.errors") == []
        whep.request("DELETE", viewer.session)
        until(lambda: chromium.value("document.querySelectorAll('tbody tr').length") == 0, 60,
              "the viewer to leave the page")


def test_only_where_figures_are(server):
    """Addresses of viewers are nobody else's business."""
    assert whep.request("GET", f"{BASE}/api/viewers").status == 404
    for query in ("?page=x", "?page=1x", "?page=-1", "?stream=cam1"):
        assert whep.request("GET", f"{FIGURES}/api/viewers{query}").status == 400
    answer = json.loads(whep.request("GET", f"{FIGURES}/api/viewers?page=7").body)
    assert (answer["count"], answer["page"], answer["viewers"]) == (0, 7, [])
    assert whep.request("POST", f"{FIGURES}/api/viewers").status == 405
