# SPDX-License-Identifier: Apache-2.0
"""An RTSP server whose cameras are at fault, each in one thing and under a name of its own.

    @quirk
    class Forward(Camera): ...

    with BadCameras(QUIRKS, clips) as cameras:
        cameras["forward"].url
        cameras.happen()            what goes wrong while they play goes wrong now

Camera does all as it should; quirks (quirks_*.py) are subclasses of it. A tick of TICK_S is one
picture and one packet of audio; the tick is also what a viewer finds in them.
"""
import asyncio
import itertools
import random
import re
import struct
import threading
import time

import clip
from rtsp_connection import Connection

TICK_S = 1 / clip.FPS
REPORT_TICKS = 12  # from sender report to sender report
VIDEO, AUDIO = "video", "audio"
PAYLOAD_TYPE = {VIDEO: 96, AUDIO: 97}
RATE = {VIDEO: 90000, AUDIO: 48000}
RTCP_SR = 200
NTP_OFFSET_S = 2208988800  # 1900 to 1970

SDP = {
    VIDEO: "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\n",
    AUDIO: "m=audio 0 RTP/AVP 97\na=rtpmap:97 opus/48000/2\n",
}


QUIRKS = {}  # by name


def quirk(kind):
    """Gives the class its place and name: TimeForward is time-forward."""
    QUIRKS[re.sub(r"(?<=.)([A-Z])", r"-\1", kind.__name__).lower()] = kind
    return kind


class Camera:
    """One that is not at fault. What is no hook for quirks begins with an underscore."""

    suffix = ""  # of the URL, behind the name
    credentials = ""
    transport = "tcp"  # that rtcfan is to use ...
    keys = {}  # ... and what else its configuration says of the stream
    tracks = (VIDEO,)
    timeout_s = 60
    public = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"

    # What has to come of it.
    plays = True
    connects = 1  # attempts that rtcfan makes
    last_error = ""  # a part of it
    transport_used = "tcp"
    even = True  # a viewer's pictures follow each other at the camera's rate ...
    uneven_s = 0.01  # ... but for so much
    synced = True  # its picture and sound belong together
    whole = True  # no picture is missing

    def __init__(self, name, server, clips):
        self.name, self._server, self.clips = name, server, clips
        self.clip = clips["plain"]
        self.connections = 0
        self.requests, self.answers = [], []
        self.errors = []  # of the test itself
        self.status = {}  # what rtcfan knew of it in the end
        self.event = None  # the tick at which what goes wrong goes wrong
        self.tick = -1
        self.sent = []  # when each was
        self.ssrc = {track: random.getrandbits(32) for track in (VIDEO, AUDIO)}

    @property
    def base(self):
        return f"rtsp://127.0.0.1:{self._server.port}/{self.name}{self.suffix}"

    @property
    def url(self):
        return self.base.replace("//", f"//{self.credentials}@" if self.credentials else "//", 1)

    def asked(self, method):
        return [request for request in self.requests if request.method == method]

    def happened(self, tick):
        return self.event is not None and tick >= self.event

    def by_arrival(self, tick):
        """Does its arrival place the picture, as its timestamp is of no use?"""
        return tick == self.event

    def judge(self, seen):
        """Asserts what this one is about. seen: what a viewer got (watch.Watch)."""

    # ---- what it says ----

    def head(self, status, reason, headers):
        lines = [f"RTSP/1.0 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
        return "".join(line + "\r\n" for line in [*lines, ""])

    def control(self, track):
        """What the SDP says: None: nothing."""
        return track

    def setup_url(self, track):
        """What rtcfan has to make of that."""
        return f"{self.base}/{track}"

    def play_url(self):
        return self.base + "/"

    def base_headers(self):
        return [("Content-Base", self.base + "/")]

    def session(self, connection):
        return f"{connection.session};timeout={self.timeout_s}"

    def media_sdp(self, track):
        control = self.control(track)
        return SDP[track] + (f"a=control:{control}\n" if control is not None else "")

    def sdp(self):
        media = "".join(self.media_sdp(track) for track in self.tracks)
        return ("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=x\nt=0 0\n" + media).replace("\n", "\r\n")

    def play_headers(self):
        return [("Range", "npt=0.000-")]

    # ---- what it answers ----

    def admit(self, connection, request):
        """Whether the request may go on; has answered it if not."""
        return True

    def options(self, connection, request):
        connection.reply(request, headers=[("Public", self.public)])

    def describe(self, connection, request):
        body = self.sdp()
        headers = [*self.base_headers(), ("Content-Type", "application/sdp"),
                   ("Content-Length", len(body))]
        connection.reply(request, headers=headers, body=body)

    def setup(self, connection, request):
        track = next((t for t in self.tracks if request.url == self.setup_url(t)), None)
        if track is None:
            connection.reply(request, 404, "Not Found")
            return
        transport = self.take_transport(connection, track, request["transport"])
        headers = [("Session", self.session(connection))]
        headers += [("Transport", transport)] if transport else []
        connection.reply(request, headers=headers)

    def take_transport(self, connection, track, asked):
        """Decides how the track goes, and returns what the answer says of it."""
        if "interleaved=" in asked:
            rtp, rtcp = (int(n) for n in asked.partition("interleaved=")[2].split("-"))
            connection.over_tcp(track, rtp, rtcp)
            return f"RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}"
        ports = connection.over_udp(track, asked)
        return f"{asked};server_port={ports[0]}-{ports[1]}"

    def play(self, connection, request):
        if request.url != self.play_url():
            connection.reply(request, 404, "Not Found")
            return
        connection.reply(request, headers=[("Session", self.session(connection)),
                                           *self.play_headers()])
        connection.play()

    def get_parameter(self, connection, request):
        connection.reply(request, headers=[("Session", self.session(connection))])

    def teardown(self, connection, request):
        connection.reply(request)
        connection.stop()

    # ---- what it sends ----

    def due(self, tick):
        """When it leaves, in seconds of play."""
        return tick * TICK_S

    def lag(self, track):
        """How many ticks the track comes late: encoders take their time."""
        return 0

    def timestamp(self, track, tick):
        return 1000000 + round(tick * TICK_S * RATE[track])

    def shown_s(self, tick):
        """When it is to be seen, in the time of the camera."""
        return tick * TICK_S

    def picture(self, tick):
        return self.clip.picture(tick)

    def payloads(self, tick):
        return clip.picture_payloads(self.picture(tick))

    def packets(self, track, tick):
        """Payload, marker and timestamp of each."""
        if track == VIDEO:
            parts = self.payloads(tick)
        else:
            parts = [b"\xf8%08d" % tick]  # a frame of Opus, if nobody decodes it
        return [(part, track == VIDEO and self.marker(i, len(parts)), self.timestamp(track, tick))
                for i, part in enumerate(parts)]

    def sequence(self, track, count):
        return 100 + count

    def source(self, track, tick):
        return self.ssrc[track]

    def marker(self, index, count):
        return index == count - 1

    def ntp(self, tick):
        """The camera's clock in sender reports: seconds since 1900, or None: it has none."""
        return self._wall + NTP_OFFSET_S + tick * TICK_S

    def on_tick(self, connection, tick):
        """Is called before what the tick sends."""

    async def run(self, connection):
        self._wall, begin = time.time(), time.monotonic()
        for tick in itertools.count():
            await asyncio.sleep(max(0, begin + self.due(tick) - time.monotonic()))
            self.tick = tick
            self.sent.append(time.monotonic())
            self.on_tick(connection, tick)
            for track in self.tracks:
                self._send(connection, track, tick - self.lag(track))
            await connection.writer.drain()

    def _send(self, connection, track, tick):
        if tick < 0:
            return
        if tick % REPORT_TICKS == 0:
            connection.send(track, self._report(track, tick), rtcp=True)
        for payload, marker, timestamp in self.packets(track, tick):
            head = struct.pack("!BBHII", 0x80, marker << 7 | PAYLOAD_TYPE[track],
                               self.sequence(track, connection.count[track]) & 0xFFFF,
                               timestamp & 0xFFFFFFFF, self.source(track, tick))
            connection.count[track] += 1
            connection.send(track, head + payload)

    def _report(self, track, tick):
        ntp = self.ntp(tick)
        seconds = 0 if ntp is None else ntp
        return struct.pack("!BBHIIIIII", 0x80, RTCP_SR, 6, self.source(track, tick), int(seconds),
                           int(seconds % 1 * (1 << 32)), self.timestamp(track, tick) & 0xFFFFFFFF,
                           0, 0)


class BadCameras:
    """All of them on one port of their own thread, told apart by the path of the URL."""

    def __init__(self, kinds, clips):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = self._call(asyncio.start_server(self._serve, "0.0.0.0", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.cameras = {name: make(name, self, clips) for name, make in kinds.items()}
        self._connections = set()

    def _call(self, coroutine):
        if not self._thread.is_alive():
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _serve(self, reader, writer):
        connection = Connection(reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve(self.cameras)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it has gone
        except Exception as error:  # handed to the test
            connection.camera.errors.append(error)
        finally:
            self._connections.discard(connection)
            connection.close()

    def __getitem__(self, name):
        return self.cameras[name]

    def happen(self):
        for camera in self.cameras.values():
            if camera.tick >= 0:
                camera.event = camera.tick + 2

    async def _end(self):
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
