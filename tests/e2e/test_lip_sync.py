# SPDX-License-Identifier: Apache-2.0
"""Sound and picture that were made at the same time come out of a browser at the same time."""
import statistics
import subprocess

from cameras import BenchSource
from chromium import Chromium
from process import until
from server import Server

CLIP_S = 10
WATCH = 10  # flashes, one a second
APART_MS = 40  # by the browser's own account
SEEN_APART_MS = 80  # by a page's, whose events may be a picture of the screen late or two
SETTLED_S = 120  # a browser brings both together step by step, some ms a second

VIDEO = ("color=black:size=320x180:rate=30:duration={},"
         "drawbox=color=white:t=fill:enable='lt(mod(t+0.001,1),0.1)'")
AUDIO = "aevalsrc='lt(mod(t,1),0.1)*0.5*sin(2000*PI*t)':s=48000:d={}"

# When each flash is shown, when each beep is handed to the speakers, and how much earlier what is
# heard was made than what is seen, in the browser's opinion: it goes by sender reports.
WATCH_PAGE = """
window.flashes = [];
window.beeps = [];
window.apart = [];
const {video} = rtcfan;
const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
let white = false;
video.muted = false;
video.requestVideoFrameCallback(function look(now) {
    canvas.drawImage(video, 0, 0, 1, 1);
    const before = white;
    white = canvas.getImageData(0, 0, 1, 1).data[0] > 127;
    if (white && !before)
        flashes.push(now);
    video.requestVideoFrameCallback(look);
});
const context = new AudioContext({sampleRate: 48000});
const listener = context.createScriptProcessor(256, 1, 1);
let heard = -Infinity;
listener.onaudioprocess = event => {
    const loud = event.inputBuffer.getChannelData(0).some(sample => Math.abs(sample) > 0.05);
    const now = performance.now();
    if (loud && now - heard > 500)
        beeps.push(now);
    if (loud)
        heard = now;
};
context.createMediaStreamSource(video.srcObject).connect(listener);
listener.connect(context.destination);
setInterval(async () => {
    const report = await rtcfan.pc.getStats();
    const [sound, picture] = ['audio', 'video'].map(kind => [...report.values()].find(
        entry => entry.type === 'inbound-rtp' && entry.kind === kind).estimatedPlayoutTimestamp);
    if (sound && picture)
        apart.push(picture - sound);
}, 1000);
"""


def make_clip(folder):
    """The first 100 ms of each second are white and loud."""
    clip = folder / "flashes.h264"
    for source, options in (
            (VIDEO, ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-tune",
                     "zerolatency", "-profile:v", "baseline", "-g", "30", "-f", "h264", clip]),
            (AUDIO, ["-c:a", "libopus", "-b:a", "64k", "-f", "ogg", clip.with_suffix(".opus")])):
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", source.format(CLIP_S),
                        *options], check=True, stdin=subprocess.DEVNULL)
    return clip


def late_ms(chromium):
    """By how much the sound was late at each of the last flashes: by the page, by the browser."""
    beeps = chromium.value("beeps")
    return ([min((beep - flash for beep in beeps), key=abs)
             for flash in chromium.value("flashes")[-WATCH:] if beeps],
            chromium.value("apart")[-WATCH:])


def in_step(chromium):
    return all(len(late) == WATCH and statistics.median(map(abs, late)) <= limit
               for late, limit in zip(late_ms(chromium), (SEEN_APART_MS, APART_MS)))


def test_flashes_and_beeps(tmp_path):
    with BenchSource(tmp_path, "--clip", make_clip(tmp_path)) as camera, \
            Server(tmp_path, {"cam1": camera.url}) as server, Chromium(tmp_path) as chromium:
        server.wait_live("cam1")
        chromium.open(server.page("cam1"))
        chromium.wait_playing(30)
        chromium.driver.execute_script(WATCH_PAGE)
        try:
            until(lambda: in_step(chromium), SETTLED_S, f"{WATCH} s in step", 1)
        finally:
            for who, late in zip(("page", "browser"), late_ms(chromium)):
                print(f"sound is late by ms, says the {who}:", [round(ms) for ms in late])
