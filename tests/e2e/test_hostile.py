# SPDX-License-Identifier: Apache-2.0
"""Strangers at all ports, and a viewer who is no better. Nothing may break, nothing may leak, and
who watches sees nothing of it.

RTCFAN_HOSTILE_SECONDS sets the length (60), RTCFAN_HOSTILE_SEED repeats a run.
"""
import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

import attacker_offers
import load
import netns
import whep
from cameras import BenchSource
from process import Process, until
from raw_viewer import Audience
from server import BASE, HTTP_PORT, MEDIA_PORT, Server, sanitized

SECONDS = int(os.environ.get("RTCFAN_HOSTILE_SECONDS", "60"))
SEED = int(os.environ.get("RTCFAN_HOSTILE_SEED", random.SystemRandom().randrange(1 << 32)))

HONEST = 20
LOST_SHARE_MAX = 0.001  # of what they get
MIN_SHARE = 0.97  # of what was published; the ends of the watch are not exact
ANSWER_S = 2  # for an honest request, while 120 dishonest ones are open
STILL_SHARE = 0.05  # of them that may meet a machine that stands still
WARM_UP_SHARE = 0.3  # of the attack, until all tables and pools have been touched
GROWTH_KIB = 8 << 10
GROWTH_SANITIZED_KIB = 48 << 10  # shadow memory and the allocator's quarantine
RESEND_SHARE, RESEND_BURST = 0.15, 64  # engine/repair.h
UNSEEN_SHARE = 0.1  # of what the greedy one gets, which it did not take before it left

ATTACKER = Path(__file__).with_name("attacker.py")

pytestmark = pytest.mark.asan


def attacker(folder, kind, arguments, host=None):
    line = [sys.executable, str(ATTACKER), kind, str(SECONDS), str(SEED), json.dumps(arguments)]
    return Process(host.command(line) if host else line, folder / f"attacker-{kind}.log")


class Neighbourhood(netns.Neighbour):
    """A neighbour with several addresses."""

    COUNT = 4

    def __enter__(self):
        super().__enter__()
        self.addresses = [f"{self.network}.{host}" for host in range(11, 11 + self.COUNT)]
        for address in self.addresses:
            self.ip(f"addr add {address}/24 dev far")
        return self


class Watch:
    """What one viewer got between two moments."""

    def __init__(self, viewer, server):
        self.server = server
        self.tracks = [viewer.track("video"), viewer.track("audio")]
        self.published, self.got = self._look()

    def _look(self):
        published = self.server.metrics().sum("rtcfan_stream_published_packets_total")
        return published, sum(track.packets for track in self.tracks)

    def judge(self):
        published, got = self._look()
        for track in self.tracks:
            assert (track.lost, track.late, track.forged) == (0, 0, 0), vars(track)
        assert got - self.got >= (published - self.published) * MIN_SHARE > 0


class Crowd:
    """Viewers that never ask again for what they lose."""

    def __init__(self, folder, server):
        self.server, self.json = server, folder / "crowd.json"
        self.process = Process([load.PROGRAM, "--url", server.whep("cam1"), "--viewers", HONEST,
                                "--no-nack", "--seconds", SECONDS + 60, "--decrypt-every", 10,
                                "--json", self.json, "--quiet"], folder / "crowd.log")
        until(lambda: server.metrics().sum("rtcfan_viewers") == HONEST, 60, "the honest viewers")
        self.names = {viewer["id"] for viewer in server.viewers()}
        self.dropped = self._dropped()

    def _dropped(self):
        """What the server left out for them, which leaves no gap in what they get."""
        return sum(viewer["sent"]["dropped"] for viewer in self.server.viewers()
                   if viewer["id"] in self.names)

    def judge(self):
        dropped = self._dropped() - self.dropped
        self.process.child.send_signal(signal.SIGINT)
        until(lambda: not self.process.running(), 60, "the crowd to leave")
        figures = json.loads(self.json.read_text(encoding="utf-8"))
        got, text = figures["measured"], self.process.output()
        print(f"{HONEST} honest viewers: {got['packets_received']} packets, {got['lost']} lost, "
              f"{dropped} left out")
        assert figures["failures"] == [], text
        assert got["decrypt_failed"] == got["rtcp_decrypt_failed"] == 0, text
        assert got["lost"] + dropped <= LOST_SHARE_MAX * got["packets_received"]


class Health:
    """What is asked of the server meanwhile."""

    def __init__(self, server, audience):
        self.server, self.audience = server, audience
        self.begin, self.took_s, self.warm_kib = time.monotonic(), [], 0

    def look(self):
        assert self.server.process.running(), "the server has died"
        begin = time.monotonic()
        assert whep.request("GET", f"{BASE}/cam1/").status == 200
        self.took_s.append(time.monotonic() - begin)
        if not self.warm_kib and begin - self.begin > SECONDS * WARM_UP_SHARE:
            self.warm_kib = self.server.resident_kib()

    def join(self):
        """One more honest viewer comes and goes."""
        viewer = self.audience.add(self.server.whep("cam1"), authenticate=True)
        until(lambda: viewer.track("video").frames > 0, 30, "the picture of a new viewer")
        assert whep.request("DELETE", viewer.session).status == 200

    def judge(self):
        grown_kib = self.server.resident_kib() - self.warm_kib
        slow_s = sorted(self.took_s)[-1 - int(STILL_SHARE * len(self.took_s))]
        print(f"slowest honest request {max(self.took_s):.2f} s, but for a few {slow_s:.2f} s, "
              f"resident {self.warm_kib} KiB + {grown_kib} KiB")
        assert slow_s < ANSWER_S
        assert grown_kib < (GROWTH_SANITIZED_KIB if sanitized() else GROWTH_KIB)


def judge_greedy(output, metrics):
    """Who asked for everything got no more than anybody may."""
    came = json.loads(output.splitlines()[-1])
    assert metrics.sum("rtcfan_packets_nacked_total") > 1000
    earned = came["packets"] * (1 + UNSEEN_SHARE) * RESEND_SHARE
    assert 0 < came["resent"] <= earned + RESEND_BURST
    for cause in ("rtcp_flood", "srtcp_authentication", "rtcp_malformed", "rtp_from_viewer"):
        assert metrics.sum("rtcfan_datagrams_dropped_total", cause=cause) > 0, cause
    assert metrics.sum("rtcfan_keyframe_requests_coalesced_total") > 0


def judge_offers(output):
    """Within the rate they are taken, beyond it refused, and no guess finds a session."""
    came = json.loads(output.splitlines()[-1])
    assert came["POST 201"] > 0 and came["POST 429"] > 0
    assert set(came) <= {"POST 201", "POST 429", "POST 503"} | {
        f"{method} {status}" for method in ("DELETE", "PATCH", "GET") for status in (404, 429)}


@pytest.mark.extra_seconds(SECONDS)
def test_strangers(tmp_path):
    print(f"RTCFAN_HOSTILE_SEED={SEED}")
    with contextlib.ExitStack() as stack:
        camera = stack.enter_context(BenchSource(tmp_path))
        server = stack.enter_context(Server(
            tmp_path, {"cam1": camera.url}, webrtc="tcp = true;",
            http=f"max_requests_per_second = {attacker_offers.ALLOWED_PER_S};"))
        audience = stack.enter_context(Audience())
        server.wait_live("cam1")
        crowd = Crowd(tmp_path, server)
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: viewer.track("audio").packets > 0, 30, "picture and sound")
        street = stack.enter_context(Neighbourhood())

        media, http = [netns.ADDRESS, MEDIA_PORT], [netns.ADDRESS, HTTP_PORT]
        session = {"ufrag": viewer.answer.ufrag,
                   "username": f"{viewer.answer.ufrag}:{viewer.ufrag}"}
        victim = viewer.socket.getsockname()
        attackers = {
            "udp": attacker(tmp_path, "udp", {"server": media, "victim": victim, **session}),
            "tcp": attacker(tmp_path, "tcp", {"server": media, **session}),
            "http": attacker(tmp_path, "http", {"server": http, "stream": "cam1"}, street),
            "offers": attacker(tmp_path, "offers", {"server": http, "stream": "cam1",
                                                    "addresses": street.addresses}, street),
            "viewer": attacker(tmp_path, "viewer", {"url": server.whep("cam1")}),
        }
        watch, health = Watch(viewer, server), Health(server, audience)
        turn = 0
        while any(each.running() for each in attackers.values()):
            health.look()
            if turn % 10 == 9:
                health.join()
            turn += 1
            time.sleep(0.5)
        for each in attackers.values():
            assert each.child.returncode == 0, each.output()
            print(each.output())
        crowd.judge()
        watch.judge()
        health.judge()
        judge_greedy(attackers["viewer"].output(), server.metrics())
        judge_offers(attackers["offers"].output())
        assert not viewer.bye and not viewer.close_notify
        # The doors are still open to those who knock properly.
        audience.add(server.whep("cam1"), authenticate=True)
