# SPDX-License-Identifier: Apache-2.0
"""H.265 from a camera, and what viewers are told that do not take it."""
import pytest

import whep
from cameras import GstCamera
from chromium import Chromium
from process import until
from server import Server

SENTENCE = ("the stream has H265 as video and nothing as audio, which this viewer does not take; "
            "try another browser, or set the camera to H.264 and Opus")


def pictures(server, name):
    video = server.status(name)["video"]
    return video and (video["codec"], video["width"], video["height"]) == ("H265", 640, 360)


@pytest.fixture(scope="module")
def server(folder):
    """cam1: with sound. silent: without."""
    with GstCamera(folder, "--video", "h265") as camera, \
            GstCamera(folder, "--video", "h265", "--audio", "none", port=8556) as silent, \
            Server(folder, {"cam1": camera.url, "silent": silent.url}) as server:
        for name in ("cam1", "silent"):
            until(lambda n=name: pictures(server, n), 40, f"pictures of {name}")
        yield server


def test_a_browser_without_it_is_told(server, folder):
    response = whep.post(server.whep("silent"), whep.offer())
    assert response.status == 406
    assert response.body.decode().strip() == SENTENCE
    with Chromium(folder) as chromium:
        chromium.open(server.page("silent"))
        assert SENTENCE in chromium.wait_state("failed")


def test_a_browser_without_it_hears(server):
    response = whep.post(server.whep("cam1"), whep.offer())
    assert response.status == 201
    assert response.headers["Rtcfan-Note"] == \
        "No picture: the camera sends H265, which this viewer does not take"
    whep.request("DELETE", whep.location(server.whep("cam1"), response))
