# SPDX-License-Identifier: Apache-2.0
"""How the program starts, refuses to start, and ends."""
import re
import signal
import socket
import subprocess

import pytest

from cameras import GstCamera, RtspTap
from process import until
from raw_viewer import Audience
from server import HTTP_PORT, MEDIA_PORT, METRICS_PORT, PROGRAM, ROOT, Server, configuration

pytestmark = pytest.mark.asan

VIEWERS = 3
GOODBYE_S = 30
SOURCE = {"cam1": "rtsp://127.0.0.1:1/nobody"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_goodbye(tmp_path, number):
    with GstCamera(tmp_path) as camera, RtspTap(camera) as tap, \
            Server(tmp_path, {"cam1": tap.url}) as server, Audience() as audience:
        server.wait_live("cam1")
        viewers = [audience.add(server.whep("cam1"), authenticate=True) for _ in range(VIEWERS)]
        until(lambda: all(v.track("video").packets for v in viewers), 30, "media at every viewer")
        assert b"TEARDOWN" not in tap.requests
        assert not any(v.bye or v.close_notify for v in viewers)

        server.process.child.send_signal(number)
        assert server.process.child.wait(GOODBYE_S) == 0
        until(lambda: all(v.bye for v in viewers), 10, "RTCP BYE at every viewer")
        until(lambda: all(v.close_notify for v in viewers), 10, "DTLS close at every viewer")
        until(lambda: b"TEARDOWN" in tap.requests, 10, "TEARDOWN at the camera")
        assert all(v.rtcp_forged == 0 and v.track("video").forged == 0 for v in viewers)


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)


def refusal(path, result):
    """Exit code 2 and one line that begins with file:line."""
    assert result.returncode == 2, result
    lines = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:")]
    assert len(lines) == 1, result.stderr
    assert re.match(rf"{re.escape(str(path))}:\d+: \S+", lines[0]), lines[0]
    return lines[0]


def test_version():
    result = run("--version")
    assert result.returncode == 0
    for word in ("rtcfan", "commit", "compiler", "build id", "sealer", "io_uring", "sendmmsg"):
        assert word in result.stdout.lower(), f"--version does not say {word}:\n{result.stdout}"


@pytest.mark.parametrize("name", ["rtcfan.cfg", "demo.cfg"])
def test_check_of_our_own(name):
    result = run("--check", ROOT / "configs" / name)
    assert result.returncode == 0, result.stderr


GOOD = 'name = "a"; source = "rtsp://h/a";'

# What is wrong: (the file, a word that the message must have).
BAD = {
    "unknown key": (configuration(SOURCE) + "strems = ();\n", "strems"),
    "unknown inner key": (configuration(SOURCE).replace("listen", "lissen"), "lissen"),
    "wrong type": (f"http = {{ listen = 8889; }};\nstreams = ( {{ {GOOD} }} );\n", "listen"),
    "bad address": (f'http = {{ listen = "here"; }};\nstreams = ( {{ {GOOD} }} );\n', "here"),
    "duplicate name": (f"streams = ( {{ {GOOD} }},\n {{ {GOOD} }} );\n", "a"),
    "no RTSP": ('streams = ( { name = "a"; source = "http://h/a"; } );\n', "rtsp"),
    "bad name": ('streams = ( { name = "a b"; source = "rtsp://h/a"; } );\n', "name"),
    "no source": ('streams = ( { name = "a"; } );\n', "source"),
    "empty": ("", "streams"),
    "bad syntax": ("streams = ((((\n", "syntax"),
    "unknown backend": (configuration(SOURCE, 'engine = { tx = "pigeon"; };\n'), "tx"),
}


@pytest.mark.parametrize("text,word", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("check", [True, False])
def test_bad_configuration(tmp_path, text, word, check):
    path = tmp_path / "bad.cfg"
    path.write_text(text)
    result = run("--check", path) if check else run(path)
    assert word in refusal(path, result)


def test_no_configuration(tmp_path):
    result = run(tmp_path / "none.cfg")
    assert result.returncode == 2
    assert "none.cfg" in result.stderr


@pytest.mark.parametrize("kind,port", [
    (socket.SOCK_STREAM, HTTP_PORT), (socket.SOCK_DGRAM, MEDIA_PORT),
    (socket.SOCK_STREAM, METRICS_PORT),
])
def test_port_in_use(tmp_path, kind, port):
    path = tmp_path / "rtcfan.cfg"
    path.write_text(configuration(SOURCE))
    with socket.socket(socket.AF_INET, kind) as other:
        if kind == socket.SOCK_STREAM:  # connections of earlier tests still wait for their end
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        assert str(port) in refusal(path, run(path))


def test_media_port_is_free_at_once(tmp_path):
    """When the process is gone, so is its hold on the port: a service manager restarts at once."""
    with Server(tmp_path, SOURCE):
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", MEDIA_PORT))


def test_media_port_of_another_rtcfan(tmp_path):
    """SO_REUSEPORT, which the workers share the port by, would let a second server in."""
    with Server(tmp_path, SOURCE):
        path = tmp_path / "second.cfg"
        path.write_text(configuration(SOURCE).replace(str(HTTP_PORT), "18889")
                        .replace(str(METRICS_PORT), "19998"))
        assert str(MEDIA_PORT) in refusal(path, run(path))
