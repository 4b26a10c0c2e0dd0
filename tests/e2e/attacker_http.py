# SPDX-License-Identifier: Apache-2.0
"""Broken and half-open conversations at the HTTP port."""
import collections
import select
import socket
import time

import whep

PER_S = 60
OPEN_MAX = 120
LIFE_S = 3


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
        self.end = time.monotonic() + LIFE_S

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


def attack(seconds, random_source, server, stream):
    """server: [address, port]."""
    requests = Requests(random_source, stream)
    open_now = []
    sent = collections.Counter()
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        if len(open_now) < OPEN_MAX and sum(sent.values()) < elapsed * PER_S:
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
