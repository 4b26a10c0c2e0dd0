# SPDX-License-Identifier: Apache-2.0
"""What cameras send as sound, heard by viewers, and what is said where nothing is heard."""
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from aac_camera import AacCamera, Beeps
from bad_camera import AUDIO, RATE, VIDEO, BadCameras
from cameras import GstCamera
from chromium import Chromium
from clip import Clip
from process import Process, until
from raw_viewer import Audience
from server import PROGRAM, Server
from watch import APART_S, Watch, elapsed

TONE_HZ = 330  # of the camera
LISTEN_S = 5
BEEPS = 5
MAX_CONCEALED = 0.1  # of all samples, on a machine that may be busy
VIEWER = Path(__file__).with_name("webrtcbin_viewer.py")

# What the camera sends; what the status calls it; what viewers get.
CODECS = {
    "pcmu": ("PCMU", "PCMU"),
    "pcma": ("PCMA", "PCMA"),
    "g722": ("G722", "G722"),
    "aac": ("AAC", "opus"),
    "latm": ("AAC", "opus"),
}

# The loudest frequency of what the page plays, in a spectrum of 1.5 Hz.
LISTEN = """
const done = arguments[0];
const context = new AudioContext({sampleRate: 48000});
const analyser = context.createAnalyser();
analyser.fftSize = 32768;
context.createMediaStreamSource(rtcfan.video.srcObject).connect(analyser);
setTimeout(() => {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    context.close();
    done(bins.indexOf(Math.max(...bins)) * 48000 / analyser.fftSize);
}, 1500);
"""


@pytest.fixture(scope="module")
def chromium(folder):
    with Chromium(folder) as chromium:
        yield chromium


@pytest.mark.parametrize("codec", CODECS)
def test_chromium_hears_it(tmp_path, chromium, knows_aac, codec):
    camera_codec, codec_name = CODECS[codec]
    if camera_codec == "AAC" and not knows_aac:
        pytest.skip("built without RTCFAN_AAC; see test_without_the_module")
    with GstCamera(tmp_path, "--audio", codec) as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        audio = server.status("cam1")["audio"]
        assert (audio["camera_codec"], audio["codec"]) == (camera_codec, codec_name)
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        wait_for_sound(chromium)
        before = chromium.stats().audio
        hertz = until(lambda: hears_tone(chromium), 20, f"a tone of {TONE_HZ} Hz")
        until(lambda: seconds_since(before, chromium) > LISTEN_S, 20, f"{LISTEN_S} s of sound")
        stats = chromium.stats()
        print(codec, f"{hertz} Hz", stats.audio)
        assert stats.audio_codec["mimeType"].lower() == f"audio/{codec_name.lower()}"
        assert gained(before, stats.audio, "concealedSamples") < \
            MAX_CONCEALED * gained(before, stats.audio, "totalSamplesReceived")
        assert chromium.note() == ""


def test_aac_takes_no_memory_before_it_comes(tmp_path, knows_aac):
    if not knows_aac:
        pytest.skip("built without RTCFAN_AAC")
    with GstCamera(tmp_path) as camera, \
            GstCamera(tmp_path, "--audio", "aac", port=8556, path="aac") as aac_camera, \
            Server(tmp_path, {"cam1": camera.url,
                              "aac": {"source": aac_camera.url, "on_demand": True}}) as server:
        server.wait_live("cam1")
        assert not server.maps("libavcodec")
        server.wait_live("aac")
        assert server.maps("libavcodec")
        assert server.status("aac")["audio"]["codec"] == "opus"


def test_without_the_module(tmp_path, chromium):
    """It plays the picture, and says what to set, and what to install."""
    program = shutil.copy(PROGRAM, tmp_path / "rtcfan")
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    lacks = re.search(r"no AAC \((.*)\)", version.stdout).group(1)
    assert "rtcfan_aac.so" in lacks or lacks == "built without RTCFAN_AAC"
    with GstCamera(tmp_path, "--audio", "aac") as camera, \
            Server(tmp_path, {"cam1": camera.url}, program=program) as server:
        server.wait_live("cam1")
        status = server.status("cam1")
        assert status["audio"] is None
        assert "cannot make Opus of it; set the camera to Opus or G.711" in status["audio_note"]
        assert f"no sound: {status['audio_note']}" in server.process.output()
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        assert chromium.note() == \
            f"No sound: {status['audio_note']}."


def wait_for_sound(chromium):
    chromium.driver.execute_script("rtcfan.video.muted = false;")
    until(lambda: chromium.stats().audio.get("totalAudioEnergy", 0) > 0, 10, "sound")


def hears_tone(chromium):
    """The frequency that is loudest, if it is the camera's."""
    hertz = chromium.driver.execute_async_script(LISTEN)
    return hertz if abs(hertz - TONE_HZ) < 10 else None


def gained(before, after, key):
    return after[key] - before[key]


def seconds_since(before, chromium):
    return gained(before, chromium.stats().audio, "timestamp") / 1000


class Listener(Watch):
    """Decodes Opus, and notes the timestamps at which beeps begin."""

    QUIET_S, LOUD = 0.5, 2000

    def __init__(self, *arguments):
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout = RATE[AUDIO], "mono"
        self._loud = None  # timestamp of the last loud sample
        super().__init__(*arguments)

    def take_sound(self, payload, timestamp):
        for frame in self._decoder.decode(av.Packet(payload)):
            for at, sample in enumerate(memoryview(frame.planes[0]).cast("h")[:frame.samples]):
                if abs(sample) > self.LOUD:
                    self._hear(timestamp + at & 0xFFFFFFFF)

    def _hear(self, timestamp):
        if self._loud is not None and \
                elapsed(self._loud, timestamp, RATE[AUDIO]) > self.QUIET_S:
            self.sound.append((0, timestamp))
        self._loud = timestamp


def test_aac_is_in_step_with_the_picture(tmp_path, knows_aac):
    """Beeps of the camera's AAC are heard when its clock, by sender reports, began a second."""
    if not knows_aac:
        pytest.skip("built without RTCFAN_AAC")
    clips = {"plain": Clip(tmp_path), "beeps": Beeps(tmp_path)}
    with BadCameras({"aac": AacCamera}, clips) as cameras, \
            Server(tmp_path, {"cam1": {"source": cameras["aac"].url, "transport": "tcp"}}) as server, \
            Audience() as audience:
        server.wait_live("cam1")
        watch = Listener(audience, server.whep("cam1"))
        until(lambda: len(watch.sound) >= BEEPS, 20, f"{BEEPS} beeps")
        watch.finish()
        picture = watch.settled[-1]
        second = watch.captured(VIDEO, picture.ticks[0], picture.timestamp)
        for _, timestamp in watch.sound:
            late_s = (watch.captured(AUDIO, 0, timestamp) - second + 0.5) % 1 - 0.5
            print(f"sound is {late_s * 1000:.1f} ms late")
            assert abs(late_s) <= APART_S
        assert not cameras["aac"].errors


def test_l16_for_those_who_take_it(tmp_path, chromium):
    """GStreamer does, Chromium does not and is told so."""
    with GstCamera(tmp_path, "--audio", "l16") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        viewer = Process([sys.executable, VIEWER, server.whep("cam1"), 10, "H264", "L16"],
                         tmp_path / "webrtcbin.log")
        assert viewer.child.wait(40) == 0, viewer.output()
        decoded = json.loads(viewer.output().splitlines()[-1])
        assert decoded["error"] is None
        assert decoded["video"] > 0
        assert abs(decoded["tone_hz"] - TONE_HZ) < 10

        chromium.open(server.page("cam1"))
        chromium.wait_playing()
        assert chromium.note() == \
            "No sound: the camera sends L16, which this viewer does not take."


def test_a_camera_of_jpeg(tmp_path, chromium):
    """It is heard, not seen, and everybody is told why."""
    why = "the camera sends JPEG as video, which browsers do not take; set it to H.264"
    with GstCamera(tmp_path, "--video", "jpeg") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        status = server.status("cam1")
        assert status["video"] is None
        assert status["video_note"] == why
        assert status["audio"]["codec"] == "opus"
        assert f"no picture: {why}" in server.process.output()
        chromium.open(server.page("cam1"))
        until(lambda: chromium.note() ==
              f"No picture: {why}.", 10, "the reason on the page")
        wait_for_sound(chromium)
        # It is said where the picture would be, and does not fade as buttons do.
        until(lambda: chromium.said() == f"No picture: {why}.", 10, "the reason in the middle")


def test_a_camera_of_jpeg_alone(tmp_path, chromium):
    """There is nothing to play: the source waits for the camera to be set to something else."""
    why = "the camera sends JPEG as video, which browsers do not take; set it to H.264"
    with GstCamera(tmp_path, "--video", "jpeg", "--audio", "none") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        until(lambda: why in server.status("cam1")["last_error"], 10, "the reason in the API")
        assert server.status("cam1")["state"] == "waiting"
        chromium.open(server.page("cam1"))
        until(lambda: why in chromium.message(), 20, "the reason on the page")
