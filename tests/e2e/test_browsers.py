# SPDX-License-Identifier: Apache-2.0
"""The main job: a camera in real browsers, by each of the SRTP profiles that they can do."""
import time

import pytest

from chromium import Chromium
from firefox import Firefox
from server import Server

WATCH_S = 10
MIN_FPS = 28  # of the camera's 30
MIN_AUDIO_PER_S = 40  # of 50 Opus packets of 20 ms
MAX_FROZEN_S = 2  # in all: a machine with much to do holds its browser up now and then
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


def test_plays_smoothly(server, profile, browser, artifacts):
    browser.open(server.page("cam1"))
    browser.wait_playing(30)
    before = browser.stats()
    time.sleep(WATCH_S)
    after = browser.stats()
    browser.screenshot(artifacts / f"player-{type(browser).__name__}.png")

    seconds = (after.video["timestamp"] - before.video["timestamp"]) / 1000
    assert (after.frames - before.frames) / seconds >= MIN_FPS
    assert after.frozen_s - before.frozen_s <= MAX_FROZEN_S
    assert after.video["packetsLost"] == 0
    heard = after.audio["packetsReceived"] - before.audio["packetsReceived"]
    assert heard / seconds >= MIN_AUDIO_PER_S
    assert after.audio["packetsLost"] == 0
    assert after.codec["mimeType"] == "video/H264"
    assert (after.video["frameWidth"], after.video["frameHeight"]) == (1280, 720)
    assert after.transport["dtlsState"] == "connected"
    assert 0 < browser.latency_ms() < LATENCY_MS
    assert (browser.state(), browser.message()) == ("playing", "")
    [viewer] = server.viewers()
    assert viewer["srtp_profile"] == profile
