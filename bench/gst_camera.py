#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A camera made by somebody else: gst-rtsp-server with a bouncing ball and a tone of 330 Hz.

H.264 (x264, constrained baseline, 720p) or, whose encoders take longer, H.265, VP8 or VP9 of
640x360, or JPEG, which rtcfan does not take; 30 fps, a keyframe every 2 s, no B-frames unless they
are asked for. Sound in any codec that cameras send. Prints its URL once it serves; SIGINT and
SIGTERM end it.
"""
import argparse
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

# Size, encoder and payloader of each codec.
VIDEO = {
    "h264": ("1280x720",
             "x264enc tune=zerolatency speed-preset=veryfast bitrate=2000 key-int-max=60 "
             "bframes={bframes} option-string=b-adapt=0:b-pyramid=none "
             "! video/x-h264,profile={profile} ! rtph264pay"),
    "h265": ("640x360",
             "x265enc tune=zerolatency speed-preset=ultrafast bitrate=1000 key-int-max=60 "
             "option-string=bframes={bframes}:b-adapt=0:b-pyramid=0:rc-lookahead={lookahead} "
             "! rtph265pay"),
    "vp8": ("640x360",
            "vp8enc deadline=1 cpu-used=8 target-bitrate=1000000 keyframe-max-dist=60 ! rtpvp8pay"),
    "vp9": ("640x360",
            "vp9enc deadline=1 cpu-used=8 target-bitrate=1000000 keyframe-max-dist=60 ! rtpvp9pay"),
    "jpeg": ("640x360", "jpegenc ! rtpjpegpay"),
}
AUDIO = {
    "opus": ("rate=48000,channels=2", "opusenc bitrate=64000 frame-size=20 ! rtpopuspay"),
    "pcmu": ("rate=8000,channels=1", "mulawenc ! rtppcmupay"),
    "pcma": ("rate=8000,channels=1", "alawenc ! rtppcmapay"),
    "g722": ("rate=16000,channels=1", "avenc_g722 ! rtpg722pay"),
    "l16": ("rate=44100,channels=2", "audioconvert ! rtpL16pay"),
    "aac": ("rate=48000,channels=2",
            "audioconvert ! avenc_aac bitrate=128000 ! aacparse ! rtpmp4gpay"),
    "latm": ("rate=16000,channels=1",
             "audioconvert ! avenc_aac bitrate=48000 ! aacparse ! rtpmp4apay"),
}
PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,framerate=30/1"
SOUND = "audiotestsrc is-live=true wave=sine freq=330 volume=0.1 ! audio/x-raw"


def pipeline(arguments):
    size, encode = VIDEO[arguments.video]
    width, height = (arguments.size or size).split("x")
    bframes = arguments.bframes
    profile = arguments.profile or ("main" if bframes else "constrained-baseline")
    encode = encode.format(bframes=bframes, profile=profile,
                           lookahead=bframes + 1 if bframes else 0)
    tracks = f"{PICTURE},width={width},height={height} ! {encode} name=pay0 pt=96"
    if arguments.audio != "none":
        form, encode = AUDIO[arguments.audio]
        tracks += f" {SOUND},{form} ! {encode} name=pay1 pt=97"
    return f"( {tracks} )"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", default="127.0.0.1", help="address (%(default)s)")
    parser.add_argument("--port", default=8555, type=int, help="port (%(default)s)")
    parser.add_argument("--path", default="/gst", help="path of the URL (%(default)s)")
    parser.add_argument("--video", default="h264", choices=VIDEO,
                        help="codec of the picture (%(default)s)")
    parser.add_argument("--size", metavar="WxH",
                        help="of the picture (1280x720 of H.264, 640x360 of the others)")
    parser.add_argument("--profile", choices=["constrained-baseline", "main", "high"],
                        help="of H.264 (constrained baseline, or main with B-frames)")
    parser.add_argument("--bframes", default=0, type=int,
                        help="of H.264 and H.265, as many in a row, on which no picture depends "
                             "(%(default)s)")
    parser.add_argument("--audio", default="opus", choices=[*AUDIO, "none"],
                        help="codec of the sound (%(default)s)")
    parser.add_argument("--transport", default="udp,tcp", metavar="LIST",
                        help="what it agrees to: udp, tcp, multicast (%(default)s)")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"),
                        help="speaks TLS (rtsps), with these PEM files")
    parser.add_argument("--pli", action="store_true",
                        help="sends a keyframe when it is asked to by RTCP, and seldom otherwise")
    parser.add_argument("--user", help="asks for Digest authentication with this name")
    parser.add_argument("--password", default="", help="and this password")
    return parser.parse_args()


def allow_transports(factory, names):
    kinds = {"udp": GstRtsp.RTSPLowerTrans.UDP, "tcp": GstRtsp.RTSPLowerTrans.TCP,
             "multicast": GstRtsp.RTSPLowerTrans.UDP_MCAST}
    allowed = GstRtsp.RTSPLowerTrans(0)
    for name in names.split(","):
        allowed |= kinds[name]
    factory.set_protocols(allowed)
    if "multicast" in names:
        pool = GstRtspServer.RTSPAddressPool()
        pool.add_range("239.83.0.1", "239.83.0.16", 5000, 5031, 1)
        factory.set_address_pool(pool)


def listening(launch):
    """Its SDP says that it takes PLI; there is a keyframe every 5 minutes beside."""
    return launch.replace("key-int-max=60", "key-int-max=9000").replace(
        "rtph264pay name=pay0 pt=96", "rtph264pay pt=96 ! capssetter name=pay0 "
        "caps=application/x-rtp,rtcp-fb-nack-pli=(boolean)true")


def permit(factory, role):
    """A token of those who may watch."""
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, role)
    permissions = GstRtspServer.RTSPPermissions()
    for permission in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role(role, permission, True)
    factory.set_permissions(permissions)
    return token


def guard(server, factory, arguments):
    """Digest and TLS, where they are asked for."""
    auth = GstRtspServer.RTSPAuth()
    if arguments.user:
        auth.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST, which the bindings do not name
        auth.add_digest(arguments.user, arguments.password, permit(factory, arguments.user))
    else:
        auth.set_default_token(permit(factory, "anonymous"))
    if arguments.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*arguments.tls))
    server.set_auth(auth)


def main():
    arguments = parse_arguments()
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    launch = pipeline(arguments)
    factory.set_launch(listening(launch) if arguments.pli else launch)
    factory.set_shared(True)
    allow_transports(factory, arguments.transport)
    server = GstRtspServer.RTSPServer()
    server.set_address(arguments.listen)
    server.set_service(str(arguments.port))
    if arguments.user or arguments.tls:
        guard(server, factory, arguments)
    path = "/" + arguments.path.strip("/")
    server.get_mount_points().add_factory(path, factory)
    if server.attach(None) == 0:
        print(f"gst_camera: cannot listen on {arguments.listen}:{arguments.port}", file=sys.stderr)
        return 1
    loop = GLib.MainLoop()
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    scheme = "rtsps" if arguments.tls else "rtsp"
    print(f"gst_camera: {scheme}://{arguments.listen}:{server.get_bound_port()}{path}", flush=True)
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
