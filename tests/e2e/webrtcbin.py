# SPDX-License-Identifier: Apache-2.0
"""Runs webrtcbin_viewer.py for as long as there is something to wait for.

    viewer = Webrtcbin(folder / "webrtcbin.log", server.whep("cam1"))
    decoded = viewer.watch(video=100)
"""
import json
import sys
from pathlib import Path

from process import Process, until

VIEWER = Path(__file__).with_name("webrtcbin_viewer.py")
PATIENCE_S = 60
NOTHING = {"video": 0, "audio": 0, "error": None}


class Webrtcbin(Process):
    def __init__(self, log, url, *codecs):
        """codecs: of picture and sound, if not H264 and OPUS."""
        super().__init__([sys.executable, VIEWER, url, 2 * PATIENCE_S, *codecs], log)

    def decoded(self):
        """What it has said last, of whole lines."""
        said = self.output().rpartition("\n")[0].splitlines()
        return json.loads(said[-1]) if said and said[-1].startswith("{") else NOTHING

    def _has(self, video, audio):
        assert self.running(), self.output()
        now = self.decoded()
        return now["video"] >= video and now["audio"] >= audio

    def watch(self, video=0, audio=0):
        """Ends it when it has decoded so many pictures and buffers of sound; what it said then."""
        try:
            until(lambda: self._has(video, audio), PATIENCE_S,
                  f"{video} pictures and {audio} buffers of sound", why=self.tail)
            assert self.stop() == 0, self.output()
        finally:
            self.kill()
        assert self.decoded()["error"] is None
        return self.decoded()
