# SPDX-License-Identifier: Apache-2.0
"""A WHEP server on aiortc and aiohttp, which has nothing in common with ours: a full ICE agent, the
DTLS client, AES128_CM_SHA1_80 only, an encoder of its own for each viewer."""
import asyncio
import threading
import uuid

import av
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack

START_TIMEOUT_S = 30
WIDTH, HEIGHT = 320, 240


class Pattern(VideoStreamTrack):
    """A picture that changes, 30 times a second."""

    def __init__(self):
        super().__init__()
        self._count = 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._count % 256]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        self._count += 1
        return frame


class AiortcServer:
    """Runs on a thread of its own."""

    def __init__(self, address, port):
        self.url = f"http://{address}:{port}/pattern/whep"
        self.sessions = {}
        self.created = self.deleted = 0
        self._site = (address, port)
        self._runner = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    async def _post(self, request):
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await pc.setRemoteDescription(
            RTCSessionDescription(sdp=await request.text(), type="offer"))
        pc.addTrack(Pattern())
        await pc.setLocalDescription(await pc.createAnswer())
        session = uuid.uuid4().hex
        self.sessions[session] = pc
        self.created += 1
        return web.Response(status=201, text=pc.localDescription.sdp,
                            content_type="application/sdp",
                            headers={"Location": f"session/{session}"})

    async def _delete(self, request):
        pc = self.sessions.pop(request.match_info["session"], None)
        if pc is None:
            return web.Response(status=404)
        await pc.close()
        self.deleted += 1
        return web.Response()

    async def _start(self):
        app = web.Application()
        app.router.add_post("/pattern/whep", self._post)
        app.router.add_delete("/pattern/session/{session}", self._delete)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._site).start()

    async def _stop(self):
        for pc in list(self.sessions.values()):
            await pc.close()
        await self._runner.cleanup()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(START_TIMEOUT_S)

    def __enter__(self):
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_):
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
