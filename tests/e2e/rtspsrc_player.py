# SPDX-License-Identifier: Apache-2.0
"""GStreamer's rtspsrc as a client of a camera, in a process of its own.

    python3 rtspsrc_player.py URL tcp|udp SECONDS

Prints one line of JSON: how many frames came in, how many of their packets were lost, how many
frames and audio buffers came out of the decoders, and what went wrong. The seconds are those of the
frames' timestamps; the last ones have a while to get through the decoder.
"""
import json
import struct
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

DECODERS = {
    "H264": "rtph264depay ! h264parse ! openh264dec",
    "OPUS": "rtpopusdepay ! opusdec",
    "PCMU": "rtppcmudepay ! mulawdec",
    "PCMA": "rtppcmadepay ! alawdec",
}
START_TIMEOUT_S = 30
PATIENCE_S = 15  # more than it should take
LATENCY_MS = 200
VIDEO_RATE = 90000
IN_DECODER = 2  # frames, at any time


class Received:
    """Frames of RTP as they come in."""

    def __init__(self):
        self.frames = self.lost = 0
        self.seconds = 0.0
        self._sequence = self._timestamp = None

    def take(self, _, info):
        if info.type & Gst.PadProbeType.BUFFER_LIST:
            several = info.get_buffer_list()
            packets = [several.get(i) for i in range(several.length())]
        else:
            packets = [info.get_buffer()]
        for each in packets:
            self._packet(*struct.unpack("!2xHI", each.extract_dup(0, 8)))
        return Gst.PadProbeReturn.OK

    def _packet(self, sequence, timestamp):
        if self._sequence is not None:
            self.lost += sequence - self._sequence - 1 & 0xFFFF
        if timestamp != self._timestamp:
            if self.frames:
                self.seconds += (timestamp - self._timestamp & 0xFFFFFFFF) / VIDEO_RATE
            self.frames += 1
        self._sequence, self._timestamp = sequence, timestamp


class Player:
    def __init__(self, url, protocol, seconds):
        self.decoded = {}
        self.received = Received()
        self.seconds = seconds
        self.error = None
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline.new("player")
        source = Gst.ElementFactory.make("rtspsrc", None)
        source.set_property("location", url)
        source.set_property("latency", LATENCY_MS)
        Gst.util_set_object_arg(source, "protocols", protocol)
        source.connect("pad-added", self._pad_added)
        self.pipeline.add(source)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self._problem)
        bus.connect("message::warning", self._problem)

    def run(self):
        GLib.timeout_add_seconds(START_TIMEOUT_S, self._check_start)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        video = self.decoded.pop("H264", 0)
        return {"received": self.received.frames, "lost": self.received.lost, "video": video,
                "audio": self.decoded, "error": self.error}

    def _check_start(self):
        if "H264" not in self.decoded:
            self.error = "no frame"
            self.loop.quit()
        return False

    def _problem(self, _, message):
        parse = message.parse_error if message.type == Gst.MessageType.ERROR \
            else message.parse_warning
        self.error = str(parse())
        self.loop.quit()

    def _pad_added(self, _, pad):
        name = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        decoder = Gst.parse_bin_from_description(
            f"queue ! {DECODERS[name]} ! fakesink name=sink sync=false", True)
        sink = decoder.get_by_name("sink")
        sink.set_property("signal-handoffs", True)
        sink.connect("handoff", self._count, name)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        if name == "H264":
            pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST,
                          self.received.take)
        pad.link(decoder.get_static_pad("sink"))

    def _count(self, _sink, _buffer, _pad, name):
        if name == "H264" and name not in self.decoded:
            GLib.timeout_add_seconds(self.seconds + PATIENCE_S, self.loop.quit)
        self.decoded[name] = self.decoded.get(name, 0) + 1
        if self.received.seconds >= self.seconds and \
                self.decoded.get("H264", 0) >= self.received.frames - IN_DECODER:
            self.loop.quit()


def main():
    Gst.init(None)
    url, protocol, seconds = sys.argv[1:]
    print(json.dumps(Player(url, protocol, int(seconds)).run()))


if __name__ == "__main__":
    main()
