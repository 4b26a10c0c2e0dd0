# SPDX-License-Identifier: Apache-2.0
"""What a viewer may ask for: a packet again, a keyframe."""
import time

import pytest

from process import until
from raw_viewer import Audience
from recorder import Recorder, assert_clock, starts_keyframe

pytestmark = pytest.mark.asan

ANSWER_S = 0.5


@pytest.fixture
def watched(server):
    """(viewer, recorder) with a second of video behind them."""
    with Audience() as audience:
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        recorder = Recorder(viewer)
        until(lambda: len(recorder.packets) >= 40, 5, "video")
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
    time.sleep(ANSWER_S)
    assert viewer.track("video").late == late
    assert viewer.track("video").lost == 0


def test_pli_brings_a_keyframe(watched):
    viewer, recorder = watched
    # In the middle of a GOP of 2 s, so that a keyframe that comes by itself is no answer.
    seen = len(recorder.packets)
    until(lambda: any(starts_keyframe(p.payload) for p in recorder.packets[seen:]), 3, "a keyframe")
    time.sleep(0.7)
    before = len(recorder.packets)
    viewer.ask_for_keyframe(recorder.packets[-1].ssrc)
    until(lambda: any(starts_keyframe(p.payload) for p in recorder.packets[before:]), ANSWER_S,
          "a keyframe")
    time.sleep(ANSWER_S)
    track = viewer.track("video")
    assert (track.lost, track.late, track.forged) == (0, 0, 0)
    assert_clock(recorder.packets)
