# SPDX-License-Identifier: Apache-2.0
"""Keeps the video packets of a raw viewer, in the clear, and judges their clock."""
import collections
import itertools
import struct
import time

CLOCK_RATE = 90000
CLOCK_TOLERANCE_S = 0.5  # a camera's own jitter; not a GOP of 2 s
ON_TIME_S = 1  # so soon a packet is on time again, where the machine has stood still

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


def assert_clock(packets):
    """Timestamps never go back, and run with the wall clock whatever is sent again. A packet may
    come late, but not all that come after it, and none comes before its time."""
    first = packets[0]
    media_s, late = 0.0, [(0.0, 0.0)]  # (when it came, how late)
    for before, packet in zip(packets, packets[1:]):
        step = packet.timestamp - before.timestamp & 0xFFFFFFFF
        assert step < 1 << 31, f"the timestamp went back by {(1 << 32) - step}"
        media_s += step / CLOCK_RATE
        wall_s = packet.arrival - first.arrival
        late.append((wall_s, wall_s - media_s))

    def soonest(at):
        end_s, rest = late[at][0] + ON_TIME_S, itertools.islice(late, at, None)
        return min(late_s for _, late_s in itertools.takewhile(lambda each: each[0] <= end_s, rest))

    usual_s = soonest(0)
    for at, (wall_s, _) in enumerate(late):
        off_s = soonest(at) - usual_s
        assert abs(off_s) < CLOCK_TOLERANCE_S, \
            f"after {wall_s:.2f} s the RTP clock is behind by {off_s:.2f} s"
