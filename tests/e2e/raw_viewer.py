# SPDX-License-Identifier: Apache-2.0
"""A minimal WHEP viewer: ICE, DTLS and SRTP, but no decoder.

It sees what a browser hides: each packet's sequence number, which packets left the server as one
message (the kernel hands a UDP_SEGMENT train whole to a socket with UDP_GRO), RTCP BYE and DTLS
close_notify. A hundred of them cost less than one browser.
"""
import collections
import datetime
import os
import random
import selectors
import socket
import struct
import threading
import time
import traceback

from OpenSSL import SSL, crypto
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import srtp
import stun
import whep
from process import until

SOL_UDP, UDP_GRO = 17, 104
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER = 4 << 20  # seconds of a stream: a test may wait that long for a core
DATAGRAM_MAX = 65535
HANDSHAKE_TIMEOUT_S = 30
SAY_AGAIN_S = 1
CHECK_INTERVAL_S = 2.5  # well below the 15 s after which consent runs out
RTCP_SENDER_REPORT, RTCP_RECEIVER_REPORT, RTCP_BYE = 200, 201, 203
RTCP_TRANSPORT_FEEDBACK, RTCP_PAYLOAD_FEEDBACK = 205, 206
FEEDBACK_NACK = FEEDBACK_PLI = 1
OWN_SSRC = 1  # in RTCP of ours; what we send no RTP from


def _certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "raw viewer")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return (crypto.PKey.from_cryptography_key(key),
            crypto.load_certificate(crypto.FILETYPE_PEM, pem))


KEY, CERTIFICATE = _certificate()
FINGERPRINT = CERTIFICATE.digest("sha256").decode()


def _dtls_client(profiles):
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)  # by fingerprint, below
    context.use_certificate(CERTIFICATE)
    context.use_privatekey(KEY)
    context.set_tlsext_use_srtp(profiles)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    return connection


class Refused(AssertionError):
    """The offer was not taken."""

    def __init__(self, response):
        super().__init__(repr(response))
        self.response = response


class Track:
    """One SSRC, judged by the RTP headers, which SRTP leaves in the clear."""

    def __init__(self, payload_type):
        self.payload_type = payload_type
        self.packets = self.lost = self.late = self.frames = self.forged = 0
        self.trains = collections.Counter()  # by the number of packets that came as one message
        self.rollover = 0
        self.last = None

    def take(self, packet):
        sequence = struct.unpack_from("!H", packet, 2)[0]
        step = 1 if self.last is None else sequence - self.last & 0xFFFF
        if step == 0 or step > 0x8000:
            self.late += 1
            return
        if self.last is not None and sequence < self.last:
            self.rollover += 1
        self.last = sequence
        self.packets += 1
        self.lost += step - 1
        self.frames += packet[1] >> 7


class RawViewer:
    def __init__(self, url, authenticate=False, profiles=b"SRTP_AEAD_AES_128_GCM",
                 family=socket.AF_INET):
        """url: the WHEP endpoint. authenticate: open each packet, not only look at its header.
        family: of the candidate that it takes."""
        self.url = url
        self.family = family
        self.authenticate = authenticate
        self.tracks = {}
        self.bye = self.close_notify = False
        self.rtcp_forged = 0
        self.rtcp = collections.Counter()  # by packet type
        self.reports = {}  # the last sender report of each SSRC: (NTP in seconds, RTP timestamp)
        self.profile = None
        self._ssl = _dtls_client(profiles)
        self.ufrag = os.urandom(4).hex()
        self._password = os.urandom(16).hex()
        self._receiver = self._sender = None
        self.on_rtp = None  # called with (track, datagram, payload) if authenticate is set
        self._checks = set()
        self.checks_answered = 0
        self.expects_refusals = False
        self.refused = None  # the last error code
        self.next_check = 0.0
        self.socket = None
        self.answer = None
        self.session = None

    # ---- coming up: blocking ----

    def connect(self):
        """POST, connectivity check, handshake. Returns self."""
        self.negotiate()
        self.prove()
        self.handshake()
        return self

    def negotiate(self):
        response = whep.post(self.url, whep.offer(self.ufrag, self._password, FINGERPRINT))
        if response.status != 201:
            raise Refused(response)
        self.session = whep.location(self.url, response)
        self.answer = whep.Answer(response.body.decode())
        assert self.answer.candidates, f"no candidate in the answer:\n{self.answer.sdp}"
        self.socket = self.new_socket()
        self.socket.settimeout(SAY_AGAIN_S)

    def new_socket(self):
        """On another port than before, as behind a NAT that forgot."""
        new = socket.socket(self.family, socket.SOCK_DGRAM)
        try:  # past net.core.rmem_max, which is a fraction of a second on many machines
            new.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        new.setsockopt(SOL_UDP, UDP_GRO, 1)
        new.connect(next(address for address in self.answer.candidates
                         if (":" in address[0]) == (self.family == socket.AF_INET6)))
        return new

    def check(self):
        self.next_check = time.monotonic() + CHECK_INTERVAL_S * random.uniform(0.8, 1.2)
        self.check_as(self.answer.ufrag, self.ufrag, self.answer.password)

    def check_as(self, local, remote, password):
        transaction, message = stun.binding_request(f"{local}:{remote}", password)
        self._checks.add(transaction)
        self.socket.send(message)

    def prove(self):
        """The first check is answered."""
        self.check()
        self._wait(lambda: self.checks_answered > 0, "an answer to a check", self.check)

    def handshake(self):
        self._drive_dtls()
        self._wait(lambda: self.profile is not None, "the end of the DTLS handshake",
                   self._repeat_flight)

    def _repeat_flight(self):
        SSL._lib.DTLSv1_handle_timeout(self._ssl._ssl)
        self._flush_dtls()

    def _wait(self, done, what, say_again):
        now = time.monotonic()
        end, again = now + HANDSHAKE_TIMEOUT_S, now + SAY_AGAIN_S
        while not done():
            now = time.monotonic()
            assert now < end, f"{what} did not come"
            # Also while media come, which do when the server's last flight was lost.
            if now >= again:
                say_again()
                again = now + SAY_AGAIN_S
            try:
                self.receive()
            except socket.timeout:
                pass

    def _flush_dtls(self):
        try:
            self.socket.send(self._ssl.bio_read(DATAGRAM_MAX))
        except SSL.WantReadError:
            pass

    def _drive_dtls(self):
        try:
            if self.profile is None:
                self._ssl.do_handshake()
                self._connected()
            else:
                self._ssl.recv(DATAGRAM_MAX)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.close_notify = True
        self._flush_dtls()

    def _connected(self):
        seen = self._ssl.get_peer_certificate().digest("sha256").decode()
        assert seen == self.answer.fingerprint, "not the certificate that the answer announced"
        chosen = SSL._lib.SSL_get_selected_srtp_profile(self._ssl._ssl)
        assert chosen != SSL._ffi.NULL, "no SRTP profile was negotiated"
        self.profile = SSL._ffi.string(chosen.name).decode()
        if self.authenticate:
            exported = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", srtp.KEYING_LEN)
            self._receiver = srtp.GcmReceiver(exported)
            self._sender = srtp.GcmSender(exported)

    # ---- running ----

    def receive_until(self, condition, timeout_s, what):
        """For a viewer without an audience, which nobody else lets receive and check."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"{what} did not come"
            if time.monotonic() > self.next_check:
                self.check()
            try:
                self.receive()
            except socket.timeout:
                pass

    def receive(self):
        """Takes one message from the socket, which may be a whole train."""
        data, control, _, _ = self.socket.recvmsg(DATAGRAM_MAX, socket.CMSG_SPACE(4))
        size = len(data)
        for level, kind, value in control:
            if level == SOL_UDP and kind == UDP_GRO:
                size = struct.unpack("i", value[:4])[0]
        packets = [data[at : at + size] for at in range(0, len(data), size or 1)]
        track = None
        for packet in packets:
            track = self._packet(packet) or track
        if track is not None:
            track.trains[len(packets)] += 1

    def _packet(self, packet):
        if not packet:
            return None
        if packet[0] < 4:
            self._stun(packet)
        elif 20 <= packet[0] < 64:
            self._ssl.bio_write(packet)
            self._drive_dtls()
        elif 128 <= packet[0] < 192 and len(packet) >= 12:
            if 192 <= packet[1] < 224:
                self._rtcp(packet)
            else:
                return self._rtp(packet)
        return None

    def _stun(self, packet):
        message = stun.parse(packet)
        if message is None or message[1] not in self._checks:
            return
        kind, transaction, attributes = message
        self._checks.discard(transaction)
        # A check may have been on its way when the server ended the session.
        over = self.bye or self.close_notify
        if kind != stun.SUCCESS and (self.expects_refusals or over):
            self.refused = stun.error_code(attributes)
            return
        assert kind == stun.SUCCESS, f"a check was refused: {stun.error_code(attributes)}"
        assert stun.integrity_holds(packet, self.answer.password)
        assert stun.XOR_MAPPED_ADDRESS in attributes
        self.checks_answered += 1

    def _rtp(self, packet):
        ssrc = packet[8:12]
        if ssrc not in self.tracks:
            self.tracks[ssrc] = Track(packet[1] & 127)
        track = self.tracks[ssrc]
        track.take(packet)
        if self._receiver:
            payload = self._receiver.open_rtp(packet, track.rollover)
            if payload is None:
                track.forged += 1
            elif self.on_rtp:
                self.on_rtp(track, packet, payload)
        return track

    def _rtcp(self, packet):
        if self._receiver is None:
            return
        clear = self._receiver.open_rtcp(packet)
        if clear is None:
            self.rtcp_forged += 1
            return
        at = 0
        while at + 4 <= len(clear):
            kind, words = struct.unpack_from("!xBH", clear, at)
            self.rtcp[kind] += 1
            if kind == RTCP_SENDER_REPORT:
                ntp, rtp = struct.unpack_from("!QI", clear, at + 8)
                self.reports[clear[at + 4 : at + 8]] = (ntp / (1 << 32), rtp)
            at += 4 + 4 * words
        self.bye = self.rtcp[RTCP_BYE] > 0

    def say(self, *packets):
        """RTCP, behind the empty report that a compound packet has to begin with."""
        report = struct.pack("!BBHI", 0x80, RTCP_RECEIVER_REPORT, 1, OWN_SSRC)
        self.socket.send(self._sender.seal_rtcp(report + b"".join(packets)))

    def _feedback(self, kind, fmt, ssrc, control=b""):
        """RFC 4585 6.1."""
        words = 2 + len(control) // 4
        self.say(struct.pack("!BBHI", 0x80 | fmt, kind, words, OWN_SSRC) + ssrc + control)

    def ask_again(self, ssrc, sequence):
        """NACK of one packet."""
        self._feedback(RTCP_TRANSPORT_FEEDBACK, FEEDBACK_NACK, ssrc,
                       struct.pack("!HH", sequence, 0))

    def ask_for_keyframe(self, ssrc):
        """PLI."""
        self._feedback(RTCP_PAYLOAD_FEEDBACK, FEEDBACK_PLI, ssrc)

    def say_bye(self):
        self.say(struct.pack("!BBHI", 0x81, RTCP_BYE, 1, OWN_SSRC))

    def shut_down(self):
        """DTLS close_notify."""
        self._ssl.shutdown()
        self._flush_dtls()

    def track(self, kind):
        """The track that came with the answer's payload type for "video" or "audio"."""
        number = self.answer.payload_types[kind]
        for track in list(self.tracks.values()):  # an audience's thread may add one meanwhile
            if track.payload_type == number:
                return track
        return Track(number)

    def close(self):
        if self.socket is not None:
            self.socket.close()


class Audience:
    """Any number of viewers, kept alive and counted by one thread.

        with Audience() as audience:
            viewer = audience.add(url)
    """

    def __init__(self):
        self.viewers = []
        self.error = None
        self._left = []  # sockets that a viewer moved away from
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, url, **options):
        viewer = RawViewer(url, **options).connect()
        viewer.socket.setblocking(False)
        self.viewers.append(viewer)
        self._selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        return viewer

    def move(self, viewer):
        """From now on it is at another port."""
        old, new = viewer.socket, viewer.new_socket()
        new.setblocking(False)
        viewer.socket = new
        self._selector.unregister(old)
        self._selector.register(new, selectors.EVENT_READ, viewer)
        self._left.append(old)  # the thread that may be at it closes it

    def _run(self):
        try:
            while not self._stop.is_set():
                if not self._selector.get_map():
                    time.sleep(0.05)
                    continue
                for key, _ in self._selector.select(0.2):
                    self._drain(key.data)
                while self._left:
                    self._left.pop().close()
                now = time.monotonic()
                for viewer in list(self.viewers):
                    if now >= viewer.next_check and not viewer.close_notify:
                        self._check(viewer)
        except Exception as error:  # handed to the test that owns this thread
            self.error = error

    @staticmethod
    def _drain(viewer):
        try:
            while True:
                viewer.receive()
        except (BlockingIOError, ConnectionRefusedError):
            pass  # nothing more, or the server's port is closed

    @staticmethod
    def _check(viewer):
        try:
            viewer.check()
        except ConnectionRefusedError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._thread.join()
        self._selector.close()
        for each in [*self._left, *self.viewers]:
            each.close()
        if self.error is not None and kind is None:
            raise self.error
        if self.error is not None:  # it may be why the test has failed
            traceback.print_exception(self.error)


def plays(server):
    """Picture and sound of cam1 come through, and nothing of them is lost on either side."""
    server.wait_live("cam1")
    with Audience() as audience:
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: viewer.track("video").frames >= 45, 30, "45 pictures")
        until(lambda: viewer.track("audio").packets >= 45, 30, "45 packets of audio")
        assert viewer.track("video").forged == 0
    figures = server.metrics()
    assert figures.sum("rtcfan_stream_rtp_lost_total", stream="cam1") == 0
    assert figures.sum("rtcfan_stream_rtp_malformed_total", stream="cam1") == 0
