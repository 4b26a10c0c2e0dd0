# SPDX-License-Identifier: Apache-2.0
"""More RTSP servers that we did not write: VLC, and Perl's RTSP::Server with what ffmpeg sends it.

Both have their pictures from a recording and serve them over UDP alone. ffmpeg itself serves
nobody: its muxer records to a server, and its listener (-rtsp_flags listen, of the demuxer) is
there for such a one. So there is a server between, which hands on ffmpeg's SDP and packets as they
are.
"""
import socket
import subprocess

from cameras import START_TIMEOUT_S, Camera
from process import Process, until

FPS, SECONDS, SIZE, TONE_HZ = 25, 4, "320x180", 330
X264 = "libx264 -preset superfast -g 25 -x264-params b-adapt=0:b-pyramid=none"
# Encoder of ffmpeg and its options.
VIDEO = {
    "h264-baseline": f"{X264} -profile:v baseline",
    "h264-high-b": f"{X264} -profile:v high -bf 2",
    "h265": "libx265 -preset ultrafast -x265-params keyint=25:bframes=0:log-level=error",
    "vp8": "libvpx -deadline realtime -cpu-used 8 -g 25",
}
AUDIO = {
    "opus": "libopus -ar 48000 -ac 2",
    "aac": "aac -ar 48000 -ac 2",
    "pcmu": "pcm_mulaw -ar 8000 -ac 1",
}
RELAY = """
use AnyEvent;
use RTSP::Server;
my $server = RTSP::Server->new_with_options;
$server->listen;
AnyEvent->condvar->recv;
"""


def record(folder, video, audio, times=1):
    """Encodes SECONDS of a moving pattern and a tone; returns a file with so many of them."""
    once, path = folder / f"{video}-{audio}.mkv", folder / f"{video}-{audio}-{times}.mkv"
    _ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate={FPS}", "-f", "lavfi",
            "-i", f"sine=frequency={TONE_HZ}", "-t", SECONDS, "-pix_fmt", "yuv420p",
            "-b:v", "300k", "-c:v", *VIDEO[video].split(), "-c:a", *AUDIO[audio].split(), once)
    _ffmpeg("-stream_loop", times - 1, "-i", once, "-c", "copy", path)
    return path


def _ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *map(str, arguments)], check=True,
                   stdin=subprocess.DEVNULL)


class _Player(Camera):
    """Serves a recording in real time."""

    def __init__(self, folder, port, path, recording):
        super().__init__(folder, port, path)
        self.log = folder / f"camera-{path}.log"
        self.recording = recording

    def start(self):
        self.process = Process(self.arguments(), self.log)
        until(lambda: self._announces() or not self.process.running(), START_TIMEOUT_S,
              f"picture and sound of camera {self.path}")
        assert self.process.running(), self.process.output()
        return self

    def _announces(self):
        """Its SDP has both tracks."""
        request = f"DESCRIBE {self.url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
        try:
            with socket.create_connection((self.address, self.port), 1) as connection:
                connection.settimeout(1)
                connection.sendall(request.encode())
                return connection.recv(4096).count(b"\nm=") == 2
        except OSError:
            return False


class VlcCamera(_Player):
    """At the end it closes all connections, and begins again."""

    def arguments(self):
        # It refuses to run as root; in a user namespace without a mapping it is nobody.
        return ["unshare", "--user", "vlc", "--intf", "dummy", "--no-media-library",
                "--loop", self.recording, "--sout", f"#rtp{{sdp={self.url}}}"]


class Relay:
    """RTSP::Server: takes streams at one port, and serves them at another.

        with Relay(folder) as relay, FfmpegCamera(folder, relay, "one", recording) as camera:
            camera.url
    """

    def __init__(self, folder, port=8654):
        self.log, self.port, self.record_port = folder / "relay.log", port, port + 1

    def __enter__(self):
        self.process = Process(
            ["perl", "-e", RELAY, "--", "--clientport", self.port, "--serverport",
             self.record_port, "--client_listen_address", "127.0.0.1",
             "--source_listen_address", "127.0.0.1"], self.log)
        until(self._listens, START_TIMEOUT_S, "RTSP::Server's start")
        return self

    def __exit__(self, *_):
        self.process.kill()

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class FfmpegCamera(_Player):
    """After the end nothing comes, and no such stream is found, until it starts again."""

    def __init__(self, folder, relay, path, recording):
        super().__init__(folder, relay.port, path, recording)
        self.record_port = relay.record_port

    def arguments(self):
        return ["ffmpeg", "-loglevel", "warning", "-re", "-i", self.recording, "-c", "copy",
                "-f", "rtsp",
                f"rtsp://127.0.0.1:{self.record_port}/{self.path}"]
