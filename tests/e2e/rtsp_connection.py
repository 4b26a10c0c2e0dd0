# SPDX-License-Identifier: Apache-2.0
"""The server's end of an RTSP connection, with its media over TCP or UDP. asyncio."""
import asyncio
import collections
import itertools
import os
import socket
import struct
import time


class Request:
    def __init__(self, text):
        lines = text.split("\r\n")
        self.text = text
        self.method, self.url = lines[0].split(" ")[:2]
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()

    def __getitem__(self, name):
        return self.headers.get(name, "")


class Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.camera = None
        self.session = os.urandom(4).hex()
        self.count = collections.Counter()  # of RTP packets, by track
        self._channels, self._sockets = {}, {}
        self.task = None
        self.heard = time.monotonic()  # of the last request

    # ---- what comes in ----

    async def _read(self):
        """The next message. What comes in frames is passed over."""
        while True:
            first = await self.reader.readexactly(1)
            if first == b"$":
                await self.reader.readexactly(
                    struct.unpack("!xH", await self.reader.readexactly(3))[0])
                continue
            text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
            return Request(text[:-4])

    async def serve(self, cameras):
        while True:
            request = await self._read()
            self.heard = time.monotonic()
            if request.method.startswith("RTSP/"):
                self.camera.answers.append(request)
                continue
            if self.camera is None:
                name = request.url.split("/")[3].partition("?")[0]
                self.camera = cameras[name]
                self.camera.connections += 1
            self.camera.requests.append(request)
            handler = getattr(self.camera, request.method.lower())
            if self.camera.admit(self, request):
                handler(self, request)

    # ---- what goes out ----

    def write(self, data):
        self.writer.write(data.encode() if isinstance(data, str) else data)

    def reply(self, request, status=200, reason="OK", headers=(), body="", cseq=None):
        cseq = request["cseq"] if cseq is None else cseq
        self.write(self.camera.head(status, reason, [("CSeq", cseq), *headers]) + body)

    def ask(self, method, cseq, headers=()):
        lines = [f"{method} {self.camera.base} RTSP/1.0", f"CSeq: {cseq}", *headers, "", ""]
        self.write("\r\n".join(lines))

    def over_tcp(self, track, rtp, rtcp):
        self._channels[track] = (rtp, rtcp)

    def over_udp(self, track, asked, address="127.0.0.1"):
        """Returns our two ports."""
        ports = [int(n) for n in asked.partition("client_port=")[2].split(";")[0].split("-")]
        self._sockets[track] = []
        for port in ports:
            each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            each.bind((address, 0))
            each.connect(("127.0.0.1", port))
            self._sockets[track].append(each)
        return [each.getsockname()[1] for each in self._sockets[track]]

    def mute_udp(self):
        for each in itertools.chain.from_iterable(self._sockets.values()):
            each.close()
        self._sockets = {}

    def send(self, track, packet, rtcp=False):
        if track in self._channels:
            head = struct.pack("!cBH", b"$", self._channels[track][rtcp], len(packet))
            self.writer.write(head + packet)
        elif track in self._sockets:
            try:
                self._sockets[track][rtcp].send(packet)
            except ConnectionRefusedError:
                pass  # it has closed its port

    def play(self):
        self.task = asyncio.create_task(self.camera.run(self))
        self.task.add_done_callback(self._played)

    def _played(self, task):
        if not task.cancelled() and not isinstance(task.exception(), ConnectionError):
            self.camera.errors.append(task.exception())

    def stop(self):
        if self.task:
            self.task.cancel()
        self.mute_udp()

    def close(self):
        self.stop()
        self.writer.close()
