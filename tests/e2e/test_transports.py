# SPDX-License-Identifier: Apache-2.0
"""A camera that does not take every transport, and one whose UDP does not arrive."""
import re

import pytest

from cameras import BenchSource, GstCamera, RtspTap
from process import until
from raw_viewer import Audience
from server import Server

SILENT_S = 3  # of UDP, before TCP is tried


def plays(server, frames=45):
    """Video and audio arrive, and nothing is missing."""
    with Audience() as audience:
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: viewer.track("video").frames >= frames, 30, f"{frames} pictures")
        until(lambda: viewer.track("audio").packets >= frames, 30, f"{frames} packets of audio")
        assert viewer.track("video").forged == 0
    figures = server.metrics()
    assert figures.sum("rtcfan_stream_rtp_lost_total", stream="cam1") == 0
    assert figures.sum("rtcfan_stream_rtp_malformed_total", stream="cam1") == 0


@pytest.mark.parametrize("allowed, wanted, used", [
    ("udp", "udp", "udp"),
    ("tcp", "auto", "tcp"),
])
def test_gst_rtsp_server(tmp_path, allowed, wanted, used):
    with GstCamera(tmp_path, "--transport", allowed) as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "transport": wanted}}) as server:
        server.wait_live("cam1")
        assert server.status("cam1")["transport"] == used
        plays(server)


@pytest.mark.parametrize("option, wanted, used", [
    ("--udp-only", "auto", "udp"),
    ("--tcp-only", "auto", "tcp"),
])
def test_bench_source(tmp_path, option, wanted, used):
    with BenchSource(tmp_path, option, "--name", "demo") as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "transport": wanted}}) as server:
        server.wait_live("cam1")
        assert server.status("cam1")["transport"] == used
        plays(server)


@pytest.mark.parametrize("allowed, wanted", [("tcp", "udp"), ("udp", "tcp"), ("udp", "multicast")])
def test_what_is_wanted_is_refused(tmp_path, allowed, wanted):
    with GstCamera(tmp_path, "--transport", allowed) as camera, \
            Server(tmp_path, {"cam1": {"source": camera.url, "transport": wanted}}) as server:
        until(lambda: "461" in server.process.output(), 30, "a reason in the log")
        assert not server.live("cam1")


def deafen(data):
    """A request, with ports where nobody listens."""
    head, found, ports = data.partition(b"client_port=")
    return head + found + re.sub(rb"^\d+", lambda port: b"1" * len(port[0]), ports)


def test_udp_that_does_not_arrive(tmp_path):
    with BenchSource(tmp_path, "--name", "demo") as camera, RtspTap(camera, deafen) as relay, \
            Server(tmp_path, {"cam1": relay.url}) as server:
        server.wait_live("cam1")
        assert server.status("cam1")["transport"] == "tcp"
        assert f"nothing from 127.0.0.1 by UDP within {SILENT_S} s" in server.process.output()
        plays(server)
        # UDP was tried once, for both tracks.
        setups = re.findall(rb"SETUP .*?\r\n\r\n", bytes(relay.requests), re.DOTALL)
        assert [b"client_port" in each for each in setups] == [True, True, False, False]
