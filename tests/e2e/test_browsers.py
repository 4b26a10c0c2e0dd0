# SPDX-License-Identifier: Apache-2.0
"""The main job: a camera in real browsers, by each of the SRTP profiles that they can do."""
import time

import pytest

from browser import overflows
from chromium import Chromium
from firefox import Firefox
from process import until
from server import Server

WATCH_S = 10
PATIENCE_S = 80  # for these: a machine with much to do holds its browser up now and then
MIN_FPS = 28  # of the camera's 30
MIN_AUDIO_PER_S = 40  # of 50 Opus packets of 20 ms
MAX_FROZEN_S = 0.5
LATENCY_MS = 300  # from the camera's clock to the screen's, both this machine's

# By default AES-GCM, although Chromium prefers the other.
PROFILES = {"AEAD_AES_128_GCM": "",
            "AES128_CM_HMAC_SHA1_80": 'srtp_profiles = [ "AES128_CM_HMAC_SHA1_80" ];'}


@pytest.fixture(scope="module", params=[pytest.param(Chromium, marks=pytest.mark.asan), Firefox])
def browser(folder, request):
    with request.param(folder) as browser:
        yield browser


@pytest.fixture(params=PROFILES)
def profile(request):
    return request.param


@pytest.fixture
def server(folder, camera, profile):
    with Server(folder, {"cam1": camera.url}, webrtc=PROFILES[profile]) as server:
        server.wait_live("cam1")
        yield server


def watch(browser):
    before = browser.stats()
    time.sleep(WATCH_S)
    after = browser.stats()
    seconds = (after.video["timestamp"] - before.video["timestamp"]) / 1000
    heard = after.audio["packetsReceived"] - before.audio["packetsReceived"]
    seen = {"fps": (after.frames - before.frames) / seconds, "audio_per_s": heard / seconds,
            "frozen_s": after.frozen_s - before.frozen_s, "latency_ms": browser.latency_ms()}
    print(seen)
    return seen


def smooth(seen):
    return (seen["fps"] >= MIN_FPS and seen["audio_per_s"] >= MIN_AUDIO_PER_S
            and seen["frozen_s"] <= MAX_FROZEN_S and 0 < seen["latency_ms"] < LATENCY_MS)


def test_plays_smoothly(server, profile, browser, artifacts):
    browser.open(server.page("cam1"))
    browser.wait_playing(30)
    browser.wait_heard()
    until(lambda: smooth(watch(browser)), PATIENCE_S, f"{WATCH_S} smooth seconds")
    browser.screenshot(artifacts / f"player-{type(browser).__name__}.png")

    stats = browser.stats()
    # Firefox's socket is small, and all since the keyframe comes at once.
    assert stats.lost <= overflows()
    assert stats.codec["mimeType"] == "video/H264"
    assert (stats.video["frameWidth"], stats.video["frameHeight"]) == (1280, 720)
    assert stats.transport["dtlsState"] == "connected"
    assert browser.wait_state("playing") == ""
    live = [each["srtp_profile"] for each in server.viewers() if each["state"] == "live"]
    assert live == [profile]
