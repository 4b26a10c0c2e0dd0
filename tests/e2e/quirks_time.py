# SPDX-License-Identifier: Apache-2.0
"""Cameras at fault in their clocks and counters, and in what they encode."""
import clip
from bad_camera import AUDIO, NTP_OFFSET_S, RATE, TICK_S, VIDEO, Camera, quirk

HOUR_S = 3600


class Av(Camera):
    tracks = (VIDEO, AUDIO)


@quirk
class SoundLate(Av):
    """Only its sender reports tell which sound belongs to which picture."""

    def lag(self, track):
        return 5 if track == AUDIO else 0


@quirk
class SoundMuchEarlier(Av):
    def lag(self, track):
        return 20 if track == VIDEO else 0


# ---- RTP timestamps ----


class Leap(Av):
    leap_s = 0

    def timestamp(self, track, tick):
        leap_s = self.leap_s if self.happened(tick) else 0
        return super().timestamp(track, tick) + round(leap_s * RATE[track])


@quirk
class TimeForward(Leap):
    leap_s = HOUR_S


@quirk
class TimeALittleForward(Leap):
    """By what a burst of kept pictures may bring as well."""

    leap_s = 5


@quirk
class TimeBackward(Leap):
    leap_s = -HOUR_S


@quirk
class TimeALittleBack(Leap):
    """By no more than B-frames go back."""

    leap_s = -0.3


@quirk
class TimeZero(Av):
    """The encoder starts to count anew."""

    def timestamp(self, track, tick):
        if self.happened(tick):
            return round((tick - self.event) * TICK_S * RATE[track])
        return super().timestamp(track, tick)


@quirk
class TimeZeroSource(TimeZero):
    """It does, and says so."""

    def source(self, track, tick):
        return super().source(track, tick) + self.happened(tick) & 0xFFFFFFFF

    def sequence(self, track, count):
        return super().sequence(track, count) + 30000 * self.happened(self.tick)


@quirk
class TimeWraps(Av):
    def timestamp(self, track, tick):
        return (1 << 32) - 4 * RATE[track] + super().timestamp(track, tick) - 1000000


@quirk
class TimeStandsStill(Camera):
    """All pictures have one timestamp: they are placed by their arrival."""

    def timestamp(self, track, tick):
        return 5

    def by_arrival(self, tick):
        return True


@quirk
class TimePairs(Camera):
    """Each third and fourth picture have the same one, and are two all the same."""

    uneven_s = TICK_S

    def timestamp(self, track, tick):
        return super().timestamp(track, tick - (tick % 4 == 3))


@quirk
class Drift(Av):
    """By 500 ppm, its two clocks alike; its wall clock is right."""

    def timestamp(self, track, tick):
        return super().timestamp(track, tick * 1.0005)


# ---- sequence numbers ----


@quirk
class SequenceWraps(Av):
    def sequence(self, track, count):
        return 65500 + count


@quirk
class SequenceReset(Av):
    def sequence(self, track, count):
        if not self.happened(self.tick):
            self.before = count
            return 20000 + count
        return count - self.before


# ---- sender reports ----


@quirk
class ReportSetBack(Av):
    def ntp(self, tick):
        return super().ntp(tick) - HOUR_S * self.happened(tick)

    def lag(self, track):
        return 5 if track == AUDIO else 0


@quirk
class ReportZero(Av):
    def ntp(self, tick):
        return None


@quirk
class ReportOf1970(SoundLate):
    def ntp(self, tick):
        return NTP_OFFSET_S + tick * TICK_S


@quirk
class ReportSinceBoot(SoundLate):
    def ntp(self, tick):
        return 30 + tick * TICK_S


# ---- pictures ----


@quirk
class MarkerMissing(Av):
    def marker(self, index, count):
        return False


@quirk
class MarkerEachPacket(Av):
    def marker(self, index, count):
        return True


@quirk
class MarkerOnSets(Av):
    """Of a keyframe's SPS, PPS and SEI too."""

    def marker(self, index, count):
        return index == count - 1 or count > 2


@quirk
class Burst(Av):
    """Nothing for 2 s, and then all of it at once."""

    held = 50

    def due(self, tick):
        if self.happened(tick) and tick < self.event + self.held:
            tick = self.event + self.held
        return super().due(tick)


@quirk
class BurstAtFirst(Av):
    """Begins with 2 s of what it has kept."""

    def due(self, tick):
        return super().due(max(0, tick - 50))


@quirk
class BFrames(Camera):
    """Browsers do not know them: what is left without them is even."""

    whole = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.clip = self.clips["b-frames"]

    def shown_s(self, tick):
        return self.clip.shown(tick) * TICK_S

    def timestamp(self, track, tick):
        return super().timestamp(track, self.clip.shown(tick))

    def judge(self, seen):
        assert not self.status["b_frames"]


@quirk
class BFramesKept(BFrames):
    """They come in the order that they were sent in."""

    keys = {"bframes": "keep"}
    whole = True
    even = False

    def judge(self, seen):
        assert self.status["b_frames"]


@quirk
class ParametersFromSdpOnly(Camera):
    """Its keyframes come without."""

    def media_sdp(self, track):
        sets = ",".join(clip.sprop(each) for each in (self.clip.sps, self.clip.pps))
        return super().media_sdp(track).replace(
            "packetization-mode=1", f"packetization-mode=1; sprop-parameter-sets={sets}")

    def picture(self, tick):
        return super().picture(tick)[-2:]

    def judge(self, seen):
        assert seen.has_since(0, self.clip.sps)


@quirk
class Resolution(Camera):
    """Another one, from the next keyframe on."""

    def picture(self, tick):
        large = self.event is not None and tick >= -(-self.event // clip.GOP) * clip.GOP
        return self.clips["large" if large else "plain"].picture(tick)

    def judge(self, seen):
        assert seen.has_since(self.event, self.clips["large"].sps)
        assert (self.status["video"]["width"], self.status["video"]["height"]) == (640, 360)
