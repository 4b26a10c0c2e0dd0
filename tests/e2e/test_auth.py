# SPDX-License-Identifier: Apache-2.0
"""Who may watch: users, tokens, JSON Web Tokens, another program that is asked."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import os
import threading
import time

import pytest

import netns
import token_maker
import whep
from cameras import BenchSource, Certificate
from hook import Hook, unused_port
from process import until
from raw_viewer import Audience
from server import BASE, HTTP_PORT, Server

pytestmark = pytest.mark.asan

ANSWER_S = 10  # a hook has 5
TOKEN_S = 8  # long enough to come and see something
SECRET, TOKEN = "right", "0123456789abcdef"
FAILURES = 10  # CTL_VISITOR_FAILURES


def sha256(text, salt=""):
    digest = base64.b64encode(hashlib.sha256((salt + text).encode()).digest()).decode()
    return f"sha256:{salt}:{digest}" if salt else f"sha256:{digest}"


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def offer(server, name, headers=None, query=""):
    return whep.request("POST", server.whep(name) + query, whep.offer(),
                        {"Content-Type": whep.SDP, **(headers or {})})


def listed(headers=None):
    response = whep.request("GET", f"{BASE}/api/streams", headers=headers)
    return [stream["name"] for stream in json.loads(response.body)["streams"]] \
        if response.status == 200 else response.status


@pytest.fixture(scope="module")
def source(folder):
    with BenchSource(folder) as source:
        yield source


def serve(folder, source, auth, streams):
    sources = {name: {"source": source.url, "read_auth": method}
               for name, method in streams.items()}
    server = Server(folder, sources, f"auth = {{ {auth} }};\n")
    return server


def wait_public(server):
    """open: a stream for everybody, whose source is that of all."""
    server.wait_live("open")


# ---- users ----

def users():
    lines = [f'{{ user = "ann"; password = "{sha256(SECRET, "x1")}"; }}']
    return f'users = ( {", ".join(lines)} ); tokens = [ "{sha256(TOKEN)}" ];'


@pytest.fixture
def user_server(tmp_path, source):
    with serve(tmp_path, source, users(), {"cam1": "users", "open": "none"}) as server:
        wait_public(server)
        until(lambda: offer(server, "cam1", basic("ann", SECRET)).status == 201, 20, "cam1")
        yield server


@pytest.mark.parametrize("shown", [basic("ann", SECRET), bearer(f"ann:{SECRET}"), bearer(TOKEN)],
                         ids=["basic", "basic as bearer", "token"])
def test_the_right_ones_are_let_in(user_server, shown):
    created = offer(user_server, "cam1", shown)
    assert created.status == 201, created
    # The URL of the session is enough for the rest.
    where = whep.location(user_server.whep("cam1"), created)
    assert whep.request("DELETE", where).status == 200


def test_a_token_may_stand_in_the_url(user_server):
    assert offer(user_server, "cam1", query=f"?token={TOKEN}").status == 201
    assert whep.request("GET", f"{BASE}/cam1/?token={TOKEN}").status == 200
    moved = whep.request("GET", f"{BASE}/cam1?token={TOKEN}")
    assert moved.headers["Location"] == f"/cam1/?token={TOKEN}"


@pytest.mark.parametrize("shown", [None, basic("ann", "wrong"), basic("bob", SECRET),
                                   bearer("wrong"), {"Authorization": "Digest x"}],
                         ids=["nothing", "password", "user", "token", "scheme"])
def test_the_wrong_ones_are_not(user_server, shown):
    refused = offer(user_server, "cam1", shown)
    assert refused.status == 401 and refused.body
    challenges = refused.headers.get_all("WWW-Authenticate")
    assert challenges[0].startswith('Basic realm="') and challenges[1].startswith("Bearer")
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert whep.request("GET", f"{BASE}/cam1/", headers=shown or {}).status == 401


def test_preflight_needs_nothing(user_server):
    assert whep.request("OPTIONS", user_server.whep("cam1")).status == 204


def test_streams_are_listed_for_those_who_may_watch(user_server):
    assert listed() == ["open"]
    assert listed(basic("ann", SECRET)) == ["cam1", "open"]
    assert listed(bearer(TOKEN)) == ["cam1", "open"]
    assert b"cam1" not in whep.request("GET", f"{BASE}/").body
    assert b"cam1" in whep.request("GET", f"{BASE}/", headers=basic("ann", SECRET)).body


def test_guessing_is_slowed_down(tmp_path, source):
    with serve(tmp_path, source, users(), {"cam1": "users"}) as server:
        assert listed() == 401
        codes = [offer(server, "cam1", basic("ann", str(i))).status for i in range(FAILURES)]
        assert codes == [401] * FAILURES
        # One more is granted each second, to who is slow.
        until(lambda: offer(server, "cam1", basic("ann", "x")).status == 429, 20, "an end of it", 0)
        refused = offer(server, "cam1", basic("ann", SECRET))
        assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
        assert offer(server, "cam1").status == 401
        figures = server.metrics()
        assert figures.sum("rtcfan_auth_verdicts_total", verdict="unknown") >= FAILURES
        assert figures.sum("rtcfan_auth_verdicts_total", verdict="granted") == 0
        assert figures.sum("rtcfan_requests_refused_total", cause="failures_of_address") > 0
        log = server.process.output()
    assert SECRET not in log and sha256(SECRET, "x1") not in log


def argon2(password):
    """By the library itself: 64 MiB, 4 passes."""
    library = ctypes.util.find_library("argon2")
    if not library:
        pytest.skip("libargon2 is not there")
    encoded = ctypes.create_string_buffer(128)
    rc = ctypes.CDLL(library).argon2id_hash_encoded(
        4, 65536, 1, password.encode(), ctypes.c_size_t(len(password)), b"somesalt",
        ctypes.c_size_t(8), ctypes.c_size_t(32), encoded, ctypes.c_size_t(128))
    assert rc == 0
    return f"argon2:{encoded.value.decode()}"


def test_slow_hashes_do_not_stop_the_server(tmp_path, source):
    auth = f'users = ( {{ user = "ann"; password = "{argon2(SECRET)}"; }} );'
    with serve(tmp_path, source, auth, {"cam1": "users", "open": "none"}) as server:
        wait_public(server)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(
            offer(server, "cam1", basic("ann", SECRET)).status)) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert whep.request("GET", f"{BASE}/").status == 200
        for thread in threads:
            thread.join()
        assert set(answers) <= {201, 504}
        for user, password in (("ann", "wrong"), ("bob", SECRET)):
            assert offer(server, "cam1", basic(user, password)).status == 401
        assert listed(basic("ann", SECRET)) == ["cam1", "open"]


# ---- JSON Web Tokens ----

@pytest.fixture(scope="module")
def makers():
    return [token_maker.Hmac(), token_maker.Rsa(), token_maker.Ec()]


def write_keys(path, makers):
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"keys": [key.jwk(key.name) for key in makers]}))
    os.replace(new, path)


@pytest.fixture
def jwt_server(tmp_path, source, makers):
    write_keys(tmp_path / "keys.json", makers)
    auth = f'jwt_key = "{tmp_path}/keys.json"; jwt_audience = "rtcfan";'
    streams = {"cam1": "jwt", "hall/cam2": "jwt", "open": "none"}
    with serve(tmp_path, source, auth, streams) as server:
        wait_public(server)
        yield server


def claims(streams, seconds=60, **more):
    return {"aud": "rtcfan", "exp": time.time() + seconds, "streams": streams, **more}


def test_tokens_open_what_they_list(jwt_server, makers):
    for key in makers:
        token = token_maker.make(key, claims(["cam1"]), kid=key.name)
        until(lambda t=token: offer(jwt_server, "cam1", bearer(t)).status == 201, 20, "cam1")
        assert offer(jwt_server, "hall/cam2", bearer(token)).status == 403
        for query in (f"?jwt={token}", f"?token={token}"):
            assert offer(jwt_server, "cam1", query=query).status == 201
        assert offer(jwt_server, "cam1", basic("anybody", token)).status == 201
        assert listed(bearer(token)) == ["cam1", "open"]
    token = token_maker.make(makers[0], {"aud": "rtcfan", "mediamtx_permissions": [
        {"action": "read", "path": "~^hall/"}]})
    until(lambda: offer(jwt_server, "hall/cam2", bearer(token)).status == 201, 20, "hall/cam2")
    assert offer(jwt_server, "cam1", bearer(token)).status == 403


def test_tokens_that_are_no_good(jwt_server, makers):
    good = claims(["*"])
    for token in (token_maker.make(makers[1], claims(["*"], -1)),
                  token_maker.make(makers[1], claims(["*"], nbf=time.time() + 3600)),
                  token_maker.make(makers[1], {**good, "aud": "other"}),
                  token_maker.make(token_maker.Rsa(), good),
                  token_maker.make(makers[1], good, alg="none"),
                  token_maker.make(makers[0], good, alg="RS256"), "a.b.c"):
        refused = offer(jwt_server, "cam1", bearer(token))
        assert refused.status == 401 and refused.body.startswith(b"the token "), refused
    assert offer(jwt_server, "cam1").status == 401


def test_a_viewer_is_sent_away_when_its_token_expires(jwt_server, makers):
    until(lambda: offer(jwt_server, "cam1", bearer(token_maker.make(makers[0], claims(["*"])))
                        ).status == 201, 20, "cam1")
    token = token_maker.make(makers[0], claims(["*"], TOKEN_S))
    with Audience() as audience:
        viewer = audience.add(f"{jwt_server.whep('cam1')}?token={token}", authenticate=True)
        until(lambda: viewer.track("video").packets, TOKEN_S, "media")
        until(lambda: viewer.bye and viewer.close_notify, 30, "BYE and close_notify")
        assert whep.request("DELETE", viewer.session).status == 404
    assert jwt_server.metrics().sum("rtcfan_sessions_ended_total", by="expiry") == 1
    assert "its token has expired" in jwt_server.process.output()


def test_keys_are_read_again(jwt_server, makers, tmp_path):
    new = token_maker.Rsa()
    token = token_maker.make(new, claims(["*"]), kid="RS256")
    (tmp_path / "keys.json").write_text("{")
    until(lambda: "the keys that it had stay in use" in jwt_server.process.output(), 30, "a word")
    old = token_maker.make(makers[1], claims(["*"]))
    until(lambda: offer(jwt_server, "cam1", bearer(old)).status == 201, 20, "cam1")
    write_keys(tmp_path / "keys.json", [new])
    until(lambda: "was read again, 1 keys" in jwt_server.process.output(), 30, "new keys")
    assert offer(jwt_server, "cam1", bearer(token)).status == 201
    assert offer(jwt_server, "cam1", bearer(old)).status == 401


# ---- a hook ----

@pytest.fixture(scope="module")
def certificate(folder):
    return Certificate(folder)


@pytest.fixture(params=["http", "https"])
def hook(request, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with Hook(certificate if request.param == "https" else None) as hook:
        yield hook


@pytest.fixture
def hook_server(tmp_path, source, hook):
    with serve(tmp_path, source, f'hook = "{hook.url}";',
               {"cam1": "hook", "open": "none"}) as server:
        wait_public(server)
        until(lambda: offer(server, "cam1").status == 201, 20, "cam1")
        hook.asked.clear()
        yield server


def test_the_hook_is_told_who_asks(hook, hook_server):
    assert offer(hook_server, "cam1", basic("ann", "p\u00e4ss"), "?a=b&c").status == 201
    path, headers, body = hook.asked[-1]
    assert path == "/auth?key=1" and headers["Content-Type"] == "application/json"
    assert body == {"user": "ann", "password": "p\u00e4ss", "token": "", "ip": netns.ADDRESS,
                    "action": "read", "path": "cam1", "protocol": "webrtc", "query": "a=b&c"}
    assert offer(hook_server, "cam1", bearer("t")).status == 201
    assert hook.asked[-1][2]["token"] == "t"
    assert listed(bearer("t")) == ["open"]


def test_the_hook_decides(hook, hook_server):
    for status, answer in ((200, 201), (204, 201), (401, 401), (403, 403), (404, 403), (500, 503),
                           (302, 503)):
        hook.answer = status
        response = offer(hook_server, "cam1")
        assert response.status == answer, (status, response)
        if answer == 503:
            assert int(response.headers["Retry-After"]) > 0
        if answer == 401:
            assert response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("answer", [
    b"", b"garbage\r\n\r\n", b"HTTP/1.1 \r\n\r\n", b"HTTP/1.1 200", bytes(range(256)) * 1000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 100000,
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100000 + b"\r\n",
], ids=["nothing", "garbage", "no status", "half", "bytes", "huge body", "huge header"])
def test_a_hook_that_makes_no_sense_lets_nobody_in(hook, hook_server, answer):
    hook.answer = answer
    assert offer(hook_server, "cam1").status == 503
    hook.answer = 200
    assert offer(hook_server, "cam1").status == 201


def test_a_hook_that_does_not_answer(hook, hook_server):
    hook.answer = None
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(offer(hook_server, "cam1").status))
               for _ in range(100)]  # more than it is asked at one time
    for thread in threads:
        thread.start()
    assert whep.request("GET", f"{BASE}/").status == 200
    assert offer(hook_server, "open").status == 201
    for thread in threads:
        thread.join(ANSWER_S + 20)
    assert answers == [503] * 100
    assert "did not answer within 5 s" in hook_server.process.output()
    hook.answer = 200
    assert offer(hook_server, "cam1").status == 201


def test_a_hook_that_is_not_there(tmp_path, source):
    with serve(tmp_path, source, f'hook = "http://localhost:{unused_port()}/";',
               {"cam1": "hook"}) as server:
        assert offer(server, "cam1").status == 503
        assert "could not be reached" in server.process.output()


# Of the address, from a CA that is known; but for localhost. Nobody knows the CA. No TLS at all.
@pytest.mark.parametrize("known, host, port, reason", [
    (True, "localhost", None, "certificate that is not to be believed (hostname mismatch)"),
    (False, "127.0.0.1", None, "certificate that is not to be believed (self-signed certificate)"),
    (True, "127.0.0.1", HTTP_PORT, "could not be reached or understood"),
])
def test_a_hook_that_is_not_to_be_believed(tmp_path, source, certificate, monkeypatch, known, host,
                                           port, reason):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path if known else tmp_path / "none"))
    with Hook(certificate) as hook:
        url = f"https://{host}:{port or hook.server.server_address[1]}/"
        with serve(tmp_path, source, f'hook = "{url}";', {"cam1": "hook"}) as server:
            assert offer(server, "cam1").status == 503
            assert reason in server.process.output()
        assert not hook.asked


def test_stopping_while_the_hook_is_asked(tmp_path, source, hook):
    hook.answer = None
    with serve(tmp_path, source, f'hook = "{hook.url}";', {"cam1": "hook"}) as server:
        thread = threading.Thread(target=lambda: pytest.raises(
            (OSError, Exception), offer, server, "cam1"))
        thread.start()
        until(lambda: hook.asked, 20, "the hook to be asked")
        server.stop()
        thread.join()
