# SPDX-License-Identifier: Apache-2.0
"""A camera with AAC whose sound says when it was made: it beeps at the beginning of each second.

    with BadCameras({"aac": AacCamera}, {"plain": Clip(folder), "beeps": Beeps(folder)}) as cameras:
        cameras["aac"].url

Not one of the bad cameras.
"""
import struct
import subprocess

from bad_camera import AUDIO, RATE, TICK_S, VIDEO, Camera

UNIT = 1024  # samples of an access unit
LOOP_S = 8  # 375 access units
ADTS_HEADER = 7


class Beeps:
    """AAC-LC of 48 kHz by ffmpeg. Unit k decodes to the samples from (k - 1) * UNIT on."""

    config = "1188"  # AudioSpecificConfig: AAC-LC, 48 kHz, one channel

    def __init__(self, folder):
        path = folder / "beeps.aac"
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i",
             f"aevalsrc='lt(mod(t,1),0.1)*0.5*sin(2000*PI*t)':s={RATE[AUDIO]}:d={2 * LOOP_S}",
             "-c:a", "aac", "-b:a", "64k", str(path)], check=True, stdin=subprocess.DEVNULL)
        units = list(self._cut(path.read_bytes()))
        count = LOOP_S * RATE[AUDIO] // UNIT
        # Only the second time around is what goes before as it is in a loop.
        self._units = units[count : 2 * count]

    @staticmethod
    def _cut(data):
        while data:
            size = (struct.unpack_from("!I", data, 2)[0] >> 5) & 0x1FFF
            yield data[ADTS_HEADER:size]
            data = data[size:]

    def unit(self, k):
        return self._units[k % len(self._units)]


class AacCamera(Camera):
    tracks = (VIDEO, AUDIO)

    def media_sdp(self, track):
        if track == VIDEO:
            return super().media_sdp(track)
        return ("m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/48000/1\n"
                "a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"
                f"config={Beeps.config}\na=control:audio\n")

    def packets(self, track, tick):
        if track == VIDEO:
            return super().packets(track, tick)
        first, end = (round(each * TICK_S * RATE[AUDIO]) // UNIT for each in (tick, tick + 1))
        return [self._packet(k) for k in range(first, end)]

    def _packet(self, k):
        unit = self.clips["beeps"].unit(k)
        timestamp = self.timestamp(AUDIO, 0) + (k - 1) * UNIT
        return struct.pack("!HH", 16, len(unit) << 3) + unit, True, timestamp
