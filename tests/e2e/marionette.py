# SPDX-License-Identifier: Apache-2.0
"""Marionette, by which Firefox is driven from outside: commands and answers in JSON over TCP, each
behind its length. Debian has no geckodriver, which would speak WebDriver over it.

The protocol: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""
import json
import socket

COMMAND, TIMEOUT_S = 0, 90  # longer than pages and scripts may take


class MarionetteError(Exception):
    pass


class Marionette:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._input = self._socket.makefile("rb")
        self._sent = 0
        self._receive()  # what the browser says of itself

    def _receive(self):
        length = b""
        while (byte := self._input.read(1)) != b":":
            if not byte:
                raise MarionetteError("the browser has hung up")
            length += byte
        text = self._input.read(int(length))
        if len(text) < int(length):
            raise MarionetteError("the browser has hung up")
        return json.loads(text)

    def call(self, command, **parameters):
        """Returns what the command answers; its errors are raised."""
        self._sent += 1
        text = json.dumps([COMMAND, self._sent, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self._receive()
        assert number == self._sent
        if error:
            raise MarionetteError(f"{command}: {error['error']}: {error['message']}")
        return result

    def close(self):
        self._input.close()
        self._socket.close()
