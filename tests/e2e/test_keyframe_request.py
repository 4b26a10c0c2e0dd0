# SPDX-License-Identifier: Apache-2.0
"""A camera that sends keyframes when it is asked to."""
import pytest

from cameras import GstCamera
from process import until
from raw_viewer import Audience
from server import Server

FROM_THE_NEXT_ONE = "engine = { gop_cache_seconds = 0; };\n"  # viewers wait for a keyframe


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_viewers_need_not_wait_for_the_next_one(tmp_path, transport):
    with GstCamera(tmp_path, "--pli") as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "transport": transport}},
                   FROM_THE_NEXT_ONE) as server, Audience() as audience:
        server.wait_live("cam1")
        for _ in range(2):
            viewer = audience.add(server.whep("cam1"))
            until(lambda v=viewer: v.track("video").frames > 0, 30, "a picture")
