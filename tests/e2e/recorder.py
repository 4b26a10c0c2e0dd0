# SPDX-License-Identifier: Apache-2.0
"""Keeps the video packets of a raw viewer, in the clear, and judges their clock."""
import bisect
import collections
import struct
import time

CLOCK_RATE = 90000
CLOCK_TOLERANCE_S = 0.5  # a camera's own jitter and a loaded test machine; not a GOP of 2 s
# In which a machine that stood still catches up. What is sent again in an outage comes less often
# (test_camera_outage.py), so that it is judged alone.
CATCH_UP_S = 1

NAL_IDR, NAL_SPS, NAL_STAP_A, NAL_FU_A = 5, 7, 24, 28

Packet = collections.namedtuple("Packet", "arrival sequence timestamp ssrc datagram payload")


class Recorder:
    def __init__(self, viewer):
        """viewer: one with authenticate set."""
        self.packets = []
        self._number = viewer.answer.payload_types["video"]
        viewer.on_rtp = self._take

    def _take(self, track, datagram, payload):
        if track.payload_type == self._number:
            sequence, timestamp = struct.unpack_from("!HI", datagram, 2)
            self.packets.append(Packet(time.monotonic(), sequence, timestamp, datagram[8:12],
                                       datagram, payload))


def starts_keyframe(payload):
    """This RTP payload is the first of a keyframe (RFC 6184 5.4)."""
    kind = payload[0] & 31
    if kind == NAL_STAP_A:
        return payload[3] & 31 == NAL_SPS
    return kind == NAL_SPS or (kind == NAL_FU_A and payload[1] == 0x80 | NAL_IDR)


def pictures(packets):
    """The payloads of each picture; the last may not be whole."""
    found = [[]]
    for packet in packets:
        found[-1].append(packet.payload)
        if packet.datagram[1] >> 7:
            found.append([])
    return found


def _lags(packets):
    """By how much more each was late than the first one, by its timestamp; for later ones less."""
    media_s, lags = 0.0, [0.0]
    for before, packet in zip(packets, packets[1:]):
        step = packet.timestamp - before.timestamp & 0xFFFFFFFF
        assert step < 1 << 31, f"the timestamp went back by {(1 << 32) - step}"
        media_s += step / CLOCK_RATE
        lags.append(packet.arrival - packets[0].arrival - media_s)
    return lags


def assert_clock(packets):
    """Timestamps never go back, and run with the wall clock whatever is sent again. Packets that
    come late, with one that is in time right behind them, were held up on their way."""
    packets = list(packets)
    lags, arrivals = _lags(packets), [each.arrival for each in packets]
    in_time_s = min(lags[:bisect.bisect(arrivals, arrivals[0] + CATCH_UP_S)])
    last = bisect.bisect_left(arrivals, arrivals[-1] - CATCH_UP_S)
    for i, arrival in enumerate(arrivals[:last + 1]):
        off_s = min(lags[i:bisect.bisect(arrivals, arrival + CATCH_UP_S)]) - in_time_s
        assert abs(off_s) < CLOCK_TOLERANCE_S, \
            f"after {arrival - arrivals[0]:.2f} s the RTP clock is {off_s:.2f} s behind"
