# SPDX-License-Identifier: Apache-2.0
"""The addresses that viewers are offered, and both families of them."""
import socket
import subprocess

import pytest

import netns
import whep
from process import until
from raw_viewer import Audience
from server import MEDIA_PORT, Server

ADDRESS_V6 = "fd00:77::1"
LATE_ADDRESS = "10.77.9.1"


def ip(line):
    subprocess.run(["ip", *line.split()], check=True)


def offered(server):
    """The addresses in an answer."""
    response = whep.post(server.whep("cam1"), whep.offer())
    assert response.status == 201, response
    whep.request("DELETE", whep.location(server.whep("cam1"), response))
    return [address for address, _ in whep.Answer(response.body.decode()).candidates]


@pytest.mark.asan
def test_both_families(tmp_path, camera):
    ip(f"addr add {ADDRESS_V6}/64 dev rtcfan0 nodad")
    try:
        with Server(tmp_path, {"cam1": camera.url}, media="[::]") as server, \
                Audience() as audience:
            server.wait_live("cam1")
            four, six = (audience.add(server.whep("cam1"), authenticate=True, family=family)
                         for family in (socket.AF_INET, socket.AF_INET6))
            assert four.socket.getpeername()[:2] == (netns.ADDRESS, MEDIA_PORT)
            assert six.socket.getpeername()[:2] == (ADDRESS_V6, MEDIA_PORT)
            for viewer in (four, six):
                packets, checks = viewer.track("video").packets, viewer.checks_answered
                until(lambda v=viewer, n=packets: v.track("video").packets > n + 30, 30, "media")
                viewer.check()
                until(lambda v=viewer, n=checks: v.checks_answered > n, 30, "an answer")
    finally:
        ip(f"addr del {ADDRESS_V6}/64 dev rtcfan0")


@pytest.mark.asan
def test_address_that_comes_later(tmp_path, camera):
    with Server(tmp_path, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        before = offered(server)
        assert LATE_ADDRESS not in before
        ip(f"addr add {LATE_ADDRESS}/24 dev rtcfan0")
        try:
            until(lambda: LATE_ADDRESS in offered(server), 30, "the new address in an answer")
        finally:
            ip(f"addr del {LATE_ADDRESS}/24 dev rtcfan0")
        until(lambda: offered(server) == before, 30, "an answer without the address")


def test_additional_host(tmp_path, camera):
    hosts = 'additional_hosts = [ "localhost", "203.0.113.9" ];'
    with Server(tmp_path, {"cam1": camera.url}, webrtc=hosts) as server:
        server.wait_live("cam1")
        until(lambda: "127.0.0.1" in offered(server), 30, "the name's address in an answer")
        # Names never go to viewers, and the order is that of the configuration.
        addresses = offered(server)
        assert addresses.index("127.0.0.1") < addresses.index("203.0.113.9")
        assert addresses.index("203.0.113.9") < addresses.index(netns.ADDRESS)
