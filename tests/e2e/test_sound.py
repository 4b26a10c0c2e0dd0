# SPDX-License-Identifier: Apache-2.0
"""What cameras send as sound, heard by viewers, and what is said where nothing is heard."""
import re
import shutil
import subprocess

import av
import pytest

from aac_camera import AacCamera, Beeps
from bad_camera import AUDIO, RATE, VIDEO, BadCameras
from cameras import GstCamera
from chromium import Chromium
from clip import Clip
from process import until
from raw_viewer import Audience
from server import PROGRAM, Server
from watch import APART_S, Watch, elapsed
from webrtcbin import Webrtcbin

TONE_HZ = 330  # of the camera
LISTEN_S = 5
BEEPS = 5
L16_BUFFERS = 1000  # of 7 ms or so
MAX_CONCEALED = 0.1  # of all samples ...
PATIENCE_S = 40  # ... for this: a machine with much to do holds its browser up now and then

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
        until(lambda: hears_well(chromium), PATIENCE_S, f"{LISTEN_S} s of sound")
        assert chromium.stats().audio_codec["mimeType"].lower() == f"audio/{codec_name.lower()}"
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
    until(lambda: chromium.stats().audio.get("totalAudioEnergy", 0) > 0, PATIENCE_S, "sound")


def hears_tone(chromium):
    """The frequency that is loudest, if it is the camera's."""
    hertz = chromium.driver.execute_async_script(LISTEN)
    return hertz if abs(hertz - TONE_HZ) < 10 else None


def hears_well(chromium):
    """A tone, and hardly a hole in it, for as long as this takes and LISTEN_S at least."""
    before = chromium.stats().audio
    hertz = until(lambda: hears_tone(chromium), PATIENCE_S, f"a tone of {TONE_HZ} Hz")
    until(lambda: seconds_since(before, chromium) > LISTEN_S, PATIENCE_S, f"{LISTEN_S} s")
    after = chromium.stats().audio
    print(f"{hertz} Hz", after)
    return gained(before, after, "concealedSamples") < \
        MAX_CONCEALED * gained(before, after, "totalSamplesReceived")


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
    with BadCameras({"aac": AacCamera}, clips) as cameras, Server(tmp_path, {
            "cam1": {"source": cameras["aac"].url, "transport": "tcp"}}) as server, \
            Audience() as audience:
        server.wait_live("cam1")
        watch = Listener(audience, server.whep("cam1"))
        until(lambda: len(watch.sound) >= BEEPS, 40, f"{BEEPS} beeps")
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
        viewer = Webrtcbin(tmp_path / "webrtcbin.log", server.whep("cam1"), "H264", "L16")
        decoded = viewer.watch(video=1, audio=L16_BUFFERS)
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
              f"No picture: {why}.", 40, "the reason on the page")
        wait_for_sound(chromium)
        # It is said where the picture would be, and does not fade as buttons do.
        until(lambda: chromium.said() == f"No picture: {why}.", 40, "the reason in the middle")


def waits(status, why):
    """It tries again now and then."""
    return status["state"] == "waiting" and why in status["last_error"]


def test_a_camera_of_jpeg_alone(tmp_path, chromium):
    """There is nothing to play: the source waits for the camera to be set to something else."""
    why = "the camera sends JPEG as video, which browsers do not take; set it to H.264"
    with GstCamera(tmp_path, "--video", "jpeg", "--audio", "none") as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server:
        until(lambda: waits(server.status("cam1"), why), 40, "the reason in the API")
        chromium.open(server.page("cam1"))
        until(lambda: why in chromium.message(), 40, "the reason on the page")
