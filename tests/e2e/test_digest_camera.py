# SPDX-License-Identifier: Apache-2.0
"""A camera that wants to know who asks, and is told wrong."""
import time

import pytest

from cameras import GstCamera
from process import until
from server import Server

USER, PASSWORD = "viewer", "s3cret-of-the-camera"
REFUSED_FOR_S = 4


@pytest.fixture(scope="module")
def camera(folder):
    with GstCamera(folder, user=USER, password=PASSWORD) as camera:
        yield camera


@pytest.mark.parametrize("credentials", ["", f"{USER}:wrong-{PASSWORD}"])
def test_wrong_password(camera, tmp_path, credentials):
    with Server(tmp_path, {"cam1": camera.url_as(credentials)}) as server:
        end = time.monotonic() + REFUSED_FOR_S
        while time.monotonic() < end:
            assert not server.live("cam1")
            time.sleep(0.5)
        until(lambda: "401" in server.process.output(), 20, "a reason in the log")
        assert PASSWORD not in server.process.output()
