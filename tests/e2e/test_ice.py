# SPDX-License-Identifier: Apache-2.0
"""Connectivity of viewers that have a session: ICE restarts, ports that change."""
import os
import re

import pytest

import whep
from process import until
from raw_viewer import Audience

SDPFRAG = "application/trickle-ice-sdpfrag"
FRAGMENT = """\
a=ice-ufrag:{ufrag}\r
a=ice-pwd:{password}\r
m=audio 9 RTP/AVP 0\r
a=mid:0\r
a=end-of-candidates\r
"""


@pytest.fixture
def audience():
    with Audience() as audience:
        yield audience


@pytest.fixture
def viewer(server, audience):
    viewer = audience.add(server.whep("cam1"), authenticate=True)
    until(lambda: viewer.track("video").packets, 30, "media")
    return viewer


def patch(viewer, ufrag, match="*"):
    body = FRAGMENT.format(ufrag=ufrag, password=os.urandom(16).hex())
    return whep.request("PATCH", viewer.session, body,
                        {"Content-Type": SDPFRAG, "If-Match": match})


def expect_media(viewer):
    packets = viewer.track("video").packets
    until(lambda: viewer.track("video").packets > packets + 30, 30, "more media")
    assert not viewer.bye and not viewer.close_notify


def answered(viewer):
    checks = viewer.checks_answered
    viewer.check()
    until(lambda: viewer.checks_answered > checks, 30, "an answer to a check")


@pytest.mark.asan
def test_restart(viewer):
    ufrag = os.urandom(4).hex()
    response = patch(viewer, ufrag)
    assert response.status == 200, response
    assert response.headers["Content-Type"] == SDPFRAG
    assert re.fullmatch(r'"[^"]+"', response.headers["ETag"])
    body = response.body.decode()
    assert "a=mid:0\r\n" in body and "a=candidate:" in body
    answered(viewer)  # what held before goes on to

    before = viewer.answer.ufrag, viewer.answer.password, viewer.ufrag
    after = (re.search(r"a=ice-ufrag:(\S+)", body).group(1),
             re.search(r"a=ice-pwd:(\S+)", body).group(1), ufrag)
    assert not set(before) & set(after)
    viewer.answer.ufrag, viewer.answer.password, viewer.ufrag = after
    answered(viewer)
    expect_media(viewer)

    # The old ones are of the past, and so is the old state of the resource.
    viewer.expects_refusals = True
    viewer.check_as(before[0], before[2], before[1])
    until(lambda: viewer.refused, 30, "a refusal")
    assert viewer.refused == 401
    assert patch(viewer, ufrag, response.headers["ETag"]).status == 204
    assert patch(viewer, ufrag, '"another"').status == 412
    assert patch(viewer, before[2]).status == 200  # a restart like any other
    expect_media(viewer)
    assert whep.request("DELETE", viewer.session).status == 200


@pytest.mark.asan
def test_restarts_that_come_to_nothing(server, viewer):
    """The viewer never uses them: it stays with what it has."""
    begun = server.metrics().sum("rtcfan_ice_restarts_total")
    for _ in range(20):
        assert patch(viewer, os.urandom(4).hex()).status == 200
    assert server.metrics().sum("rtcfan_ice_restarts_total") == begun + 20
    assert whep.request("PATCH", viewer.session, "a=ice-ufrag:new1\r\n",
                        {"Content-Type": SDPFRAG, "If-Match": "*"}).status == 422
    answered(viewer)
    expect_media(viewer)


@pytest.mark.asan
def test_port_that_changes(audience, viewer):
    """As a NAT that forgets does it: media follows the next check."""
    expect_media(viewer)
    audience.move(viewer)
    viewer.check()
    expect_media(viewer)
    assert viewer.rtcp_forged == viewer.track("video").forged == 0
