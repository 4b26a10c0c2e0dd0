# SPDX-License-Identifier: Apache-2.0
"""Sources that run while somebody watches."""
import socket
import time

import pytest

import whep
from cameras import GstCamera, RtspTap
from chromium import Chromium
from conftest import DEAD_SOURCE
from process import until
from raw_viewer import Audience
from server import HTTP_PORT, Server

FIRST_PICTURE_S = 30
CLOSE_AFTER_S = 1
IDLE_S = 2  # in which nobody connects
ANSWER_S = 14  # 10 s by default
WAITING_MAX = 256  # CTL_WAITING_MAX


@pytest.fixture(scope="module")
def camera(folder):
    with GstCamera(folder) as camera:
        yield camera


def on_demand(source, **keys):
    return {"source": source, "transport": "tcp", "on_demand": True,
            "on_demand_close_after": CLOSE_AFTER_S, **keys}


def idle(server, name="cam1"):
    return server.status(name)["state"] == "idle"


def post_and_do_not_read(server, name):
    """An offer on a socket whose answer nobody has read yet."""
    body = whep.offer().encode()
    connection = socket.create_connection(("127.0.0.1", HTTP_PORT))
    connection.sendall(f"POST /{name}/whep HTTP/1.1\r\nHost: x\r\nContent-Type: {whep.SDP}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert server.process.running()
    return connection


def test_it_runs_while_somebody_watches(camera, tmp_path):
    with RtspTap(camera) as tap, Server(tmp_path, {"cam1": on_demand(tap.url)}) as server:
        time.sleep(IDLE_S)
        assert tap.requests == b""
        assert server.status("cam1")["on_demand"] and idle(server)
        for time_around in (1, 2):
            end = time.monotonic() + FIRST_PICTURE_S
            with Audience() as audience:
                viewers = [audience.add(server.whep("cam1")) for _ in range(2)]
                until(lambda: all(v.track("video").frames >= 15 for v in viewers),
                      end - time.monotonic(), "half a second of video")
                assert tap.requests.count(b"PLAY ") == time_around
            for viewer in viewers:
                assert not idle(server)
                assert whep.request("DELETE", viewer.session).status == 200
            until(lambda: idle(server), 30, "the source to be left alone")
            # Whoever is slow to answer TEARDOWN is not waited for.
            until(lambda: tap.requests.count(b"TEARDOWN ") >= time_around, 10, "TEARDOWN")
            assert tap.requests.count(b"TEARDOWN ") == time_around
        time.sleep(IDLE_S)
        assert tap.requests.count(b"PLAY ") == 2


def test_a_page_starts_it(camera, tmp_path):
    with Server(tmp_path, {"cam1": on_demand(camera.url)}) as server, \
            Chromium(tmp_path) as chromium:
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        assert chromium.posts() == 1


def test_a_dead_camera_is_said_in_time(tmp_path):
    with Server(tmp_path, {"cam1": on_demand(DEAD_SOURCE)}) as server:
        begin = time.monotonic()
        response = whep.post(server.whep("cam1"), whep.offer())
        assert time.monotonic() - begin <= ANSWER_S
        assert response.status == 504
        assert int(response.headers["Retry-After"]) > 0
        assert b"cannot connect to 127.0.0.1:1" in response.body
        # What is wrong whatever the source does is said at once, and starts nothing.
        until(lambda: idle(server), 30, "the source to be left alone")
        assert whep.post(server.whep("cam1"), "v=0").status == 422
        assert idle(server)


def test_who_goes_away_is_forgotten(tmp_path):
    streams = {"cam1": on_demand(DEAD_SOURCE, on_demand_start_timeout=30)}
    with Server(tmp_path, streams) as server:
        with post_and_do_not_read(server, "cam1"):
            until(lambda: not idle(server), 20, "the source to be started")
        until(lambda: idle(server), 30, "the source to be left alone")


def test_a_server_that_ends_says_so(tmp_path):
    streams = {"cam1": on_demand(DEAD_SOURCE, on_demand_start_timeout=30)}
    with Server(tmp_path, streams) as server:
        with post_and_do_not_read(server, "cam1") as client:
            until(lambda: not idle(server), 20, "the source to be started")
            server.stop()
            assert client.recv(4096).startswith(b"HTTP/1.1 503 ")


def test_no_more_wait_than_there_is_room_for(tmp_path):
    streams = {"cam1": on_demand(DEAD_SOURCE, on_demand_start_timeout=30)}
    with Server(tmp_path, streams) as server:
        clients = [post_and_do_not_read(server, "cam1") for _ in range(WAITING_MAX)]
        response = whep.post(server.whep("cam1"), whep.offer())
        assert response.status == 503 and "Retry-After" in response.headers
        for client in clients:
            client.close()
        until(lambda: idle(server), 30, "the source to be left alone")
