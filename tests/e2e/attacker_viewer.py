# SPDX-License-Identifier: Apache-2.0
"""A viewer with a session and without manners: asks for everything, all the time."""
import collections
import struct

import pace
import raw_viewer
import stun
import whep

PER_S = 1000
NACK_ENTRIES = 20  # of 17 packets each


class Feedback:
    """Sends one datagram at a time from the viewer's own address."""

    def __init__(self, random_source, viewer):
        self.random, self.viewer = random_source, viewer
        self.kinds = [
            self.nack_all, self.nack_all, self.nack_never_sent, self.pli, self.fir, self.report,
            self.sealed_junk, self.sealed_compound, self.unsealed, self.forged, self.rtp,
            self.check, self.wrong_check,
        ]

    def next(self):
        kind = self.random.choice(self.kinds)
        kind()
        return kind.__name__

    def _video(self):
        """Its SSRC, and the newest sequence number."""
        for ssrc, track in self.viewer.tracks.items():
            if track.payload_type == self.viewer.answer.payload_types["video"]:
                return ssrc, track.last
        return bytes(4), 0

    def _ask(self, kind, fmt, control):
        words = 2 + len(control) // 4
        head = struct.pack("!BBHI", 0x80 | fmt, kind, words, raw_viewer.OWN_SSRC)
        self.viewer.say(head + self._video()[0] + control)

    def _nack(self, newest):
        entries = [struct.pack("!HH", newest - 17 * i & 0xFFFF, 0xFFFF)
                   for i in range(NACK_ENTRIES)]
        self._ask(raw_viewer.RTCP_TRANSPORT_FEEDBACK, raw_viewer.FEEDBACK_NACK, b"".join(entries))

    def nack_all(self):
        self._nack(self._video()[1])

    def nack_never_sent(self):
        self._nack(self._video()[1] + 20000)

    def pli(self):
        self._ask(raw_viewer.RTCP_PAYLOAD_FEEDBACK, raw_viewer.FEEDBACK_PLI, b"")

    def fir(self):
        """RFC 5104 4.3.1."""
        entry = self._video()[0] + bytes((self.random.randrange(256), 0, 0, 0))
        self._ask(raw_viewer.RTCP_PAYLOAD_FEEDBACK, 4, entry)

    def report(self):
        """That all is lost, and long ago."""
        block = self._video()[0] + self.random.randbytes(20)
        head = struct.pack("!BBHI", 0x81, raw_viewer.RTCP_RECEIVER_REPORT, 7, raw_viewer.OWN_SSRC)
        self.viewer.say(head + block)

    def sealed_junk(self):
        """Authentic, but no RTCP: of version 0."""
        self.viewer.say(b"\0" + self.random.randbytes(4 * self.random.randint(1, 200) - 1))

    def sealed_compound(self):
        """Many small packets, of types that are not BYE."""
        types = [kind for kind in range(192, 224) if kind != raw_viewer.RTCP_BYE]
        self.viewer.say(*(struct.pack("!BBHI", 0x80 | self.random.randrange(32),
                                      self.random.choice(types), 1, self.random.randrange(1 << 32))
                          for _ in range(100)))

    def unsealed(self):
        self.viewer.socket.send(b"\x81\xcd\0\3" + self.random.randbytes(40))

    def forged(self):
        """As if it were sealed."""
        head = struct.pack("!BBHI", 0x81, raw_viewer.RTCP_RECEIVER_REPORT, 7, raw_viewer.OWN_SSRC)
        index = struct.pack("!I", 0x80000000 | self.random.randrange(1 << 20))
        self.viewer.socket.send(head + self.random.randbytes(24) + index)

    def rtp(self):
        self.viewer.socket.send(b"\x80\x60" + self.random.randbytes(200))

    def check(self):
        self.viewer.check()

    def wrong_check(self):
        name = f"{self.viewer.answer.ufrag}:{self.viewer.ufrag}"
        self.viewer.socket.send(stun.binding_request(name, self.random.randbytes(12).hex())[1])


def drain(viewer):
    try:
        while True:
            viewer.receive()
    except BlockingIOError:
        pass


def attack(seconds, random_source, url):
    """url: the WHEP endpoint. Tells how many packets came, and how many of them once more."""
    viewer = raw_viewer.RawViewer(url, authenticate=True).connect()
    viewer.socket.setblocking(False)
    viewer.expects_refusals = True
    feedback = Feedback(random_source, viewer)
    sent = collections.Counter()
    for _ in pace.turns(seconds, PER_S):
        sent[feedback.next()] += 1
        drain(viewer)
    assert not viewer.bye and not viewer.close_notify, "the server sent it away"
    whep.request("DELETE", viewer.session)
    tracks = viewer.tracks.values()
    return {**sent, "packets": sum(track.packets for track in tracks),
            "resent": sum(track.late for track in tracks)}
