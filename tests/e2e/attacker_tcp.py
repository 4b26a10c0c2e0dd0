# SPDX-License-Identifier: Apache-2.0
"""Junk in frames (RFC 4571), and broken frames, at the media port's TCP side."""
import collections
import socket
import struct

import pace
from attacker_udp import Datagrams

PER_S = 150
CONNECTIONS = 24
CONNECTION_LIFE = 40  # frames


class Frames:
    """Makes one frame at a time."""

    def __init__(self, random_source, ufrag, username):
        self.random = random_source
        self.datagrams = Datagrams(random_source, ufrag, username)
        self.kinds = [self.whole, self.whole, self.empty, self.promise, self.two_halves, self.noise]

    def next(self):
        kind = self.random.choice(self.kinds)
        return kind.__name__, kind()

    def whole(self):
        data = self.datagrams.next()[1]
        return struct.pack("!H", len(data)) + data

    def empty(self):
        return b"\0\0"

    def promise(self):
        """Of a length that no datagram has."""
        return b"\xff\xff" + self.random.randbytes(100)

    def two_halves(self):
        """Of different frames."""
        return self.whole()[: self.random.randint(1, 9)] + self.whole()

    def noise(self):
        return self.random.randbytes(self.random.randint(1, 3000))


def _send(connection, data):
    """False: it is closed."""
    try:
        connection.send(data)
        return True
    except BlockingIOError:
        return True
    except OSError:
        return False


def attack(seconds, random_source, server, ufrag, username):
    """server: [address, port] of the media port."""
    frames = Frames(random_source, ufrag, username)
    connections = []  # [socket, frames sent]
    sent = collections.Counter()
    for _ in pace.turns(seconds, PER_S):
        if len(connections) < CONNECTIONS:
            new = socket.create_connection(tuple(server), 60)
            new.setblocking(False)
            connections.append([new, 0])
        slot = random_source.choice(connections)
        kind, data = frames.next()
        sent[kind] += 1
        slot[1] += 1
        if not _send(slot[0], data) or slot[1] >= CONNECTION_LIFE:
            slot[0].close()
            connections.remove(slot)
    return sent
