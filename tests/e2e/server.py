# SPDX-License-Identifier: Apache-2.0
"""The program under test: started with a generated configuration, judged when it ends."""
import json
import os
import re
from pathlib import Path

import metrics
import netns
import whep
from process import Process, until

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RTCFAN_BUILD", ROOT / "build" / "release")).resolve()
PROGRAM = BUILD / "rtcfan"

HTTP_PORT, MEDIA_PORT, METRICS_PORT = 8889, 8189, 9998
BASE = f"http://{netns.ADDRESS}:{HTTP_PORT}"
FIGURES = f"http://127.0.0.1:{METRICS_PORT}"
METRICS = f"{FIGURES}/metrics"

LIVE_TIMEOUT_S = 40
REPORT = re.compile(
    r"^.*(?:ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:).*$", re.MULTILINE)

# A small quarantine, so that resident memory still says something about leaks.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=4:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def sanitized():
    """The program was built with AddressSanitizer."""
    return b"__asan_init" in PROGRAM.read_bytes()


def stream(name, source):
    """source: the URL, or a dict of the stream's keys."""
    keys = {"source": source} if isinstance(source, str) else source
    # JSON's texts, numbers and truth values are libconfig's too.
    text = " ".join(f"{key} = {json.dumps(value)};" for key, value in keys.items())
    return f'  {{ name = "{name}"; {text} }}'


def configuration(streams, extra="", http="", webrtc="", media="0.0.0.0"):
    """streams: {name: source URL, or a dict of keys}; http, webrtc: more keys of these groups;
    media: the address of the media port."""
    entries = ",\n".join(stream(name, source) for name, source in streams.items())
    return (f'http = {{ listen = "0.0.0.0:{HTTP_PORT}"; {http} }};\n'
            f'webrtc = {{ listen = "{media}:{MEDIA_PORT}"; {webrtc} }};\n'
            f'metrics = {{ listen = "127.0.0.1:{METRICS_PORT}"; }};\n'
            f"{extra}streams = (\n{entries}\n);\n")


class Server:
    """
        with Server(tmp_path, {"cam1": camera.url}) as server:
            server.wait_live("cam1")
    """

    def __init__(self, folder, streams, extra="", program=PROGRAM, **groups):
        self.config = folder / "rtcfan.cfg"
        self.config.write_text(configuration(streams, extra, **groups))
        self.process = Process([program, self.config], folder / "rtcfan.log",
                               env={**os.environ, **SANITIZER_OPTIONS})
        self.stopped = False
        until(lambda: self.answers() or not self.process.running(), LIVE_TIMEOUT_S,
              "the server's start")
        assert self.process.running(), self.process.output()

    @staticmethod
    def answers():
        try:
            return whep.request("GET", f"{BASE}/").status in (200, 401)
        except OSError:
            return False

    def maps(self, library):
        """The library is in the program's memory."""
        return library in Path(f"/proc/{self.process.pid}/maps").read_text(encoding="ascii")

    @staticmethod
    def status(name):
        """What the pages know of a stream."""
        streams = json.loads(whep.request("GET", f"{BASE}/api/streams").body)["streams"]
        return next(each for each in streams if each["name"] == name)

    @staticmethod
    def page(stream):
        return f"{BASE}/{stream}/"

    @staticmethod
    def whep(stream):
        return f"{BASE}/{stream}/whep"

    @staticmethod
    def metrics():
        return metrics.read(METRICS)

    @staticmethod
    def viewers():
        """What is told of each viewer, by all pages of it."""
        viewers, page, pages = [], 0, 1
        while page < pages:
            answer = json.loads(whep.request("GET", f"{FIGURES}/api/viewers?page={page}").body)
            viewers += answer["viewers"]
            page, pages = page + 1, answer["pages"]
        return viewers

    def wait_live(self, *streams):
        for stream in streams:
            until(lambda s=stream: self.live(s), LIVE_TIMEOUT_S, f"stream {stream} to be live")

    def live(self, stream):
        """An offer is taken: the state that counts for a viewer."""
        assert self.process.running(), self.process.output()
        response = whep.post(self.whep(stream), whep.offer())
        if response.status == 201:
            whep.request("DELETE", whep.location(self.whep(stream), response))
        else:
            assert response.status in (409, 504), response
        return response.status == 201

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def stop(self):
        """SIGTERM. The exit code must be 0 and no sanitizer may have spoken."""
        if self.stopped:
            return
        self.stopped = True
        code = self.process.stop(40)
        output = self.process.output()
        report = REPORT.search(output)
        assert report is None, f"{report.group(0)}\n{output[-20000:]}"
        assert code == 0, f"exit code {code}\n{output[-20000:]}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.stopped = True
            self.process.kill()
