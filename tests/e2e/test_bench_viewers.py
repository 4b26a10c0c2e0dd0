# SPDX-License-Identifier: Apache-2.0
"""bench/viewers against rtcfan, and against a server that is not ours."""
import signal
import subprocess
import time

import pytest

import netns
from aiortc_server import AiortcServer
from cameras import BenchSource
from load import PROGRAM, Load
from process import until
from server import BUILD, Server
from stalls import Stalls

VIEWERS, FPS = 20, 30
AIORTC_PORT = 8890


class StampingSource(BenchSource):
    """Stamps its frames, if it can."""

    def __init__(self, folder):
        super().__init__(folder)
        usage = subprocess.run([str(BUILD / "bench" / "source"), "--help"], capture_output=True,
                               text=True, timeout=10, check=True).stdout
        self.stamps = "--stamp" in usage

    def arguments(self):
        return super().arguments() + (["--stamp"] if self.stamps else [])


@pytest.fixture(scope="module")
def source(folder):
    with StampingSource(folder) as source:
        yield source


@pytest.fixture(scope="module")
def server(folder, source):
    """The same source three times: demo, cam1 and cam2."""
    names = ("demo", "cam1", "cam2")
    with Server(folder, {name: source.url for name in names}) as server:
        server.wait_live(*names)
        yield server


class Frames(Stalls):
    """How many viewers have in so many seconds: fewer or more where the machine stood still.

        with Frames(3) as due:
            load = Load(..., seconds=3)
        assert count == due(viewers)
    """

    def __init__(self, seconds, rel=0.1):
        super().__init__()
        self.seconds, self.rel = seconds, rel
        self.begin = self.stalled_s = 0

    def about(self, frames, viewers, rel):
        return pytest.approx(frames, abs=rel * frames + viewers * FPS * self.stalled_s)

    def __call__(self, viewers):
        return self.about(viewers * self.seconds * FPS, viewers, self.rel)

    def per_second(self):
        return pytest.approx(FPS, abs=FPS * (self.rel + self.stalled_s / self.seconds))

    def __enter__(self):
        self.begin = time.monotonic()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.stalled_s = self.between(self.begin, time.monotonic())


def check_all_joined(load, viewers):
    assert load.exit_code == 0, load
    assert load.failures == [], load
    assert load.total["joined"] == viewers, load
    assert load.join_ms["first_keyframe"]["viewers"] == viewers, load
    assert load.viewers_silent == 0, load


def check_authentic(load):
    assert load.measured["decrypt_failed"] == 0, load
    assert load.measured["rtcp_decrypt_failed"] == 0, load
    assert load.measured["packets_unknown"] == 0, load
    assert load.measured["rtcp_received"] > 0, load


@pytest.mark.asan
@pytest.mark.parametrize("profile", ["gcm", "cm"])
def test_all_arrives(server, tmp_path, profile):
    with Frames(3) as due:
        load = Load(tmp_path, server.whep("demo"), viewers=VIEWERS, seconds=3, srtp=profile,
                    decrypt_every=1)
    check_all_joined(load, VIEWERS)
    check_authentic(load)
    assert load.profiles[profile] == VIEWERS, load
    measured = load.measured
    assert measured["dropped_by_own_sockets"] == 0, load
    assert measured["lost"] == measured["duplicate"] == measured["nacked"] == 0, load
    # 30 frames a second, and each packet of them was opened.
    assert measured["frames"] == due(VIEWERS), load
    assert load.frames_per_second["min"] == due.per_second(), load
    assert 33 <= load.longest_gap_ms["max"] < 1000 * (1 + due.stalled_s), load
    assert measured["decrypted"] == measured["packets_received"], load
    assert measured["packets_audio"] > 0, load
    # What each second brought adds up, but for what came between the last of them and the end.
    assert sum(frames for second in load.per_second for _, frames in second["latency_ms"]
               ) == due.about(load.latency_ms["frames"], VIEWERS, rel=0.2), load
    assert load.join_ms["post"]["max"] <= load.join_ms["until_packet"]["max"], load
    assert load.join_ms["until_packet"]["p95"] <= load.join_ms["all"]["p95"], load


@pytest.mark.asan
def test_loss_is_repaired(server, tmp_path):
    load = Load(tmp_path, server.whep("demo"), viewers=VIEWERS, seconds=4, loss=2,
                decrypt_every=1)
    check_all_joined(load, VIEWERS)
    check_authentic(load)
    measured = load.measured
    dropped = measured["dropped_on_purpose"]
    assert dropped > 100, load
    assert measured["nacked"] > 0 and measured["packets_rtx"] > 0, load
    # Video is repaired, but for what is on its way when the time is over; audio is not asked for.
    lost_video = measured["video_expected"] - measured["video_received"]
    assert lost_video <= 0.1 * measured["recovered"], load
    assert measured["recovered"] > 0.5 * dropped, load
    assert load.viewers_with_loss > 0, load


def test_those_that_nobody_watches(server, tmp_path):
    """They join, and what is sent to them is not taken: half of the packets are missing."""
    with Frames(2) as due:
        load = Load(tmp_path, server.whep("demo"), viewers=VIEWERS, unwatched=VIEWERS // 2,
                    seconds=2, bind=netns.ADDRESS, unwatched_bind=netns.ADDRESS)
    assert load.exit_code == 0 and load.failures == [], load
    assert load.total["joined"] == VIEWERS, load
    assert load.join_ms["first_keyframe"]["viewers"] == VIEWERS // 2, load
    assert load.frames_per_second["viewers"] == VIEWERS // 2, load
    assert load.measured["frames"] == due(VIEWERS // 2), load
    assert load.measured["lost"] == load.measured["pli_sent"] == 0, load
    figures = server.metrics()
    assert figures.sum("rtcfan_packets_sent_total") > 1.8 * load.total["packets_received"]


def test_loss_without_nack(server, tmp_path):
    load = Load(tmp_path, server.whep("demo"), viewers=VIEWERS, seconds=3, loss=2,
                no_nack=True)
    check_all_joined(load, VIEWERS)
    assert load.measured["nacked"] == load.measured["recovered"] == 0, load
    assert load.measured["lost_percent"] == pytest.approx(2, abs=0.7), load


def test_reasons_of_failure(server, tmp_path):
    load = Load(tmp_path, server.whep("nobody"), viewers=3)
    assert load.exit_code == 1
    assert load.causes() == {"POST: 404 Not Found": 3}
    assert load.total["joined"] == 0 and load.total["failed"] == 3
    load = Load(tmp_path, f"http://{netns.ADDRESS}:1/demo/whep", viewers=2)
    assert load.causes() == {"POST: Connection refused": 2}


@pytest.mark.parametrize("arguments, message", [
    ([], "--url is missing"),
    (["--url", "https://host/x"], "http://HOST"),
    (["--url", "http://127.0.0.1/x", "--streams", "2"], "there is no {}"),
    (["--url", "http://127.0.0.1/x", "--srtp", "aes"], "--srtp aes"),
    (["--url", "http://127.0.0.1/x", "--loss", "51"], "--loss 51"),
    (["--url", "http://127.0.0.1/x", "--bind", "10.0.0.9-10.0.0.1"], "the lower one first"),
    (["--url", "http://127.0.0.1/x", "--header", "nonsense"], "NAME: TEXT"),
])
def test_wrong_usage(arguments, message):
    done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=10,
                          check=False)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_interrupt_deletes_sessions(server, tmp_path):
    """SIGINT in the middle: the summary comes, and no session is left at the server."""
    output = tmp_path / "output"
    with open(output, "wb") as f:
        child = subprocess.Popen(
            [str(PROGRAM), "--url", server.whep("demo"), "--viewers", "10", "--seconds", "60"],
            stdin=subprocess.DEVNULL, stdout=f, stderr=f)
    try:
        until(lambda: "measuring" in output.read_text(errors="replace"), 40, "joining")
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 0
    finally:
        child.kill()
    text = output.read_text(errors="replace")
    assert "10 of 10 joined" in text and "(interrupted)" in text
    assert server.process.output().count("DELETE") >= 10


def test_many_streams(server, tmp_path):
    """Viewers are spread over numbered streams, and source addresses are used in turn."""
    load = Load(tmp_path, server.whep("cam{}"), streams=2, viewers=6, seconds=2,
                bind="127.0.0.1-127.0.0.3", cores="0,0", header="X-Test: yes")
    check_all_joined(load, 6)
    assert load.measured["lost"] == 0, load
    assert load.parameters["streams"] == 2 and load.parameters["threads"] == 2
    text = server.process.output()
    assert text.count("left cam1") >= 3 and text.count("left cam2") >= 3, text
    for host in range(1, 4):
        assert text.count(f"at 127.0.0.{host}:") == 2, text


def test_stamps(server, source, tmp_path):
    """Latency, where the source stamps its frames."""
    if not source.stamps:
        pytest.skip("this bench/source does not stamp frames")
    with Frames(2, rel=0.2) as due:
        load = Load(tmp_path, server.whep("demo"), viewers=5, seconds=2, stamp_every=1)
    check_all_joined(load, 5)
    assert load.latency_ms["frames"] == due(5), load
    assert load.measured["frames_without_stamp"] == 0, load
    assert load.measured["stamps_from_future"] == 0, load
    assert 0 < load.latency_ms["p50"] <= load.latency_ms["p99"] <= load.latency_ms["max"], load


def test_another_server(tmp_path):
    """aiortc: full ICE, DTLS the other way round, relative Location, no G.711, no GCM."""
    with AiortcServer(netns.ADDRESS, AIORTC_PORT) as server:
        load = Load(tmp_path, server.url, viewers=3, seconds=2, decrypt_every=1, loss=1)
        check_all_joined(load, 3)
        assert load.profiles == {"gcm": 0, "cm": 3}, load
        assert load.measured["decrypt_failed"] == 0 and load.measured["frames"] > 30, load
        until(lambda: server.deleted == server.created == 3, 20, "DELETE of all sessions")
