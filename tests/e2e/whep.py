# SPDX-License-Identifier: Apache-2.0
"""WHEP over plain http.client, and the offer of a minimal viewer."""
import http.client
import re
import ssl
from urllib.parse import urljoin, urlsplit

SDP = "application/sdp"
ANY_CERTIFICATE = ssl._create_unverified_context()  # pylint: disable=protected-access
TIMEOUT_S = 30  # the answer may wait for a source, 10 s by default, and the machine stand still

# Constrained Baseline, Baseline, Main, High: a stream matches one, whatever its camera encodes.
H264_PROFILES = {96: "42e01f", 97: "42001f", 98: "4d001f", 99: "64001f"}
OTHER_CODECS = {100: "VP8", 101: "VP9", 102: "AV1"}

SESSION = """\
v=0
o=- 4611686018427387904 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE {mids}
a=msid-semantic: WMS
"""

TRANSPORT = """\
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:{ufrag}
a=ice-pwd:{password}
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:{mid}
a=recvonly
a=rtcp-mux
"""


def _video():
    types = " ".join(str(number) for number in [*H264_PROFILES, *OTHER_CODECS])
    lines = f"m=video 9 UDP/TLS/RTP/SAVPF {types}\n{{transport}}"
    for number, profile in H264_PROFILES.items():
        lines += f"a=rtpmap:{number} H264/90000\na=rtcp-fb:{number} nack\n"
        lines += f"a=rtcp-fb:{number} nack pli\n"
        lines += f"a=fmtp:{number} level-asymmetry-allowed=1;packetization-mode=1;"
        lines += f"profile-level-id={profile}\n"
    for number, name in OTHER_CODECS.items():
        lines += f"a=rtpmap:{number} {name}/90000\n"
    return lines


VIDEO = _video()
VIDEO_VP8 = "m=video 9 UDP/TLS/RTP/SAVPF 96\n{transport}a=rtpmap:96 VP8/90000\n"
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\n{transport}a=rtpmap:111 opus/48000/2\n"
    "a=fmtp:111 minptime=10;useinbandfec=1\n"
)
FINGERPRINT = ":".join(["AB"] * 32)


def offer(ufrag="abcd", password="0123456789abcdefghijkl", fingerprint=FINGERPRINT,
          media=(VIDEO, AUDIO)):
    text = SESSION.format(mids=" ".join(str(i) for i in range(len(media))))
    for mid, section in enumerate(media):
        text += section.format(transport=TRANSPORT.format(
            ufrag=ufrag, password=password, fingerprint=fingerprint, mid=mid))
    return text.replace("\n", "\r\n")


class Response:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:300]!r}>"


def request(method, url, body=None, headers=None):
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S,
                                                 context=ANY_CERTIFICATE)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        target = parts._replace(scheme="", netloc="").geturl()
        connection.request(method, target, body, headers or {})
        return Response(connection.getresponse())
    finally:
        connection.close()


def post(url, sdp, content_type=SDP):
    return request("POST", url, sdp, {"Content-Type": content_type})


def location(url, response):
    return urljoin(url, response.headers["Location"])


class Answer:
    """What a minimal viewer needs of an answer."""

    def __init__(self, sdp):
        self.sdp = sdp
        self.ufrag = self._first(r"a=ice-ufrag:(\S+)")
        self.password = self._first(r"a=ice-pwd:(\S+)")
        self.fingerprint = self._first(r"a=fingerprint:sha-256 (\S+)").upper()
        self.candidates = [
            (address, int(port))
            for address, port in re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp,
                                            re.IGNORECASE)
        ]
        self.payload_types = {
            kind: int(number) for kind, number in re.findall(r"m=(\w+) [1-9]\d* \S+ (\d+)", sdp)
        }

    def _first(self, pattern):
        match = re.search(pattern, self.sdp)
        assert match, f"the answer lacks {pattern}:\n{self.sdp}"
        return match.group(1)
