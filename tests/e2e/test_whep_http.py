# SPDX-License-Identifier: Apache-2.0
"""WHEP as HTTP: each status code, and the headers that browsers hang on."""
import base64
import hashlib
import re
import socket

import pytest

import netns
import whep
from process import until
from raw_viewer import Audience
from server import BASE, FIGURES, HTTP_PORT

pytestmark = pytest.mark.asan

SDPFRAG = "application/trickle-ice-sdpfrag"
TRICKLE = (
    "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host\r\na=end-of-candidates\r\n"
)
UFRAG, PASSWORD = "abcd", "0123456789abcdefghijkl"


@pytest.fixture
def url(server):
    return server.whep("cam1")


@pytest.fixture
def session(url):
    """(URL, the POST's response) of a fresh session."""
    response = whep.post(url, whep.offer(UFRAG, PASSWORD))
    assert response.status == 201, response
    where = whep.location(url, response)
    yield where, response
    whep.request("DELETE", where)


def listed(header):
    return {word.strip().lower() for word in (header or "").split(",")}


def test_post_creates(url, session):
    where, response = session
    assert response.headers["Content-Type"] == "application/sdp"
    assert re.fullmatch(r'"[^"]+"', response.headers["ETag"])
    assert where.startswith(url.rsplit("/", 1)[0])
    answer = whep.Answer(response.body.decode())
    assert "a=ice-lite" in answer.sdp
    assert "a=setup:passive" in answer.sdp
    assert "a=group:BUNDLE 0 1" in answer.sdp
    assert answer.sdp.count("a=sendonly") == 2
    assert answer.sdp.count("a=rtcp-mux") == 2
    assert netns.ADDRESS in [address for address, _ in answer.candidates]
    assert answer.payload_types["audio"] == 111
    # The camera encodes Constrained Baseline: no other of the offered profiles would be true.
    assert answer.payload_types["video"] == 96
    assert "packetization-mode=1" in answer.sdp


def test_sessions_differ(url, session):
    where, response = session
    other = whep.post(url, whep.offer())
    assert other.status == 201
    assert other.headers["Location"] != response.headers["Location"]
    assert other.headers["ETag"] != response.headers["ETag"]
    assert whep.Answer(other.body.decode()).ufrag != whep.Answer(response.body.decode()).ufrag
    assert whep.request("DELETE", whep.location(url, other)).status == 200


def test_post_allows_other_origins(url, session):
    _, response = session
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"location", "etag"} <= listed(response.headers["Access-Control-Expose-Headers"])


def test_content_type_may_carry_parameters(url):
    response = whep.post(url, whep.offer(), "application/sdp; charset=utf-8")
    assert response.status == 201
    whep.request("DELETE", whep.location(url, response))


def test_wrong_content_type(url):
    assert whep.post(url, whep.offer(), "application/json").status == 415
    assert whep.request("POST", url, whep.offer()).status == 415


BAD_OFFERS = {
    "empty": b"",
    "one line": b"v=0",
    "JSON": b"{}",
    "all bytes": bytes(range(256)),
    "a thousand versions": b"v=0\r\n" * 1000,
    "no ufrag": whep.offer().replace("a=ice-ufrag", "a=x").encode(),
    "no fingerprint": whep.offer().replace("a=fingerprint", "a=x").encode(),
    "no media": whep.offer().split("m=video")[0].encode(),
}


@pytest.mark.parametrize("body", BAD_OFFERS.values(), ids=BAD_OFFERS.keys())
def test_bad_offer(url, body):
    response = whep.post(url, body)
    assert response.status in (400, 422), response
    assert response.body, "the body does not say what is wrong"


def test_too_large(url):
    response = whep.post(url, whep.offer() + "a=x\r\n" * 20000)
    assert response.status == 413, response


def test_nothing_that_fits(url):
    assert whep.post(url, whep.offer(media=(whep.VIDEO_VP8,))).status == 406


def test_source_not_up(server):
    response = whep.post(server.whep("dead"), whep.offer())
    assert response.status == 409
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", [
    "/nobody/whep", "/nobody/", "/cam1/whep/0123456789abcdef0123456789abcdef", "/cam1/x", "/cam1x/",
    "/%00/", "/../../etc/passwd",
])
def test_unknown_path(server, path):
    assert whep.request("GET", BASE + path).status == 404


def test_post_to_unknown_stream(server):
    assert whep.post(server.whep("nobody"), whep.offer()).status == 404


@pytest.mark.parametrize("method,path", [
    ("PUT", "/cam1/whep"), ("DELETE", "/cam1/whep"), ("POST", "/cam1/"), ("POST", "/"),
])
def test_wrong_method(server, method, path):
    response = whep.request(method, BASE + path, b"x", {"Content-Type": whep.SDP})
    assert response.status == 405
    assert response.headers["Allow"]


def test_options(url):
    response = whep.request("OPTIONS", url, headers={
        "Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization"})
    assert response.status in (200, 204)
    assert response.headers["Accept-Post"] == "application/sdp"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "post" in listed(response.headers["Access-Control-Allow-Methods"])
    assert {"content-type", "authorization", "if-match"} <= \
        listed(response.headers["Access-Control-Allow-Headers"])


def test_options_of_a_session(session):
    response = whep.request("OPTIONS", session[0])
    assert response.status in (200, 204)
    assert {"patch", "delete"} <= listed(response.headers["Access-Control-Allow-Methods"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get(url, method):
    response = whep.request(method, url)
    assert response.status in (200, 204)
    assert response.body == b""


def test_pages(server):
    for page in (f"{BASE}/", f"{BASE}/cam1/", f"{BASE}/wall", f"{FIGURES}/viewers"):
        response = whep.request("GET", page)
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/html")
        policy = response.headers["Content-Security-Policy"]
        assert "'unsafe-" not in policy
        [script] = re.findall(b"<script>(.*?)</script>", response.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
        assert f"'sha256-{digest}'" in policy
        assert whep.request("HEAD", page).status == 200


def test_what_pages_are_made_of(server):
    """All that they name is there, and pages of other origins may import it."""
    paths = {"/rtcfan-player.js", "/rtcfan-session.js"}
    for page in ("/", "/cam1/", "/wall"):
        body = whep.request("GET", BASE + page).body.decode()
        paths |= set(re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', body))
    assert len(paths) > 8
    for path in paths:
        response = whep.request("GET", BASE + path)
        assert response.status == 200, path
        assert response.headers["Content-Type"].split(";")[0] == \
            ("text/css" if path.endswith(".css") else "text/javascript")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert whep.request("POST", BASE + path).status == 405


def test_player_path_without_slash(server):
    response = whep.request("GET", BASE + "/cam1")
    assert response.status in (301, 302, 307, 308)
    assert response.headers["Location"].endswith("/cam1/")


def test_trickle(session):
    where, response = session
    fragment = TRICKLE.format(ufrag=UFRAG, password=PASSWORD)
    for match in ({}, {"If-Match": response.headers["ETag"]}):
        patched = whep.request("PATCH", where, fragment, {"Content-Type": SDPFRAG, **match})
        assert patched.status == 204, patched
        assert "ETag" not in patched.headers
        assert patched.body == b""


def test_trickle_for_another_state(session):
    fragment = TRICKLE.format(ufrag=UFRAG, password=PASSWORD)
    response = whep.request("PATCH", session[0], fragment,
                            {"Content-Type": SDPFRAG, "If-Match": '"another"'})
    assert response.status == 412


RESTART = TRICKLE.format(ufrag="other", password=PASSWORD)


def patch(where, fragment, **headers):
    return whep.request("PATCH", where, fragment, {"Content-Type": SDPFRAG, **headers})


def test_restart_names_the_state_it_is_for(session):
    where, response = session
    missing = patch(where, RESTART)
    assert missing.status == 428 and missing.body
    assert patch(where, RESTART, **{"If-Match": '"another"'}).status == 412
    for match, ufrag in ((response.headers["ETag"], "new1"), ("*", "new2"), ('"*"', "new3")):
        fragment = TRICKLE.format(ufrag=ufrag, password=PASSWORD)
        assert patch(where, fragment, **{"If-Match": match}).status == 200


def test_patch_of_the_wrong_type(session):
    assert whep.request("PATCH", session[0], "x", {"Content-Type": whep.SDP}).status == 415


def test_patch_of_nonsense(session):
    response = whep.request("PATCH", session[0], b"\xff\xfe", {"Content-Type": SDPFRAG})
    assert response.status in (400, 422)


def test_delete_once(session):
    where, _ = session
    assert whep.request("DELETE", where).status == 200
    assert whep.request("DELETE", where).status == 404
    assert whep.request("PATCH", where, "x", {"Content-Type": SDPFRAG}).status == 404


def test_delete_ends_the_media(url):
    with Audience() as audience:
        viewer = audience.add(url, authenticate=True)
        until(lambda: viewer.track("video").packets, 20, "media")
        assert whep.request("DELETE", viewer.session).status == 200
        until(lambda: viewer.bye and viewer.close_notify, 10, "BYE and close_notify")
        packets = viewer.track("video").packets
        with pytest.raises(AssertionError):
            until(lambda: viewer.track("video").packets > packets + 8, 1, "media")


def test_session_of_another_stream(server, session):
    where, _ = session
    assert whep.request("DELETE", where.replace("/cam1/", "/dead/")).status == 404


def speak(text):
    """Raw bytes to the HTTP port; what comes back until the server closes or is silent for 2 s."""
    answer = b""
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), 2) as connection:
        try:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                answer += data
        except (socket.timeout, ConnectionError):
            pass
    return answer


BROKEN = {
    "nothing": b"\r\n\r\n",
    "method only": b"GET\r\n\r\n",
    "future version": b"GET / HTTP/9.9\r\n\r\n",
    "zeros": bytes(100) + b"\r\n\r\n",
    "negative length": b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "vast length": b"POST /cam1/whep HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "short body": b"POST /cam1/whep HTTP/1.1\r\nContent-Type: application/sdp\r\n"
                  b"Content-Length: 10\r\n\r\nv=0",
    "bad chunk": b"POST /cam1/whep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "huge header": b"GET / HTTP/1.1\r\nX: " + b"y" * 1000000 + b"\r\n\r\n",
    "long path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 50000 + b"\r\n",
    "half a request": b"GET / HTT",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_http(server, text):
    answer = speak(text)
    assert b" 200 " not in answer.split(b"\r\n", 1)[0]
    assert b" 201 " not in answer.split(b"\r\n", 1)[0]
    assert whep.request("GET", BASE + "/").status == 200
