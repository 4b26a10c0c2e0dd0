# SPDX-License-Identifier: Apache-2.0
"""A viewer that knows no AEAD: the compatibility profile has to serve it."""
import time

import pytest

from aiortc_viewer import AiortcViewer
from process import until

WATCH_S = 10
MIN_FPS = 25
MIN_AUDIO_PER_S = 40


@pytest.mark.asan
def test_decodes_by_sha1_80(server):
    with AiortcViewer(server.whep("cam1")) as viewer:
        assert viewer.profile == "SRTP_AES128_CM_SHA1_80"
        until(lambda: viewer.frames["video"] and viewer.frames["audio"], 10, "decoded media")
        before = dict(viewer.frames)
        time.sleep(WATCH_S)
        assert viewer.frames["video"] - before["video"] >= MIN_FPS * WATCH_S
        assert viewer.frames["audio"] - before["audio"] >= MIN_AUDIO_PER_S * WATCH_S
        assert viewer.size == (1280, 720)
