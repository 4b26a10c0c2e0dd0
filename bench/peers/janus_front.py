# SPDX-License-Identifier: Apache-2.0
"""A WHEP endpoint in front of Janus' streaming plugin.

    janus_front.py http://JANUS:8088/janus LISTEN:PORT

POST /camN/whep watches mountpoint N. The plugin makes an offer itself and takes none, so the
viewer's offer and the plugin's become each other's answers (sdp.py). The viewer is the DTLS client.
DELETE of the Location ends the session. Only signalling passes through here.
"""
import http.client
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import sdp

POLLS = 10
TIMEOUT_S = 15


class Janus:
    """A connection to its REST API, one for each thread."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.address, self.path = (parts.hostname, parts.port), parts.path
        self.local = threading.local()

    def _call(self, method, path, message=None):
        body = json.dumps(dict(message, transaction="x")) if message else None
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(*self.address, timeout=TIMEOUT_S)
        self.local.connection.request(method, self.path + path, body)
        return json.loads(self.local.connection.getresponse().read())

    def post(self, path, **message):
        reply = self._call("POST", path, message)
        if reply["janus"] not in ("success", "ack"):
            raise OSError(f"Janus: {reply}")
        return reply

    def event(self, session):
        """The next event of the plugin."""
        for _ in range(POLLS):
            reply = self._call("GET", f"/{session}?maxev=1")
            for event in reply if isinstance(reply, list) else [reply]:
                if event["janus"] == "event":
                    return event
        raise OSError("Janus: no event")

    def watch(self, mountpoint, offer):
        """(session, the answer to the viewer's offer)."""
        session = self.post("", janus="create")["data"]["id"]
        handle = self.post(f"/{session}", janus="attach",
                           plugin="janus.plugin.streaming")["data"]["id"]
        path = f"/{session}/{handle}"
        self.post(path, janus="message", body={"request": "watch", "id": mountpoint})
        event = self.event(session)
        if "jsep" not in event:
            raise OSError(f"Janus: {event}")
        theirs = event["jsep"]["sdp"]
        ours = sdp.answer(theirs, offer, "active", "recvonly")
        self.post(path, janus="message", body={"request": "start"},
                  jsep={"type": "answer", "sdp": ours})
        return session, sdp.answer(offer, theirs, "passive", "sendonly")

    def destroy(self, session):
        self.post(f"/{session}", janus="destroy")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_POST(self):
        offer = self.body()
        match = re.fullmatch(r"/cam(\d+)/whep", self.path)
        if not match:
            return self.reply(404)
        try:
            session, answer = self.server.janus.watch(int(match.group(1)), offer)
        except (OSError, KeyError, http.client.HTTPException) as error:
            return self.reply(503, str(error).encode())
        return self.reply(201, answer.encode(), Content_Type="application/sdp",
                          Location=f"/session/{session}")

    def do_DELETE(self):
        try:
            self.server.janus.destroy(self.path.rpartition("/")[2])
        except (OSError, KeyError, http.client.HTTPException) as error:
            return self.reply(503, str(error).encode())
        return self.reply(200)

    def do_GET(self):
        self.reply(405)

    def log_message(self, *_):
        pass


class Front(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


def main():
    janus, listen = sys.argv[1:]
    host, _, port = listen.partition(":")
    front = Front((host, int(port)), Handler)
    front.janus = Janus(janus)
    front.serve_forever()


if __name__ == "__main__":
    main()
