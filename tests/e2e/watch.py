# SPDX-License-Identifier: Apache-2.0
"""What a viewer gets of one of the bad cameras, and whether that is what a viewer should get."""
import struct
import time

import clip
from bad_camera import AUDIO, RATE, TICK_S, VIDEO

FREEZE_S = 1  # longer than the camera's own longest gap, on a slow machine too
LEAP_S = 0.5  # that a picture may be early or late where timestamps leap: its arrival places it
APART_S = 0.04  # between picture and sound
SETTLED_S = 0.5  # after it has joined


class Picture:
    def __init__(self, arrival, timestamp):
        self.arrival, self.timestamp = arrival, timestamp
        self.ticks, self.payloads = [], []


def elapsed(before, after, rate):
    """In seconds, from one RTP timestamp to a later one."""
    step = after - before & 0xFFFFFFFF
    return (step - (1 << 32) if step >> 31 else step) / rate


class Watch:
    def __init__(self, audience, url):
        self.pictures, self.sound = [], []  # sound: (tick, timestamp)
        self.viewer = audience.add(url, authenticate=True)
        self._video = self.viewer.answer.payload_types["video"]
        self._ssrc = {}
        self.viewer.on_rtp = self._take
        self.begin = time.monotonic() + SETTLED_S
        self.end = None
        self.stalled_s = 0  # of this time the machine stood still

    def take_sound(self, payload, timestamp):
        self.sound.append((int(payload[1:]), timestamp))

    def _take(self, track, datagram, payload):
        timestamp = struct.unpack_from("!I", datagram, 4)[0]
        if track.payload_type != self._video:
            self._ssrc[AUDIO] = datagram[8:12]
            self.take_sound(payload, timestamp)
            return
        self._ssrc[VIDEO] = datagram[8:12]
        if not self.pictures or self.pictures[-1].timestamp != timestamp:
            self.pictures.append(Picture(time.monotonic(), timestamp))
        picture = self.pictures[-1]
        picture.payloads.append(payload)
        picture.ticks += clip.find_marks(payload)

    def finish(self):
        self.end = time.monotonic()

    @property
    def settled(self):
        """From the second keyframe on: the first one and those behind it came at once. Without the
        newest, of which there may be more to come."""
        known = [each.ticks[0] for each in self.pictures if each.ticks]
        begin = next((i for i, each in enumerate(self.pictures)
                      if each.ticks and each.ticks[0] >= known[0] + clip.GOP), None)
        return [] if begin is None else [each for each in self.pictures[begin:-1]
                                         if self.begin <= each.arrival <= self.end]

    @property
    def ticks(self):
        return [tick for picture in self.settled for tick in picture.ticks]

    def has_since(self, tick, nal):
        """Did a picture from this one on bring the NAL unit?"""
        return any(nal in payload for each in self.pictures if each.ticks and each.ticks[0] >= tick
                   for payload in each.payloads)

    def _longest_gap(self, times):
        within = [self.begin, *(each for each in times if self.begin < each < self.end), self.end]
        return max(after - before for before, after in zip(within, within[1:]))

    # ---- judgement ----

    def assert_plays(self, camera):
        """Pictures come to the end, without a freeze, each with a later timestamp."""
        pictures = self.settled
        assert self.viewer.track("video").forged == self.viewer.track("video").lost == 0
        assert pictures, "no pictures"
        freeze_s = self._longest_gap(each.arrival for each in self.pictures)
        allowed_s = self._longest_gap(camera.sent) + self.stalled_s + FREEZE_S
        assert freeze_s <= allowed_s, f"{freeze_s:.2f} s of freeze"
        for before, after in zip(pictures, pictures[1:]):
            step_s = elapsed(before.timestamp, after.timestamp, RATE[VIDEO])
            assert step_s > 0, f"from {before.ticks} to {after.ticks} the time goes {step_s} s"

    def assert_even(self, camera):
        """One picture has one timestamp, and these go as the camera's pictures do."""
        leap_s = LEAP_S + self._longest_gap(camera.sent) + self.stalled_s
        for before, after in zip(self.settled, self.settled[1:]):
            assert len(after.ticks) == 1, f"pictures {after.ticks} are one"
            tick = after.ticks[0]
            step_s = elapsed(before.timestamp, after.timestamp, RATE[VIDEO])
            off_s = step_s - (camera.shown_s(tick) - camera.shown_s(before.ticks[0]))
            allowed_s = leap_s if camera.by_arrival(tick) else camera.uneven_s
            assert abs(off_s) <= allowed_s, f"picture {tick} is off by {off_s:.3f} s"

    def assert_whole(self):
        ticks = self.ticks
        missing = set(range(ticks[0], ticks[-1] + 1)) - set(ticks)
        assert not missing, f"without pictures {sorted(missing)}"

    def captured(self, track, tick, timestamp):
        """When the tick that this timestamp belongs to began, by what the viewer knows of it."""
        ntp, rtp = self.viewer.reports[self._ssrc[track]]
        return ntp + elapsed(rtp, timestamp, RATE[track]) - tick * TICK_S

    def assert_synced(self):
        picture = self.settled[-1]
        apart_s = (self.captured(VIDEO, picture.ticks[0], picture.timestamp)
                   - self.captured(AUDIO, *self.sound[-1]))
        assert abs(apart_s) <= APART_S, f"picture and sound are {apart_s:.3f} s apart"
