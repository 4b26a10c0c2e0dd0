# SPDX-License-Identifier: Apache-2.0
"""aiortc as a viewer: the independent stack whose only SRTP profile is AES128_CM_SHA1_80."""
import asyncio
import threading

from OpenSSL import SSL
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

import whep

CONNECT_TIMEOUT_S = 60


class AiortcViewer:
    """Runs on a thread of its own; counts what was decoded."""

    def __init__(self, url):
        self.url = url
        self.frames = {"video": 0, "audio": 0}
        self.size = None
        self.profile = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._pc = None
        self._tasks = []
        self._session = None

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CONNECT_TIMEOUT_S)

    async def _connect(self):
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connected = asyncio.Event()

        @self._pc.on("connectionstatechange")
        def _():
            if self._pc.connectionState in ("connected", "failed"):
                connected.set()

        for kind in ("video", "audio"):
            self._pc.addTransceiver(kind, direction="recvonly")
        await self._pc.setLocalDescription(await self._pc.createOffer())
        response = await self._loop.run_in_executor(
            None, whep.post, self.url, self._pc.localDescription.sdp)
        assert response.status == 201, response
        self._session = whep.location(self.url, response)
        await self._pc.setRemoteDescription(
            RTCSessionDescription(sdp=response.body.decode(), type="answer"))
        for transceiver in self._pc.getTransceivers():
            track = transceiver.receiver.track
            self._tasks.append(asyncio.ensure_future(self._count(track)))
        await connected.wait()
        assert self._pc.connectionState == "connected", self._pc.connectionState
        self.profile = self._negotiated_profile()

    def _negotiated_profile(self):
        dtls = self._pc.getTransceivers()[0].receiver.transport
        chosen = SSL._lib.SSL_get_selected_srtp_profile(dtls.ssl._ssl)
        return None if chosen == SSL._ffi.NULL else SSL._ffi.string(chosen.name).decode()

    async def _count(self, track):
        try:
            while True:
                frame = await track.recv()
                self.frames[track.kind] += 1
                if track.kind == "video":
                    self.size = (frame.width, frame.height)
        except MediaStreamError:
            pass  # the track has ended

    async def _close(self):
        await self._pc.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __enter__(self):
        self._call(self._connect())
        return self

    def __exit__(self, *_):
        self._call(self._close())
        whep.request("DELETE", self._session)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
