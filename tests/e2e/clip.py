# SPDX-License-Identifier: Apache-2.0
"""H.264 pictures made by x264, and their RTP payloads (RFC 6184).

Each picture carries its number, so that a viewer can tell which of the camera's it has before it.
"""
import base64
import itertools
import re
import subprocess

FPS = 25
GOP = 25
SECONDS = 2
PAYLOAD_MAX = 1000

NAL_IDR, NAL_SEI, NAL_SPS, NAL_PPS, NAL_FU_A = 5, 6, 7, 8, 28
MARK = b"rtcfan-test-tick"  # 16 bytes: the UUID of a user_data_unregistered (ITU-T H.264 D.1.7)
MARKED = re.compile(re.escape(MARK) + rb"(\d{8})")


def kind(nal):
    return nal[0] & 31


def mark(number):
    """An SEI message that names the picture. ASCII needs no emulation prevention."""
    return bytes([NAL_SEI, 5, len(MARK) + 8]) + MARK + b"%08d" % number + b"\x80"


def find_marks(payload):
    return [int(number) for number in MARKED.findall(payload)]


def sprop(nal):
    """As in sprop-parameter-sets (RFC 6184 8.1)."""
    return base64.b64encode(nal).decode()


def _encode(path, size, b_frames):
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi",
         "-i", f"testsrc2=size={size}:rate={FPS}:duration={SECONDS}",
         "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p",
         "-profile:v", "main" if b_frames else "baseline", "-bf", str(b_frames), "-x264-params",
         f"keyint={GOP}:scenecut=0:slices=1:b-adapt=0:b-pyramid=none"
         ":vbv-maxrate=150:vbv-bufsize=50",
         "-f", "h264", str(path)], check=True, stdin=subprocess.DEVNULL)


class Clip:
    """A second of pictures, the first of them a keyframe, to be played in a loop."""

    def __init__(self, folder, size="320x180", b_frames=0):
        path = folder / f"{size}-{b_frames}.h264"
        _encode(path, size, b_frames)
        nals = re.split(rb"\x00\x00\x00?\x01", path.read_bytes())[1:]
        self.sps = next(nal for nal in nals if kind(nal) == NAL_SPS)
        self.pps = next(nal for nal in nals if kind(nal) == NAL_PPS)
        slices = [nal for nal in nals if kind(nal) <= NAL_IDR]
        keyframes = [i for i, nal in enumerate(slices) if kind(nal) == NAL_IDR]
        self.slices = slices[: keyframes[1]]
        self.order = self._display_order()

    def _display_order(self):
        """What is a B-frame is shown before the picture that was sent before it."""
        order, shown, waiting = [0] * len(self.slices), 0, []
        for i, nal in enumerate(self.slices):
            refers = nal[0] & 0x60 != 0  # nal_ref_idc: others may refer to it
            for each in waiting if refers else [i]:
                order[each] = shown
                shown += 1
            waiting = [i] if refers else waiting
        order[waiting[0]] = shown
        return order

    def picture(self, number):
        """NAL units of the number-th picture, parameter sets in front of a keyframe."""
        nal = self.slices[number % len(self.slices)]
        sets = [self.sps, self.pps] if kind(nal) == NAL_IDR else []
        return [*sets, mark(number), nal]

    def shown(self, number):
        """When the number-th picture is shown, in pictures."""
        return number - number % len(self.slices) + self.order[number % len(self.slices)]


def payloads(nal):
    """The RTP payloads of one NAL unit: itself, or FU-A."""
    if len(nal) <= PAYLOAD_MAX:
        return [nal]
    head, body = nal[0], nal[1:]
    parts = [body[at : at + PAYLOAD_MAX] for at in range(0, len(body), PAYLOAD_MAX)]
    last = len(parts) - 1
    return [bytes([head & 0xE0 | NAL_FU_A, (i == 0) << 7 | (i == last) << 6 | head & 31]) + part
            for i, part in enumerate(parts)]


def picture_payloads(nals):
    return list(itertools.chain.from_iterable(payloads(nal) for nal in nals))
