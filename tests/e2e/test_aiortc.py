# SPDX-License-Identifier: Apache-2.0
"""A viewer that knows no AEAD: the compatibility profile has to serve it."""
import time

import pytest

from aiortc_viewer import AiortcViewer
from process import until

WATCH_S = 10
MIN_FPS = 25
MIN_AUDIO_PER_S = 40
PATIENCE_S = 60  # for these: a machine with much to do holds the viewer up now and then


def smooth(viewer):
    before = dict(viewer.frames)
    time.sleep(WATCH_S)
    seen = {kind: viewer.frames[kind] - before[kind] for kind in before}
    print(seen)
    return seen["video"] >= MIN_FPS * WATCH_S and seen["audio"] >= MIN_AUDIO_PER_S * WATCH_S


@pytest.mark.asan
def test_decodes_by_sha1_80(server):
    with AiortcViewer(server.whep("cam1")) as viewer:
        assert viewer.profile == "SRTP_AES128_CM_SHA1_80"
        until(lambda: viewer.frames["video"] and viewer.frames["audio"], 30, "decoded media")
        until(lambda: smooth(viewer), PATIENCE_S, f"{WATCH_S} smooth seconds")
        assert viewer.size == (1280, 720)
