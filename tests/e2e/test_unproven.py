# SPDX-License-Identifier: Apache-2.0
"""Who has not proved to know a session's password: what the media port says to them, and that they
cannot take a viewer's place in its handshake (the ClientHello race)."""
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

import pytest
from OpenSSL import SSL

import netns
import stun
from attacker_udp import Datagrams, Spoofer, client_hello
from chromium import Chromium
from process import until
from raw_viewer import Audience, RawViewer
from server import MEDIA_PORT

MEDIA = (netns.ADDRESS, MEDIA_PORT)
TIMES = 2  # of each kind
QUIET_S = 0.5  # after which no more replies are waited for
REFUSALS_PER_S, REFUSALS_OF_SESSION_PER_S = 100, 10  # control/sessions.h, webrtc/ice.h
FLOOD = 1000
ATTEMPTS = 10
JOIN_S = 40
ETH_P_IP = 0x0800

pytestmark = pytest.mark.asan


@pytest.fixture
def viewer(server):
    """Has its answer, and has said nothing yet."""
    viewer = RawViewer(server.whep("cam1"), authenticate=True)
    viewer.negotiate()
    yield viewer
    viewer.close()


# ---- how much is said ----

class Stranger:
    """An address that keeps account of what it says and hears, in bytes."""

    def __init__(self, name):
        self.name, self.said, self.heard = name, 0, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(MEDIA)

    def say(self, data):
        self.said += len(data)
        self.socket.send(data)

    def judge(self):
        """What it heard until now: refusals, and no more than it said."""
        self.socket.setblocking(False)
        try:
            while True:
                self.heard.append(self.socket.recv(65535))
        except BlockingIOError:
            pass
        heard = sum(len(each) for each in self.heard)
        assert heard <= self.said, f"{self.name}: {heard} bytes for {self.said}"
        for each in self.heard:
            assert stun.parse(each)[0] == stun.ERROR, self.name


def checks(ufrag, username):
    """By name: what a check may look like that does not pass, the shortest first."""
    names = ("", ":", "x", "x:y", ufrag, ufrag + ":", ufrag + ":x", username, username[:-1],
             ufrag + ":" + "x" * 503, "x" * 509, "x" * 800)
    attributes = {"nothing": b""}
    for name in names:
        attributes[f"USERNAME {name:.20} of {len(name)}"] = stun.attribute(
            stun.USERNAME, name.encode())
    for count in (1, 20):
        unknown = b"".join(stun.attribute(0x7F00 + i, b"") for i in range(count))
        attributes[f"{count} unknown"] = stun.attribute(stun.USERNAME, username.encode()) + unknown
    for name, text in attributes.items():
        for kind in (stun.REQUEST, stun.SUCCESS, stun.ERROR, 0x0011):
            for password in (None, "guess"):
                yield (f"{kind:#06x}, {name}, password {password}",
                       lambda k=kind, t=text, p=password: stun.seal(k, os.urandom(12), t, p))


def test_nobody_hears_more_than_he_said(viewer):
    """Each kind has an address of its own. That a handshake is begun nowhere is seen last."""
    ufrag, username = viewer.answer.ufrag, f"{viewer.answer.ufrag}:{viewer.ufrag}"
    datagrams = Datagrams(random.Random(1), ufrag, username)
    kinds = {kind.__name__: kind for kind in datagrams.kinds} | dict(checks(ufrag, username))
    strangers = []
    for name, make in kinds.items():
        stranger = Stranger(name)
        strangers.append(stranger)
        for _ in range(TIMES):
            stranger.say(make())
        if name.startswith(f"{stun.REQUEST:#06x}"):  # the ration is not to be used up by the first
            time.sleep(TIMES / REFUSALS_OF_SESSION_PER_S)
    time.sleep(QUIET_S)
    for stranger in strangers:
        stranger.judge()
        stranger.say(datagrams.early_hello())
    time.sleep(QUIET_S)
    for stranger in strangers:
        stranger.judge()
        stranger.socket.close()
    answered = [stranger.name for stranger in strangers if stranger.heard]
    print(f"{len(strangers)} kinds, of which these are answered: {answered}")
    assert len(answered) > 10


def test_refusals_are_rationed(server):
    stranger = Stranger("flood")
    stranger.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    unanswered = server.metrics().sum("rtcfan_stun_unanswered_total")
    begin = time.monotonic()
    for _ in range(FLOOD):
        stranger.say(stun.binding_request("nobody:stranger", "guess")[1])
    until(lambda: server.metrics().sum("rtcfan_stun_unanswered_total") > unanswered, 30,
          "checks that nobody answers")
    time.sleep(QUIET_S)
    stranger.judge()
    elapsed_s = time.monotonic() - begin
    assert 0 < len(stranger.heard) <= REFUSALS_PER_S * (1 + elapsed_s)


# ---- the ClientHello race ----

def plays(viewer):
    """It connects at the first attempt."""
    viewer.prove()
    viewer.handshake()
    viewer.receive_until(lambda: viewer.track("video").packets > 10, 30, "media")
    assert viewer.track("video").forged == 0


def turned_away(server):
    """Datagrams of no session, other than checks."""
    figures = server.metrics()
    return figures.sum("rtcfan_strays_total") + figures.sum(
        "rtcfan_datagrams_dropped_total", cause="stranger_queue_full")


def test_hello_of_strangers(server, viewer):
    """From elsewhere, and from the viewer's own address before its first check."""
    hello = client_hello(random.Random(1))
    spoofer = Spoofer(viewer.socket.getsockname(), MEDIA)
    stranger = Stranger("racer")
    before = turned_away(server)
    for _ in range(ATTEMPTS):
        stranger.say(hello)
        spoofer.send(hello)
        # With a check that names the session, but does not know its password.
        stranger.say(stun.binding_request(f"{viewer.answer.ufrag}:{viewer.ufrag}", "guess")[1])
        stranger.say(hello)
    # Else the kernel may let the viewer's check by one of these.
    until(lambda: turned_away(server) >= before + 3 * ATTEMPTS, 30, "the server to see each hello")
    plays(viewer)
    stranger.judge()


def test_forged_hello_behind_a_check(server, viewer):
    """Costs the viewer this session, at once, and not the next."""
    viewer.prove()
    Spoofer(viewer.socket.getsockname(), MEDIA).send(client_hello(random.Random(2)))
    # What the server says to it: now the viewer's own hello cannot come first.
    assert select.select([viewer.socket], [], [], 30)[0]
    with pytest.raises(SSL.Error):
        viewer.handshake()
    with Audience() as audience:
        again = audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: again.track("video").packets > 10, 30, "media")


class Racer(threading.Thread):
    """On the path: follows up the first checks that it sees by a ClientHello of the viewer's, and
    lets nobody else's pass meanwhile."""

    RACES = 3
    MARK = 7  # of what it sends itself
    HANDSHAKE = 22  # the first byte of a hello
    TABLE = "inet rtcfan_racer"

    def __init__(self):
        super().__init__(daemon=True)
        chain = "type filter hook input priority 0;"
        hello = f"udp dport {MEDIA_PORT} @th,64,8 {self.HANDSHAKE} meta mark != {self.MARK}"
        subprocess.run(["nft", f"table {self.TABLE} {{ chain in {{ {chain} {hello} drop; }}; }}"],
                       check=True)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.tap.bind(("lo", ETH_P_IP))
        self.hello = client_hello(random.Random(1))
        self.races = 0

    def run(self):
        while self.races < self.RACES:
            packet, (_, _, direction, *_) = self.tap.recvfrom(2048)
            if direction == socket.PACKET_OUTGOING:  # loopback shows each packet going and coming
                continue
            head = (packet[0] & 15) * 4
            source, destination = struct.unpack_from("!HH", packet, head)
            if packet[9] != socket.IPPROTO_UDP or destination != MEDIA_PORT:
                continue
            message = stun.parse(packet[head + 8:])
            if message and message[0] == stun.REQUEST:
                spoofer = Spoofer((socket.inet_ntoa(packet[12:16]), source), MEDIA)
                spoofer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self.MARK)
                spoofer.send(self.hello)
                self.races += 1
        self.tap.close()
        subprocess.run(["nft", f"delete table {self.TABLE}"], check=True)


def test_browser_in_a_race(server, tmp_path):
    """The page goes on by itself, as soon as nobody on the path is faster than it is."""
    racer = Racer()
    racer.start()
    with Chromium(tmp_path) as chromium:
        chromium.open(server.page("cam1"))
        until(lambda: racer.races == racer.RACES, JOIN_S, "the end of the races")
        chromium.wait_playing(30, JOIN_S)
        assert chromium.posts() > 1
    racer.join()
