# SPDX-License-Identifier: Apache-2.0
"""A stranger without manners: what a hostile network sends, at a bounded rate, from a seed.

    python3 attacker.py udp|http SECONDS SEED JSON

JSON of udp: {"server": [address, port], "victim": [address, port], "ufrag": local ufrag of a live
session, "username": both of its halves}. JSON of http: {"server": [address, port], "stream": name}.
Prints what was sent, by kind, as JSON.
"""
import collections
import json
import random
import select
import socket
import struct
import sys
import time

from OpenSSL import SSL

import stun
import whep

UDP_PER_S = 2000
UDP_SOCKETS = 32
UDP_SOCKET_LIFE = 2000  # datagrams, then another port
SPOOFED_SHARE = 0.1

HTTP_PER_S = 60
HTTP_OPEN_MAX = 120
HTTP_LIFE_S = 3


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


def attack_udp(seconds, random_source, server, victim, ufrag, username):
    datagrams = Datagrams(random_source, ufrag, username)
    spoofer = Spoofer(victim, server)
    sockets = []
    sent = collections.Counter()
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        due = int(elapsed * UDP_PER_S) - sum(sent.values())
        if due <= 0:
            time.sleep(0.005)
            continue
        for _ in range(min(due, 50)):
            kind, data = datagrams.next()
            if random_source.random() < SPOOFED_SHARE:
                spoofer.send(data)
                sent["spoofed " + kind] += 1
                continue
            if len(sockets) < UDP_SOCKETS:
                sockets.append([socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0])
            slot = random_source.choice(sockets)
            slot[0].sendto(data, tuple(server))
            slot[1] += 1
            sent[kind] += 1
            if slot[1] >= UDP_SOCKET_LIFE // UDP_SOCKETS:
                slot[0].close()
                sockets.remove(slot)
    return sent


class Requests:
    """Makes one broken conversation at a time: what is sent at once, and what drips after it."""

    def __init__(self, random_source, stream):
        self.random = random_source
        self.path = f"/{stream}/whep"
        self.offer = whep.offer().encode()
        self.kinds = [
            self.noise, self.half_request, self.bad_method, self.huge_header, self.many_headers,
            self.long_path, self.slow_headers, self.slow_body, self.bad_length, self.bad_chunks,
            self.broken_offer, self.flipped_offer, self.pipelined,
        ]

    def next(self):
        kind = self.random.choice(self.kinds)
        return (kind.__name__, *kind())

    def post(self, body, length=None):
        length = len(body) if length is None else length
        return (f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {length}\r\n\r\n").encode() + body

    def noise(self):
        return self.random.randbytes(self.random.randint(1, 4000)), b""

    def half_request(self):
        whole = self.post(self.offer)
        return whole[: self.random.randint(1, len(whole) - 1)], b""

    def bad_method(self):
        method = self.random.choice((b"BREW", b"", b"G\0T", b"A" * 5000, b"PROPFIND", b"get"))
        return method + b" / HTTP/1.1\r\nHost: x\r\n\r\n", b""

    def huge_header(self):
        return b"GET / HTTP/1.1\r\nX: " + b"y" * self.random.choice((9000, 70000, 300000)), b"y"

    def many_headers(self):
        return b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * self.random.randint(1000, 20000), b"A: b\r\n"

    def long_path(self):
        return b"GET /" + b"%2e/" * self.random.randint(1000, 30000) + b" HTTP/1.1\r\n\r\n", b""

    def slow_headers(self):
        return b"GET / HTTP/1.1\r\n", b"a"

    def slow_body(self):
        return self.post(b"v=0\r\n", 2000), b"a"

    def bad_length(self):
        length = self.random.choice((-1, 2**31, 2**32, 2**63, 2**64, "x", "1, 2", "0x10"))
        return self.post(self.offer, length), b""

    def bad_chunks(self):
        chunk = self.random.choice((b"ffffffffffffffff\r\nx", b"-1\r\n", b"zz\r\n", b"5\r\nabc"))
        return (f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
                "Transfer-Encoding: chunked\r\n\r\n").encode() + chunk, b""

    def broken_offer(self):
        return self.post(self.offer[: self.random.randint(0, len(self.offer) - 1)]), b""

    def flipped_offer(self):
        body = bytearray(self.offer)
        for _ in range(self.random.randint(1, 20)):
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        return self.post(bytes(body)), b""

    def pipelined(self):
        return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50, b""


class Conversation:
    def __init__(self, server, opening, drip):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(tuple(server))
        self.pending, self.drip = opening, drip
        self.end = time.monotonic() + HTTP_LIFE_S

    def step(self):
        """Sends and reads what can be; False when it is over."""
        try:
            if not select.select([], [self.socket], [], 0)[1]:
                return time.monotonic() < self.end
            if self.pending:
                self.pending = self.pending[self.socket.send(self.pending):]
            elif self.drip:
                self.socket.send(self.drip)
            if not self.socket.recv(65536):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return time.monotonic() < self.end


def attack_http(seconds, random_source, server, stream):
    requests = Requests(random_source, stream)
    open_now = []
    sent = collections.Counter()
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        if len(open_now) < HTTP_OPEN_MAX and sum(sent.values()) < elapsed * HTTP_PER_S:
            kind, opening, drip = requests.next()
            open_now.append(Conversation(server, opening, drip))
            sent[kind] += 1
        else:
            time.sleep(0.01)
        for conversation in list(open_now):
            if not conversation.step():
                conversation.socket.close()
                open_now.remove(conversation)
    return sent


def main():
    mode, seconds, seed, arguments = sys.argv[1:]
    attack = {"udp": attack_udp, "http": attack_http}[mode]
    sent = attack(float(seconds), random.Random(int(seed)), **json.loads(arguments))
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
