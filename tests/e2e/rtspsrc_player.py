# SPDX-License-Identifier: Apache-2.0
"""GStreamer's rtspsrc as a client of a camera, in a process of its own.

    python3 rtspsrc_player.py URL tcp|udp SECONDS

Prints one line of JSON: how many frames and audio buffers came out of the decoders, and what went
wrong. The seconds count from the first frame.
"""
import json
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
START_TIMEOUT_S = 15
LATENCY_MS = 200


class Player:
    def __init__(self, url, protocol, seconds):
        self.decoded = {}
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
        return {"video": video, "audio": self.decoded, "error": self.error}

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
        pad.link(decoder.get_static_pad("sink"))

    def _count(self, _sink, _buffer, _pad, name):
        if name == "H264" and name not in self.decoded:
            # In milliseconds: whole seconds GLib rounds, by up to a quarter of one.
            GLib.timeout_add(1000 * self.seconds, self.loop.quit)
        self.decoded[name] = self.decoded.get(name, 0) + 1


def main():
    Gst.init(None)
    url, protocol, seconds = sys.argv[1:]
    print(json.dumps(Player(url, protocol, int(seconds)).run()))


if __name__ == "__main__":
    main()
