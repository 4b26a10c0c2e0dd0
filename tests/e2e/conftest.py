# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: real cameras, the real program, real viewers.

    RTCFAN_BUILD=build/release python3 -m pytest tests/e2e

RTCFAN_BUILD is the build folder, build/release if it is not set.
"""
import signal
import subprocess

import pytest

import netns
from cameras import BenchSource, GstCamera
from process import Process
from server import BUILD, PROGRAM, Server

# No test has a reason to take longer; RTCFAN_HOSTILE_SECONDS adds to that of the hostile one.
TEST_LIMIT_S = 240

DEAD_SOURCE = "rtsp://127.0.0.1:1/nobody"


def pytest_configure(config):
    if config.option.collectonly:
        return
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not there: build it, or set RTCFAN_BUILD", 2)
    try:
        netns.enter()
    except OSError as error:
        pytest.exit(f"no network namespace of our own ({error}): root is needed", 2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the processes had to say."""
    report = (yield).get_result()
    if report.failed:
        for process in Process.recent:
            if process.log.exists():
                report.sections.append((str(process.log), process.tail()))
    if call.when == "teardown":
        Process.forget_ended()


@pytest.fixture(autouse=True)
def time_limit(request):
    marker = request.node.get_closest_marker("extra_seconds")
    limit = TEST_LIMIT_S + (marker.args[0] if marker else 0)

    def on_alarm(*_):
        raise AssertionError(f"not finished within {limit} s")

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(limit)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, request):
    return tmp_path_factory.mktemp(request.module.__name__)


@pytest.fixture(scope="module")
def camera(folder):
    with GstCamera(folder) as camera:
        yield camera


@pytest.fixture(scope="module")
def server(folder, camera):
    """cam1: a camera. dead: nobody listens there."""
    with Server(folder, {"cam1": camera.url, "dead": DEAD_SOURCE}) as server:
        server.wait_live("cam1")
        yield server


@pytest.fixture(scope="module")
def demo_server(folder):
    """demo: the demo's stream, from bench/source."""
    with BenchSource(folder) as source, Server(folder, {"demo": source.url}) as server:
        server.wait_live("demo")
        yield server


@pytest.fixture(scope="session")
def knows_aac():
    version = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
    return "AAC becomes Opus" in version.stdout


@pytest.fixture(scope="session")
def artifacts():
    folder = BUILD / "e2e"
    folder.mkdir(exist_ok=True)
    return folder
