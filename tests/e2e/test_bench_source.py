# SPDX-License-Identifier: Apache-2.0
"""bench/source before clients that we did not write: what was asked for is what they get."""
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cameras import BenchSource
from process import Process

KBIT, FPS, GOP, WIDTH, HEIGHT = 600, 25, 20, 640, 360
OPTIONS = ("--bitrate", KBIT, "--fps", FPS, "--gop", GOP, "--resolution", f"{WIDTH}x{HEIGHT}",
           "--audio", "pcmu", "--stamp")
WATCH_S = 6
TOLERANCE = 0.05
SAME_PHASE = 0.03  # of a GOP of 0.8 s: frames leave on a grid of 2 ms
STARTUP_FRAMES = 2  # what a client drops while it makes up its mind
CLIENT_TIMEOUT_S = 60
NAL_SLICE, NAL_IDR, NAL_SEI = 1, 5, 6
UUID = bytes.fromhex("72746366616e42658e63684c6174656e")
STAMP_MESSAGE = b"\x05\x18" + UUID
TIME_LEN = 8

PLAYER = Path(__file__).with_name("rtspsrc_player.py")
TRANSPORTS = ("tcp", "udp")


@pytest.fixture(scope="module")
def camera(folder):
    with BenchSource(folder, *OPTIONS) as camera:
        yield camera


def client(*arguments):
    result = subprocess.run([str(argument) for argument in arguments], capture_output=True,
                            timeout=CLIENT_TIMEOUT_S, check=False)
    assert result.returncode == 0 and not result.stderr, result.stderr.decode(errors="replace")
    return result.stdout


def ffmpeg(url, transport, *output):
    """Fails at the first thing that the decoder does not like."""
    return client("ffmpeg", "-v", "warning", "-xerror", "-err_detect", "explode",
                  "-rtsp_transport", transport, "-i", url, "-t", WATCH_S, *output)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_is_as_asked(camera, transport):
    probe = json.loads(client(
        "ffprobe", "-v", "error", "-rtsp_transport", transport, "-i", camera.url, "-read_intervals",
        f"%+{WATCH_S}", "-show_packets", "-show_streams", "-of", "json"))
    video, audio = probe["streams"]
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", WIDTH, HEIGHT)
    assert (audio["codec_name"], audio["sample_rate"]) == ("pcm_mulaw", "8000")
    packets = {kind: [p for p in probe["packets"] if p["codec_type"] == kind]
               for kind in ("video", "audio")}
    assert len(packets["video"]) >= WATCH_S * FPS - STARTUP_FRAMES
    keys = [i for i, packet in enumerate(packets["video"]) if "K" in packet["flags"]]
    assert keys[0] == 0
    assert {b - a for a, b in zip(keys, keys[1:])} == {GOP}
    gops = packets["video"][:keys[-1]]
    kbit = sum(int(packet["size"]) for packet in gops) * 8 * FPS / len(gops) / 1000
    assert abs(kbit - KBIT) <= KBIT * TOLERANCE, f"{kbit:.0f} kbit/s"
    assert all(int(packet["size"]) == 160 for packet in packets["audio"])
    assert len(packets["audio"]) >= (WATCH_S - 1) * 50


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_ffmpeg_decodes_every_frame(camera, transport):
    lines = ffmpeg(camera.url, transport, "-map", "0:v", "-f", "framecrc", "-").decode()
    frames = [line for line in lines.splitlines() if not line.startswith("#")]
    assert len(frames) >= WATCH_S * FPS - STARTUP_FRAMES


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_gstreamer_decodes_every_frame(camera, folder, transport):
    player = Process([sys.executable, PLAYER, camera.url, transport, WATCH_S],
                     folder / f"rtspsrc-{transport}.log")
    assert player.child.wait(CLIENT_TIMEOUT_S) == 0, player.output()
    decoded = json.loads(player.output().splitlines()[-1])
    assert decoded["error"] is None
    assert decoded["lost"] == 0
    assert decoded["received"] >= WATCH_S * FPS
    assert decoded["video"] >= decoded["received"] - STARTUP_FRAMES
    assert decoded["audio"]["PCMU"] >= (WATCH_S - 1) * 50


def stamps_of(stream):
    """Of each picture of a byte stream: is it a key, and the times in front of its slice."""
    pictures, found = [], []
    for nal in stream.split(b"\0\0\1")[1:]:
        kind = nal[0] & 31
        if kind in (NAL_SLICE, NAL_IDR):
            pictures.append((kind == NAL_IDR, found))
            found = []
        elif kind == NAL_SEI:
            rbsp = nal.replace(b"\0\0\3", b"\0\0")
            at = rbsp.find(STAMP_MESSAGE)
            if at >= 0:
                begin = at + len(STAMP_MESSAGE)
                found.append(int.from_bytes(rbsp[begin:begin + TIME_LEN], "big"))
    return pictures


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_frame_says_when_it_left(camera, tmp_path, transport):
    path = tmp_path / "copy.h264"
    begin_ns = time.monotonic_ns()
    ffmpeg(camera.url, transport, "-map", "0:v", "-c", "copy", "-f", "h264", path)
    stamps = stamps_of(path.read_bytes())
    assert len(stamps) >= WATCH_S * FPS - STARTUP_FRAMES
    assert all(len(times) == 1 for _, times in stamps)
    times = [times[0] for _, times in stamps]
    assert times == sorted(times)
    assert begin_ns < times[0] and times[-1] < time.monotonic_ns()
    # Some may have been held up, and by nobody but this machine.
    late_s = [(each - times[0]) / 1e9 - i / FPS for i, each in enumerate(times)]
    half = len(late_s) // 2
    assert abs(statistics.median(late_s[half:]) - statistics.median(late_s[:half])) < 0.25


def keyframe_phase(path):
    """Where in the time of a GOP the keyframes were sent, 0 to 1 and a little more."""
    gop_ns = GOP * 1_000_000_000 // FPS
    keys = [times[0] for key, times in stamps_of(path.read_bytes()) if key]
    late_ns = statistics.median(key_ns - keys[0] - i * gop_ns for i, key_ns in enumerate(keys))
    return (keys[0] % gop_ns + late_ns) / gop_ns


@pytest.mark.parametrize("aligned", [False, True])
def test_keyframes_are_spread_or_coincide(tmp_path, aligned):
    options = (*OPTIONS, "--streams", 2, "--name", "demo", *(["--aligned"] if aligned else []))
    with BenchSource(tmp_path, *options, port=8564) as camera:
        copies = [tmp_path / f"{number}.h264" for number in (1, 2)]
        for number, path in enumerate(copies, 1):
            ffmpeg(f"{camera.url}{number}", "tcp", "-map", "0:v", "-c", "copy", "-f", "h264", path)
        first, second = map(keyframe_phase, copies)
        apart = abs(first - second) % 1
        assert (min(apart, 1 - apart) < SAME_PHASE) == aligned, f"{first:.3f} and {second:.3f}"


@pytest.mark.parametrize("served", TRANSPORTS)
def test_the_other_transport_is_refused(tmp_path, served):
    other = TRANSPORTS[1 - TRANSPORTS.index(served)]
    with BenchSource(tmp_path, *OPTIONS, f"--{served}-only", port=8564) as camera:
        show = ("-v", "error", "-i", camera.url, "-show_entries", "stream=codec_name")
        client("ffprobe", "-rtsp_transport", served, *show)
        refused = subprocess.run(["ffprobe", "-rtsp_transport", other, *show], capture_output=True,
                                 timeout=CLIENT_TIMEOUT_S, check=False)
        assert refused.returncode != 0
        assert b"461" in refused.stderr or b"Protocol not supported" in refused.stderr


@pytest.mark.asan
def test_report_counts_what_was_sent(tmp_path):
    path = tmp_path / "source.json"
    with BenchSource(tmp_path, *OPTIONS, "--streams", 2, "--name", "demo", "--json", path,
                     port=8564) as camera:
        ffmpeg(f"{camera.url}2", "udp", "-f", "null", "-")
        assert camera.process.stop() == 0
    report = json.loads(path.read_text())
    idle, played = report["streams"]
    assert (idle["name"], played["name"]) == ("demo1", "demo2")
    assert idle["players"] == 0 and idle["video"]["packets"] == 0
    assert played["players"] == 1 and played["reports"] >= 2 * (WATCH_S // 2)
    video, audio = played["video"], played["audio"]
    assert video["units"] >= WATCH_S * FPS
    assert video["units"] // GOP <= video["keys"] <= video["units"] // GOP + 1
    assert video["bytes"] * 8 / 1000 >= KBIT * (1 - TOLERANCE) * video["units"] / FPS
    assert audio["bytes"] == audio["packets"] * (12 + 160)
    assert video["dropped"] == audio["dropped"] == report["refused_datagrams"] == 0
    assert report["total"]["video"] == video
    assert report["seconds"] > WATCH_S and report["cpu_seconds"] < report["seconds"]
