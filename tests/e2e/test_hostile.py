# SPDX-License-Identifier: Apache-2.0
"""Strangers at both ports. Nothing may break, nothing may leak, and who watches sees nothing of it.

RTCFAN_HOSTILE_SECONDS sets the length (60), RTCFAN_HOSTILE_SEED repeats a run.
"""
import json
import os
import random
import sys
import time
from pathlib import Path

import pytest

import netns
import whep
from cameras import GstCamera
from process import Process
from raw_viewer import Audience
from server import BASE, HTTP_PORT, MEDIA_PORT, Server, sanitized

SECONDS = int(os.environ.get("RTCFAN_HOSTILE_SECONDS", "60"))
SEED = int(os.environ.get("RTCFAN_HOSTILE_SEED", random.SystemRandom().randrange(1 << 32)))

FPS, MIN_SHARE = 30, 0.97  # of the camera's frames; the ends of the watch are not frame-exact
ANSWER_S = 2  # for an honest request, while 120 dishonest ones are open
WARM_UP_SHARE = 0.3  # of the attack, until all tables and pools have been touched
GROWTH_KIB = 8 << 10
GROWTH_SANITIZED_KIB = 48 << 10  # shadow memory and the allocator's quarantine

ATTACKER = Path(__file__).with_name("attacker.py")

pytestmark = pytest.mark.asan


def attacker(folder, mode, arguments):
    return Process([sys.executable, ATTACKER, mode, SECONDS, SEED, json.dumps(arguments)],
                   folder / f"attacker-{mode}.log")


def honest_request():
    begin = time.monotonic()
    assert whep.request("GET", f"{BASE}/cam1/").status == 200
    return time.monotonic() - begin


class Watch:
    """What one viewer got between two moments."""

    def __init__(self, viewer):
        self.video, self.audio = viewer.track("video"), viewer.track("audio")
        self.begin, self.frames = time.monotonic(), self.video.frames

    def judge(self):
        seconds = time.monotonic() - self.begin
        for track in (self.video, self.audio):
            assert (track.lost, track.late, track.forged) == (0, 0, 0), vars(track)
        assert self.video.frames - self.frames >= FPS * seconds * MIN_SHARE


def dropped(server):
    return server.metrics().sum("rtcfan_packets_dropped_total")


@pytest.mark.extra_seconds(SECONDS)
def test_strangers(tmp_path):
    print(f"RTCFAN_HOSTILE_SEED={SEED}")
    with GstCamera(tmp_path) as camera, Server(tmp_path, {"cam1": camera.url}) as server, \
            Audience() as audience:
        server.wait_live("cam1")
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        time.sleep(2)
        answer, media = viewer.answer, [netns.ADDRESS, MEDIA_PORT]
        attackers = [
            attacker(tmp_path, "udp", {
                "server": media, "victim": viewer.socket.getsockname(), "ufrag": answer.ufrag,
                "username": f"{answer.ufrag}:{viewer.ufrag}"}),
            attacker(tmp_path, "http", {"server": [netns.ADDRESS, HTTP_PORT], "stream": "cam1"}),
        ]
        watch, dropped_before, slowest, warm_kib = Watch(viewer), dropped(server), 0.0, 0
        begin = time.monotonic()
        while any(attacker.running() for attacker in attackers):
            assert server.process.running(), "the server has died"
            slowest = max(slowest, honest_request())
            if not warm_kib and time.monotonic() - begin > SECONDS * WARM_UP_SHARE:
                warm_kib = server.resident_kib()
            time.sleep(0.5)
        for attacker_process in attackers:
            assert attacker_process.child.returncode == 0, attacker_process.output()
            print(attacker_process.output())
        watch.judge()
        grown_kib = server.resident_kib() - warm_kib
        print(f"slowest honest request {slowest:.2f} s, resident {warm_kib} KiB + {grown_kib} KiB")
        assert slowest < ANSWER_S
        assert grown_kib < (GROWTH_SANITIZED_KIB if sanitized() else GROWTH_KIB)
        assert dropped(server) == dropped_before
        assert not viewer.bye and not viewer.close_notify
        # The doors are still open to those who knock properly.
        audience.add(server.whep("cam1"), authenticate=True)
