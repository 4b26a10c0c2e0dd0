# SPDX-License-Identifier: Apache-2.0
"""Well-formed requests that nobody means: offers that are not followed up, guessed sessions."""
import collections
import http.client

import pace
import whep

ALLOWED_PER_S = 50  # of one address
PER_S = 320
GREEDY_SHARE = 0.5  # from one address, which is too many; all until it is told so
GUESS_SHARE = 0.1
TIMEOUT_S = 30
CLOSED = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError")


class Client:
    """A connection from one address, opened again when it has to be."""

    def __init__(self, server, address):
        self.server, self.address = server, address
        self.connection = None

    def request(self, method, target, body, headers):
        """The status, or why there is none."""
        kept = self.connection is not None
        came = self._try(method, target, body, headers)
        if kept and came in CLOSED:  # the server may close what was idle, and did so just now
            came = self._try(method, target, body, headers)
        return came

    def _try(self, method, target, body, headers):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    *self.server, timeout=TIMEOUT_S, source_address=(self.address, 0))
            self.connection.request(method, target, body, headers)
            response = self.connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            return type(error).__name__


def attack(seconds, random_source, server, stream, addresses):
    """server: [address, port]; addresses: ours."""
    clients = [Client(server, address) for address in addresses]
    path = f"/{stream}/whep"
    came = collections.Counter()
    for _ in pace.turns(seconds, PER_S):
        greedy = not came["POST 429"] or random_source.random() < GREEDY_SHARE
        client = clients[0] if greedy else random_source.choice(clients[1:])
        if random_source.random() < GUESS_SHARE:
            method = random_source.choice(("DELETE", "PATCH", "GET"))
            target = f"{path}/{random_source.randbytes(16).hex()}"
            body, headers = "a=ice-ufrag:guess\r\n", {
                "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
        else:
            method, target = "POST", path
            body = whep.offer(random_source.randbytes(4).hex(), random_source.randbytes(12).hex())
            headers = {"Content-Type": whep.SDP}
        came[f"{method} {client.request(method, target, body, headers)}"] += 1
    return came
