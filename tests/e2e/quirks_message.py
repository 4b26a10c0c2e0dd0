# SPDX-License-Identifier: Apache-2.0
"""Cameras at fault in how they say things: URLs, header lines, descriptions, transports."""
from bad_camera import AUDIO, SDP, VIDEO, Camera, quirk

# ---- URLs ----


@quirk
class BaseWithoutSlash(Camera):
    def base_headers(self):
        return [("Content-Base", self.base)]

    def play_url(self):
        return self.base


@quirk
class BaseMissing(BaseWithoutSlash):
    def base_headers(self):
        return []


@quirk
class BaseByLocation(BaseWithoutSlash):
    def base_headers(self):
        return [("Content-Location", self.base)]


@quirk
class BaseTwiceRtsp(BaseWithoutSlash):
    """No URL at all; seen in the field."""

    def base_headers(self):
        return [("Content-Base", self.base.replace("rtsp://", "rtsp://rtsp://") + "/")]


@quirk
class BaseWithoutScheme(BaseWithoutSlash):
    """As above."""

    def base_headers(self):
        return [("Content-Base", self.base.replace("rtsp://", "") + "/")]


@quirk
class ControlAbsolute(Camera):
    def control(self, track):
        return self.setup_url(track)


@quirk
class ControlElsewhere(ControlAbsolute):
    """It knows itself by an address inside of its own network."""

    def elsewhere(self):
        return self.base.replace("127.0.0.1", "192.0.2.1")

    def base_headers(self):
        return [("Content-Base", self.elsewhere() + "/")]

    def setup_url(self, track):
        return f"{self.elsewhere()}/{track}"

    def play_url(self):
        return self.elsewhere() + "/"


@quirk
class ControlOfSession(ControlAbsolute):
    """Aggregate control by a URL of its own."""

    def sdp(self):
        return super().sdp().replace("m=", f"a=control:{self.play_url()}\r\nm=", 1)

    def play_url(self):
        return self.base + "/all?x=1"


@quirk
class ControlStar(Camera):
    """On the only medium too."""

    def sdp(self):
        return super().sdp().replace("m=", "a=control:*\r\nm=", 1)

    def control(self, track):
        return "*"

    def setup_url(self, track):
        return self.play_url()


@quirk
class ControlMissing(ControlStar):
    def sdp(self):
        return Camera.sdp(self)

    def control(self, track):
        return None


@quirk
class Query(BaseMissing):
    """The path of the track goes behind the query."""

    suffix = "?channel=1&subtype=0"


@quirk
class ControlQuery(BaseMissing):
    def control(self, track):
        return f"?ctype={track}"

    def setup_url(self, track):
        return f"{self.base}?ctype={track}"


# ---- channels and what comes between ----


@quirk
class ChannelsOfItsOwn(Camera):
    tracks = (VIDEO, AUDIO)
    channels = {VIDEO: (6, 7), AUDIO: (4, 5)}

    def take_transport(self, connection, track, asked):
        rtp, rtcp = self.channels[track]
        connection.over_tcp(track, rtp, rtcp)
        return f"RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}"


@quirk
class ChannelsSwapped(ChannelsOfItsOwn):
    channels = {VIDEO: (1, 0), AUDIO: (3, 2)}


@quirk
class ChannelsMissing(Camera):
    tracks = (VIDEO, AUDIO)

    def take_transport(self, connection, track, asked):
        super().take_transport(connection, track, asked)
        return "RTP/AVP/TCP;unicast"


@quirk
class TransportMissing(Camera):
    tracks = (VIDEO, AUDIO)

    def take_transport(self, connection, track, asked):
        super().take_transport(connection, track, asked)


@quirk
class ChannelUnknown(Camera):
    """RTCP on channels that nobody set up, and an empty frame."""

    def on_tick(self, connection, tick):
        if tick % 5 == 0:
            connection.write(b"$\x09\x00\x08\x80\xc9\x00\x01\x00\x00\x00\x00" + b"$\x00\x00\x00")


@quirk
class EarlyMedia(Camera):
    """Plays before it answers PLAY."""

    held = None

    def play(self, connection, request):
        self.held = request
        connection.play()

    def on_tick(self, connection, tick):
        if tick == 10:
            connection.reply(self.held, headers=[("Session", self.session(connection))])


@quirk
class MediaInAnswers(Camera):
    """Frames before and behind each answer, in one write; at last one in the middle of it."""

    timeout_s = 2
    frame = b"$\x01\x00\x08\x80\xc9\x00\x01\x00\x00\x00\x00"

    def head(self, status, reason, headers):
        head = super().head(status, reason, headers)
        frame = self.frame.decode("latin-1")
        if len(self.asked("GET_PARAMETER")) == 1:
            return head[:20] + frame + head[20:]
        return frame + head + ("" if "Content-Length" in head else frame)

    def judge(self, seen):
        assert len(self.asked("GET_PARAMETER")) >= 2


@quirk
class AsksBack(Camera):
    """Sends requests of its own."""

    methods = {"OPTIONS": "200", "GET_PARAMETER": "200", "SET_PARAMETER": "200", "ANNOUNCE": "501"}

    def on_tick(self, connection, tick):
        if tick == self.event:
            for cseq, method in enumerate(self.methods, 4000):
                connection.ask(method, cseq)

    def judge(self, seen):
        assert [(each.url, each["cseq"]) for each in self.answers] == \
            [(status, str(cseq)) for cseq, status in enumerate(self.methods.values(), 4000)]


# ---- header lines ----


@quirk
class OddSession(Camera):
    """Blanks in it, and another at each SETUP."""

    tracks = (VIDEO, AUDIO)
    timeout_s = 2

    def session(self, connection):
        return f"  {connection.session}{len(self.asked('SETUP'))} ; timeout = {self.timeout_s} "

    def judge(self, seen):
        given = [request["session"][-1] for request in self.requests if request["session"]]
        assert given[:2] == ["1", "2"] and set(given[2:]) == {"2"}
        assert len(self.asked("GET_PARAMETER")) >= 2


@quirk
class LowerCase(Camera):
    def head(self, status, reason, headers):
        return super().head(status, reason, [(name.lower(), value) for name, value in headers])


@quirk
class BareLf(Camera):
    def head(self, status, reason, headers):
        return super().head(status, reason, headers).replace("\r\n", "\n")


@quirk
class FoldedLines(Camera):
    def head(self, status, reason, headers):
        head = super().head(status, reason, headers)
        return head.replace(": ", ":\r\n \t").replace(";", "\r\n ;")


@quirk
class NoReason(Camera):
    def head(self, status, reason, headers):
        return super().head(status, reason, headers).replace(" OK\r\n", "\r\n")


@quirk
class Version2(Camera):
    def head(self, status, reason, headers):
        return super().head(status, reason, headers).replace("RTSP/1.0", "RTSP/2.0")


@quirk
class NoRange(Camera):
    def play_headers(self):
        return []


@quirk
class InfoOfNoUse(Camera):
    def play_headers(self):
        return [("RTP-Info", ";;url=,seq=x;rtptime=99999999999,,"), ("Range", "npt=now?-")]


@quirk
class InfoWrong(Camera):
    def play_headers(self):
        return [("RTP-Info", f"url={self.setup_url(VIDEO)};seq=60000;rtptime=4000000000")]


# ---- descriptions ----


@quirk
class SdpShort(Camera):
    """No origin, name or time, and bare LF."""

    def sdp(self):
        return "v=0\n" + self.media_sdp(VIDEO)


@quirk
class SdpGarbage(Camera):
    def sdp(self):
        return super().sdp() + "a=\r\n\0\0x\r\n=\r\na=fmtp:\r\na=rtpmap:\xff\r\nend"


@quirk
class SdpManyTypes(Camera):
    """The first that can be carried is meant."""

    def media_sdp(self, track):
        return super().media_sdp(track).replace("AVP 96", "AVP 26 96 98 999 x") + \
            "a=rtpmap:98 H265/90000\n"


@quirk
class SdpStaticType(Camera):
    """Sound without a word on what its payload type means."""

    tracks = (VIDEO, AUDIO)
    synced = False  # the viewer does not take it

    def media_sdp(self, track):
        return super().media_sdp(track).replace("AVP 97\na=rtpmap:97 opus/48000/2", "AVP 0")

    def judge(self, seen):
        assert self.status["audio"]["codec"] == "PCMU"


@quirk
class SdpOnvif(Camera):
    """Metadata before and behind the media."""

    tracks = (VIDEO, AUDIO)

    def media_sdp(self, track):
        return ("m=application 0 RTP/AVP 107\na=control:meta\n"
                "a=rtpmap:107 vnd.onvif.metadata/90000\n" + super().media_sdp(track))


@quirk
class SdpTwoVideos(Camera):
    """The first one is meant."""

    def sdp(self):
        return super().sdp() + SDP[VIDEO].replace("96", "97") + "a=control:second\r\n"


@quirk
class SdpNothing(Camera):
    plays = False
    last_error = "127.0.0.1 describes the stream with an SDP that has no media"

    def sdp(self):
        return "v=0\r\n"


@quirk
class SdpJpeg(Camera):
    plays = False
    last_error = "the camera sends JPEG as video, which browsers do not take; set it to H.264"

    def sdp(self):
        return "v=0\r\nm=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\na=control:1\r\n"


# ---- transports ----


class Udp(Camera):
    tracks = (VIDEO, AUDIO)
    transport = "auto"
    transport_used = "udp"


@quirk
class UdpRefused(Udp):
    transport_used = "tcp"

    def setup(self, connection, request):
        if "interleaved" in request["transport"]:
            super().setup(connection, request)
        else:
            connection.reply(request, 461, "Unsupported Transport")


@quirk
class UdpSilent(Udp):
    """Says that it sends, and does not."""

    transport_used = "tcp"
    connects = 2
    last_error = "nothing from 127.0.0.1 by UDP within 3 s, trying TCP"

    def take_transport(self, connection, track, asked):
        answer = super().take_transport(connection, track, asked)
        connection.mute_udp()
        return answer


@quirk
class UdpAnsweredByTcp(Udp):
    transport_used = "tcp"

    def take_transport(self, connection, track, asked):
        rtp = 2 * self.tracks.index(track)
        return super().take_transport(connection, track, f"interleaved={rtp}-{rtp + 1}")


@quirk
class UdpFromElsewhere(Udp):
    def take_transport(self, connection, track, asked):
        ports = connection.over_udp(track, asked, "127.0.0.3")
        return f"{asked};source=127.0.0.3;server_port={ports[0]}-{ports[1]}"


@quirk
class UdpWrongSource(Udp):
    """Names an address inside of its own network, and sends from the one that is known."""

    def take_transport(self, connection, track, asked):
        return super().take_transport(connection, track, asked) + ";source=192.0.2.1"


@quirk
class UdpWithoutPorts(Udp):
    def take_transport(self, connection, track, asked):
        super().take_transport(connection, track, asked)
        return asked


@quirk
class TcpRefused(Camera):
    plays = False
    last_error = "461 from 127.0.0.1: it refuses this transport"

    def setup(self, connection, request):
        connection.reply(request, 461, "Unsupported Transport")
