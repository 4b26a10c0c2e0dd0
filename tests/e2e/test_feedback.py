# SPDX-License-Identifier: Apache-2.0
"""What a viewer may ask for: a packet again, a keyframe."""
import time

import pytest

from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock, pictures, starts_keyframe

pytestmark = pytest.mark.asan

QUIET_S = 0.5  # in which an answer would have come
ANSWER_S = 30


@pytest.fixture
def watched(server):
    """(viewer, recorder) with a second of video behind them."""
    with Audience() as audience:
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        recorder = Recorder(viewer)
        until(lambda: len(recorder.packets) >= 40, 30, "video")
        yield viewer, recorder


def test_nack_brings_the_identical_packet(watched):
    """Anything but the same bytes would use a nonce twice (RFC 7714 8.1)."""
    viewer, recorder = watched
    lost = recorder.packets[-10]
    late = viewer.track("video").late

    def copies():
        return [p.datagram for p in recorder.packets if p.sequence == lost.sequence]

    viewer.ask_again(lost.ssrc, lost.sequence)
    until(lambda: len(copies()) > 1, ANSWER_S, "a resend")
    assert copies() == [lost.datagram] * 2
    assert viewer.track("video").late == late + 1


def test_nack_of_what_was_never_sent(watched):
    viewer, recorder = watched
    last = recorder.packets[-1]
    late = viewer.track("video").late
    viewer.ask_again(last.ssrc, last.sequence + 5000 & 0xFFFF)
    time.sleep(QUIET_S)
    assert viewer.track("video").late == late
    assert viewer.track("video").lost == 0


def test_pli_brings_a_keyframe(watched):
    """The newest once more, and not the next that comes by itself."""
    viewer, recorder = watched

    def keyframes():
        return [each for each in pictures(list(recorder.packets))[:-1] if starts_keyframe(each[0])]

    assert len(keyframes()) == len(set(map(tuple, keyframes())))
    seen = len(keyframes())
    until(lambda: len(keyframes()) > seen, 30, "a keyframe")
    time.sleep(0.7)  # the middle of a GOP of 2 s
    viewer.ask_for_keyframe(recorder.packets[-1].ssrc)
    until(lambda: len(keyframes()) > len(set(map(tuple, keyframes()))), ANSWER_S,
          "a keyframe again")
    time.sleep(QUIET_S)
    track = viewer.track("video")
    assert (track.lost, track.late, track.forged) == (0, 0, 0)
    assert_clock(recorder.packets)
