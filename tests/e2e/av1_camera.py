# SPDX-License-Identifier: Apache-2.0
"""A camera with AV1, as nothing in Debian 12 puts AV1 into RTP (RTP Payload Format For AV1, 4).

    with BadCameras({"av1": Av1Camera}, {"plain": Av1Clip(folder)}) as cameras:
        cameras["av1"].url

Not one of the bad cameras. Each packet holds one OBU or a fragment of one, another layout than
rtcfan's own, so that it is no judge of itself. The sequence header comes with the first keyframe
only.
"""
import subprocess

from bad_camera import Camera
from clip import FPS, PAYLOAD_MAX

SIZE = (640, 360)
GOP = 2 * FPS
SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2
EXTENSION, HAS_SIZE = 0x04, 0x02  # of an OBU's header
GOES_ON_HERE, GOES_ON_THERE, ONE_ELEMENT, NEW_SEQUENCE = 0x80, 0x40, 0x10, 0x08


def leb128(data, at):
    """The number at data[at], and where it ends."""
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
    return value | data[at] << shift, at + 1


def obus(data):
    """Each OBU's type, and the OBU without its size."""
    at = 0
    while at < len(data):
        payload = at + (2 if data[at] & EXTENSION else 1)
        size, begin = leb128(data, payload)
        header = bytes([data[at] & ~HAS_SIZE]) + data[at + 1 : payload]
        yield data[at] >> 3, header + data[begin : begin + size]
        at = begin + size


class Av1Clip:
    """One group of pictures by libaom, to be played in a loop."""

    def __init__(self, folder):
        path = folder / "av1.obu"
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", "-f", "lavfi",
             "-i", f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate={FPS}", "-frames:v", str(GOP),
             "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-threads", "2",
             "-pix_fmt", "yuv420p", "-b:v", "1M", "-g", str(GOP), str(path)],
            check=True, stdin=subprocess.DEVNULL)
        self._units = []  # of each picture: (type, OBU)
        for kind, obu in obus(path.read_bytes()):
            if kind == TEMPORAL_DELIMITER:
                self._units.append([])
            else:
                self._units[-1].append((kind, obu))

    def picture(self, number):
        """OBUs of the number-th picture."""
        unit = self._units[number % len(self._units)]
        return [obu for kind, obu in unit if number == 0 or kind != SEQUENCE_HEADER]

    def is_keyframe(self, number):
        return number % len(self._units) == 0


class Av1Camera(Camera):
    def media_sdp(self, track):
        return "m=video 0 RTP/AVP 96\na=rtpmap:96 AV1/90000\na=control:video\n"

    def payloads(self, tick):
        new = NEW_SEQUENCE if self.clip.is_keyframe(tick) else 0
        out = []
        for obu in self.picture(tick):
            for begin in range(0, len(obu), PAYLOAD_MAX):
                end = begin + PAYLOAD_MAX
                header = ONE_ELEMENT | new
                header |= GOES_ON_HERE if begin > 0 else 0
                header |= GOES_ON_THERE if end < len(obu) else 0
                out.append(bytes([header]) + obu[begin:end])
                new = 0
        return out
