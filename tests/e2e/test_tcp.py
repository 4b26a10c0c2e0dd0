# SPDX-License-Identifier: Apache-2.0
"""A network without UDP (RFC 6544)."""
import subprocess

import pytest

import whep
from chromium import Chromium
from process import until
from server import MEDIA_PORT, Server


@pytest.fixture
def no_udp():
    """Nothing gets to the media port by UDP, but for what stays on loopback."""
    table = (f"table inet rtcfan_e2e {{ chain output {{ type filter hook output priority 0; "
             f"ip daddr != 127.0.0.0/8 udp dport {MEDIA_PORT} drop; }}; }}")
    subprocess.run(["nft", table], check=True)
    yield
    subprocess.run(["nft", "delete table inet rtcfan_e2e"], check=True)


@pytest.mark.asan
def test_browser(tmp_path, camera, no_udp):
    with Server(tmp_path, {"cam1": camera.url}, webrtc="tcp = true;") as server, \
            Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30, timeout_s=40)  # time for the player to try again
        frames = chromium.stats().frames
        until(lambda: chromium.stats().frames > frames + 60, 20, "two seconds of pictures")
        assert server.metrics().sum("rtcfan_tcp_connections") >= 1
        assert server.metrics().sum("rtcfan_viewers") == 1
        [viewer] = server.viewers()
        assert viewer["transport"] == "tcp"
        assert viewer["remote"].startswith("10.77.0.1:")


def test_offered_only_where_wanted(tmp_path, camera):
    for keys, wanted in (("", False), ("tcp = true;", True)):
        folder = tmp_path / str(wanted)
        folder.mkdir()
        with Server(folder, {"cam1": camera.url}, webrtc=keys) as server:
            server.wait_live("cam1")
            answer = whep.post(server.whep("cam1"), whep.offer()).body.decode()
            assert (" tcptype passive\r\n" in answer) == wanted
