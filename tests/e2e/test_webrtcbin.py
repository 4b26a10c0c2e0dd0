# SPDX-License-Identifier: Apache-2.0
"""GStreamer as a viewer: another ICE and DTLS, without AES-GCM and, once connected, without binding
requests."""
from process import until
from webrtcbin import Webrtcbin

# As many as come in 20 s, of which 2 s may come at once. Longer than the 15 s after which a viewer
# without a sign of life is paused: authenticated RTCP has to count as one.
PICTURES = 30 * 20
CONNECT_S = 40
PROFILE = "AES128_CM_HMAC_SHA1_80"


def test_decodes_beyond_consent(server, folder):
    viewer = Webrtcbin(folder / "webrtcbin.log", server.whep("cam1"))
    until(lambda: [each["srtp_profile"] for each in server.viewers()] == [PROFILE], CONNECT_S,
          f"a viewer by {PROFILE}", why=viewer.tail)
    assert viewer.watch(video=PICTURES)["audio"] > 0
