# SPDX-License-Identifier: Apache-2.0
"""Datagrams of strangers at the media port, some of them from a viewer's own address."""
import collections
import socket
import struct

from OpenSSL import SSL

import pace
import stun

PER_S = 2000
SOCKETS = 32
SOCKET_LIFE = 60  # datagrams, then another address
SPOOFED_SHARE = 0.1


def client_hello(random_source):
    """A real one, whole or as its first fragment."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    if random_source.random() < 0.5:
        connection.set_ciphertext_mtu(256)
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        pass
    return connection.bio_read(65535)


class Datagrams:
    """Makes one datagram at a time; which kind, and with which bytes, is up to the seed."""

    def __init__(self, random_source, ufrag, username):
        self.random = random_source
        self.ufrag, self.username = ufrag, username
        self.hellos = [client_hello(random_source) for _ in range(16)]
        self.kinds = [
            self.noise, self.noise_of_a_class, self.stun_of_a_stranger, self.stun_wrong_integrity,
            self.stun_half_the_username, self.stun_odd_attributes, self.early_hello,
            self.truncated, self.flipped, self.alert, self.empty, self.oversize,
        ]

    def next(self):
        kind = self.random.choice(self.kinds)
        return kind.__name__, kind()

    def noise(self):
        return self.random.randbytes(self.random.randint(1, 1500))

    def noise_of_a_class(self):
        """A first byte that RFC 7983 gives to STUN, DTLS, TURN, RTP; RTCP by the second."""
        first = self.random.choice((0, 1, 20, 22, 23, 25, 63, 64, 128, 144, 191))
        second = self.random.choice((72, 96, 111, 192, 200, 201, 203, 205, 206, 223))
        return bytes((first, second)) + self.random.randbytes(self.random.randint(0, 300))

    def stun_of_a_stranger(self):
        name = self.random.randbytes(4).hex()
        return stun.binding_request(f"{name}:{name}", name)[1]

    def stun_wrong_integrity(self):
        return stun.binding_request(self.username, self.random.randbytes(12).hex())[1]

    def stun_half_the_username(self):
        name = self.random.choice((self.ufrag, self.ufrag + ":", self.ufrag + ":x" * 100, ":", ""))
        return stun.binding_request(name, "0123456789abcdefghijkl")[1]

    def stun_odd_attributes(self):
        """Right header and length, attributes that run past the end or repeat without end."""
        body = b""
        for _ in range(self.random.randint(0, 20)):
            kind = self.random.choice((0x0006, 0x0008, 0x0020, 0x0024, 0x7FFF, 0x8028, 0xC057))
            size = self.random.choice((0, 1, 4, 20, 255, 65535))
            body += struct.pack("!HH", kind, size) + self.random.randbytes(min(size, 24))
        body += bytes(-len(body) % 4)
        kind = self.random.choice((stun.REQUEST, stun.SUCCESS, stun.ERROR, 0x0011, 0x0003))
        return struct.pack("!HHI", kind, len(body), stun.MAGIC) + self.random.randbytes(12) + body

    def early_hello(self):
        return self.random.choice(self.hellos)

    def truncated(self):
        whole = self.random.choice((self.early_hello, self.stun_wrong_integrity))()
        return whole[: self.random.randint(1, len(whole) - 1)]

    def flipped(self):
        whole = bytearray(self.random.choice((self.early_hello, self.stun_wrong_integrity))())
        for _ in range(self.random.randint(1, 8)):
            whole[self.random.randrange(len(whole))] ^= 1 << self.random.randrange(8)
        return bytes(whole)

    def alert(self):
        """close_notify and handshake_failure in the clear."""
        alert = self.random.choice((b"\1\0", b"\2\x28"))
        return b"\x15\xfe\xfd" + bytes(8) + struct.pack("!H", len(alert)) + alert

    def empty(self):
        return b""

    def oversize(self):
        return self.random.choice((b"\0", b"\x16", b"\x80")) + bytes(
            self.random.randint(1500, 60000))


class Spoofer:
    """Sends with the viewer's own address as the source."""

    def __init__(self, source, server):
        self.source, self.server = source, server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, data):
        data = data[:1472]
        udp = struct.pack("!HHHH", self.source[1], self.server[1], 8 + len(data), 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0,
                         socket.inet_aton(self.source[0]), socket.inet_aton(self.server[0]))
        self.socket.sendto(ip + udp + data, (self.server[0], 0))


class Strangers:
    """Sockets at ever other addresses of loopback."""

    def __init__(self, random_source, server):
        self.random, self.server = random_source, server
        self.slots = []  # [socket, datagrams sent]

    def _open(self):
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        new.bind((f"127.{self.random.randrange(256)}.{self.random.randrange(256)}.9", 0))
        self.slots.append([new, 0])

    def send(self, data):
        if len(self.slots) < SOCKETS:
            self._open()
        slot = self.random.choice(self.slots)
        slot[0].sendto(data, self.server)
        slot[1] += 1
        if slot[1] >= SOCKET_LIFE:
            slot[0].close()
            self.slots.remove(slot)


def attack(seconds, random_source, server, victim, ufrag, username):
    """server, victim: [address, port] of the media port and of a viewer; ufrag: the server's in the
    victim's session, username: both halves."""
    datagrams = Datagrams(random_source, ufrag, username)
    spoofer, strangers = Spoofer(victim, server), Strangers(random_source, tuple(server))
    sent = collections.Counter()
    for _ in pace.turns(seconds, PER_S):
        kind, data = datagrams.next()
        if random_source.random() < SPOOFED_SHARE:
            spoofer.send(data)
            sent["spoofed " + kind] += 1
        else:
            strangers.send(data)
            sent[kind] += 1
    return sent
