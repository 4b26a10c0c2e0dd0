# SPDX-License-Identifier: Apache-2.0
"""Who is let in: servers for viewers, full servers, another one in their place, floods."""
import time

import pytest

import netns
import whep
from cameras import BenchSource
from process import until
from raw_viewer import Audience, Refused
from server import BASE, Server

UNPROVEN_S = 2.5  # more than CTL_SESSION_UNPROVEN_MS
FLOOD_PER_S, FLOOD_BURST_S = 2, 10  # control/visitors.h
ELSEWHERE = "https://b.example.org:8889/x"


@pytest.fixture(scope="module")
def source(folder):
    with BenchSource(folder) as source:
        yield source


def serve(folder, source, webrtc="", engine="", http=""):
    extra = f"engine = {{ {engine} }};\n"
    return Server(folder, {"cam1": source.url}, extra, webrtc=webrtc, http=http)


def test_viewers_are_told_of_ice_servers(source, tmp_path):
    servers = ('ice_servers = ( { url = "stun:stun.example.net"; }, { url = '
               '"turn:turn.example.net?transport=udp"; username = "u\\"1"; credential = "p"; } );')
    with serve(tmp_path, source, servers) as server:
        server.wait_live("cam1")
        url = server.whep("cam1")
        created = whep.post(url, whep.offer())
        assert created.headers.get_all("Link") == [
            '<stun:stun.example.net>; rel="ice-server"',
            '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="u\\"1"; '
            'credential="p"; credential-type="password"']
        assert "link" in created.headers["Access-Control-Expose-Headers"].lower()
        for method in ("OPTIONS", "GET"):
            assert "Link" not in whep.request(method, url).headers


def test_one_too_many(source, tmp_path):
    with serve(tmp_path, source, "max_viewers = 1;") as server:
        server.wait_live("cam1")
        url = server.whep("cam1")
        first = whep.post(url, whep.offer())
        assert first.status == 201
        refused = whep.post(url, whep.offer())
        assert refused.status == 503 and b"max_viewers" in refused.body
        assert int(refused.headers["Retry-After"]) > 0
        assert "retry-after" in refused.headers["Access-Control-Expose-Headers"].lower()
        assert whep.request("DELETE", whep.location(url, first)).status == 200
        assert whep.post(url, whep.offer()).status == 201


def test_offers_that_nobody_follows_up(source, tmp_path):
    """They give way to others after a while, viewers do not."""
    with serve(tmp_path, source, "max_viewers = 1;") as server, Audience() as audience:
        server.wait_live("cam1")
        url = server.whep("cam1")
        for displaced in range(3):
            until(lambda: whep.post(url, whep.offer()).status == 201, 10, "a place")
            assert server.metrics().sum("rtcfan_sessions_displaced_total") == displaced
            assert server.metrics().sum("rtcfan_sessions") == 1
        time.sleep(UNPROVEN_S)
        viewer = audience.add(url)
        time.sleep(UNPROVEN_S)
        assert whep.post(url, whep.offer()).status == 503
        assert not viewer.bye and not viewer.close_notify


def test_a_full_server_names_another(source, tmp_path):
    with serve(tmp_path, source, f'max_viewers = 1; redirect = "{ELSEWHERE}";') as server:
        server.wait_live("cam1")
        url = server.whep("cam1")
        assert whep.post(url, whep.offer()).status == 201
        moved = whep.post(f"{url}?a=b&c=%0a", whep.offer())
        assert moved.status == 307 and moved.body
        assert moved.headers["Location"] == f"{ELSEWHERE}/cam1/whep?a=b&c=%0a"
        assert moved.headers["Access-Control-Allow-Origin"] == "*"


def test_packets_of_viewers_are_bounded(source, tmp_path):
    """A viewer takes some 250 packets a second. Offers alone take none."""
    with serve(tmp_path, source, engine="cores = [ 0 ]; max_packets_per_second = 1400;") as server:
        server.wait_live("cam1")
        url = server.whep("cam1")
        with Audience() as audience:
            viewer = audience.add(url)
            until(lambda: viewer.track("video").packets > 300, 40, "media")
            assert [whep.post(url, whep.offer()).status for _ in range(20)] == [201] * 20
            # Twice as many as fit in: while the camera stands still they take less.
            with pytest.raises(Refused) as caught:
                for _ in range(10):
                    audience.add(url)
            refused = caught.value.response
            assert refused.status == 503 and b"max_packets_per_second" in refused.body
            assert int(refused.headers["Retry-After"]) > 0


def test_a_flood_is_turned_away(source, tmp_path):
    with serve(tmp_path, source, http=f"max_requests_per_second = {FLOOD_PER_S};") as server:
        url = f"{BASE}/nobody/whep"
        begin = time.monotonic()
        answers = [whep.post(url, "x") for _ in range(40)]
        let_in = [each for each in answers if each.status == 404]
        refused = next(each for each in answers if each.status == 429)
        assert answers[0] is let_in[0]
        assert len(let_in) <= FLOOD_PER_S * (FLOOD_BURST_S + time.monotonic() - begin)
        assert refused.body and int(refused.headers["Retry-After"]) > 0
        assert whep.request("GET", f"{BASE}/").status == 200
        assert whep.post(url.replace(netns.ADDRESS, "127.0.0.1"), "x").status == 404
        assert server.process.running()
