# SPDX-License-Identifier: Apache-2.0
"""Serves a page that plays a WHEP stream, passes its offer on, and takes what it reports.

    player_page.py LISTEN WHEP_URL FOLDER

GET / is the page. It POSTs its offer to /whep, and after some seconds what it saw to /seen: frames
decoded, and a picture. FOLDER/seen.json and FOLDER/picture.png hold that; then the program ends.
One origin for all, so no server needs to allow another's.
"""
import base64
import json
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html><title>one viewer</title><video autoplay muted playsinline></video><script>
const video = document.querySelector('video');
const connection = new RTCPeerConnection();
const pictures = connection.addTransceiver('video', {direction: 'recvonly'});
connection.addTransceiver('audio', {direction: 'recvonly'});
connection.ontrack = (event) => {
    if (event.track.kind === 'video') video.srcObject = new MediaStream([event.track]);
};
async function report(error) {
    const seen = {frames: 0, error: error, picture: ''};
    for (const each of (await connection.getStats()).values())
        if (each.type === 'inbound-rtp' && each.kind === 'video') {
            seen.frames = each.framesDecoded;
            if (!seen.frames) seen.error ||= `no frame of ${each.packetsReceived} packets`;
        }
    if (video.videoWidth > 0) {
        const canvas = document.createElement('canvas');
        canvas.width = video.videoWidth / 2, canvas.height = video.videoHeight / 2;
        canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
        seen.picture = canvas.toDataURL('image/png').split(',')[1];
    }
    await fetch('/seen', {method: 'POST', body: JSON.stringify(seen)});
}
async function gathered() {
    if (connection.iceGatheringState !== 'complete')
        await new Promise((done) => {
            connection.onicegatheringstatechange = () =>
                connection.iceGatheringState === 'complete' && done();
            setTimeout(done, 2000);
        });
}
async function play() {
    await connection.setLocalDescription();
    await gathered();
    const response = await fetch('/whep', {method: 'POST', body: connection.localDescription.sdp});
    if (!response.ok) return report(await response.text());
    await connection.setRemoteDescription({type: 'answer', sdp: await response.text()});
    if (pictures.currentDirection !== 'recvonly') return report('the answer has no video');
    setTimeout(() => report(''), 6000);
}
play().catch((error) => report(String(error)));
</script>"""


class Handler(BaseHTTPRequestHandler):
    def reply(self, status, body, content_type="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200 if self.path == "/" else 404, PAGE.encode() if self.path == "/" else b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/whep":
            self.pass_on(body)
        else:
            self.server.seen = json.loads(body)
            self.reply(200, b"")

    def pass_on(self, offer):
        request = urllib.request.Request(self.server.whep, offer,
                                         {"Content-Type": "application/sdp"})
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                self.reply(200, response.read(), "application/sdp")
        except OSError as error:
            self.reply(502, str(error).encode())

    def log_message(self, *_):
        pass


def main():
    listen, whep, folder = sys.argv[1:]
    host, _, port = listen.partition(":")
    page = ThreadingHTTPServer((host, int(port)), Handler)
    page.whep, page.seen = whep, None
    page.timeout = 0.3  # of waiting for a request: one that is answered may have ended it all
    while page.seen is None:
        page.handle_request()
    picture = page.seen.pop("picture")
    if picture:
        (Path(folder) / "picture.png").write_bytes(base64.b64decode(picture))
    (Path(folder) / "seen.json").write_text(json.dumps(page.seen))


if __name__ == "__main__":
    main()
