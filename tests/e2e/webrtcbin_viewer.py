# SPDX-License-Identifier: Apache-2.0
"""GStreamer's webrtcbin as a viewer, in a process of its own: libnice, and DTLS of its own making.

    python3 webrtcbin_viewer.py WHEP_URL SECONDS [VIDEO [AUDIO]]

VIDEO is the only codec that it offers for pictures: H264 (unless said otherwise), H265, VP8 or VP9;
AUDIO that for sound: OPUS (unless said otherwise) or L16. Prints lines of JSON, now and then and at
the end: how many frames and audio buffers came out of the decoders so far, and the frequency of the
sound, as if it were one tone. SIGTERM ends it before its time.
"""
import array
import json
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

import whep  # noqa: E402

VIDEO = "application/x-rtp,media=video,encoding-name={},clock-rate=90000,payload=96"
H264 = ",packetization-mode=(string)1,profile-level-id=(string)42e01f"
AUDIO = ("application/x-rtp,media=audio,encoding-name={},clock-rate={},payload=97,"
         "encoding-params=(string)2")
CLOCK_RATES = {"OPUS": 48000, "L16": 44100}
# Known before there are other threads: two that ask for it at once may find it half made.
SOURCE_PAD = Gst.PadDirection.SRC
PCM_RATE = 48000
REPORT_MS = 200
PCM = f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate={PCM_RATE},channels=1"
DECODERS = {
    "H264": "rtph264depay ! h264parse ! openh264dec",
    "H265": "rtph265depay ! h265parse ! libde265dec",
    "VP8": "rtpvp8depay ! vp8dec",
    "VP9": "rtpvp9depay ! vp9dec",
    "OPUS": f"rtpopusdepay ! opusdec ! {PCM}",
    "L16": f"rtpL16depay ! {PCM}",
}


class Viewer:
    def __init__(self, url, video, audio):
        self.url, self.video, self.audio = url, video, audio
        self.decoded = {video: 0, audio: 0}
        self.samples = self.crossings = 0  # of the sound; from below zero to above
        self.session = None
        self.loop = GLib.MainLoop()
        self.error = None
        self.pipeline = Gst.Pipeline.new("viewer")
        self.webrtc = Gst.ElementFactory.make("webrtcbin", None)
        self.webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.webrtc)
        self.webrtc.connect("pad-added", self._pad_added)
        self.webrtc.connect("notify::ice-gathering-state", self._gathering)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self._bus_error)

    def run(self, seconds):
        # PLAYING first: before that webrtcbin has no ICE agent to gather with.
        self.pipeline.set_state(Gst.State.PLAYING)
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        video = VIDEO.format(self.video) + (H264 if self.video == "H264" else "")
        for caps in (video, AUDIO.format(self.audio, CLOCK_RATES[self.audio])):
            self.webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        promise = Gst.Promise.new_with_change_func(self._offer_made)
        self.webrtc.emit("create-offer", None, promise)
        GLib.timeout_add_seconds(seconds, self.loop.quit)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, self.loop.quit)
        GLib.timeout_add(REPORT_MS, self._report)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        if self.session:
            whep.request("DELETE", self.session)
        self._report()

    def _report(self):
        print(json.dumps({"video": self.decoded[self.video], "audio": self.decoded[self.audio],
                          "tone_hz": self.crossings * PCM_RATE / max(self.samples, 1),
                          "error": self.error}), flush=True)
        return True

    def _fail(self, text):
        self.error = text
        self.loop.quit()

    def _bus_error(self, _, message):
        self._fail(str(message.parse_error()))

    def _offer_made(self, promise):
        reply = promise.get_reply()  # owns the offer: keep it until that has been handed on
        offer = reply.get_value("offer")
        self.webrtc.emit("set-local-description", offer, Gst.Promise.new())

    def _gathering(self, *_):
        if self.webrtc.get_property("ice-gathering-state") == \
                GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self._negotiate)

    def _negotiate(self):
        offer = self.webrtc.get_property("local-description").sdp.as_text()
        response = whep.post(self.url, offer)
        if response.status != 201:
            self._fail(f"{response} to\n{offer}")
            return False
        self.session = whep.location(self.url, response)
        _, message = GstSdp.SDPMessage.new()
        GstSdp.sdp_message_parse_buffer(response.body, message)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.webrtc.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def _pad_added(self, _, pad):
        if pad.get_direction() != SOURCE_PAD:
            return
        name = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        decoder = Gst.parse_bin_from_description(
            f"queue ! {DECODERS[name]} ! fakesink name=sink sync=false", True)
        sink = decoder.get_by_name("sink")
        sink.set_property("signal-handoffs", True)
        sink.connect("handoff", self._count, name)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def _count(self, _sink, buffer, _pad, name):
        self.decoded[name] += 1
        if name == self.audio:
            samples = array.array("h", buffer.extract_dup(0, buffer.get_size()))
            self.samples += len(samples)
            self.crossings += sum(a < 0 <= b for a, b in zip(samples, samples[1:]))


def main():
    Gst.init(None)
    url, seconds, video, audio = (*sys.argv[1:], *("H264", "OPUS")[len(sys.argv) - 3:])
    Viewer(url, video, audio).run(int(seconds))


if __name__ == "__main__":
    main()
