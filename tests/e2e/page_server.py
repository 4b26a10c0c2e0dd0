# SPDX-License-Identifier: Apache-2.0
"""Another origin than the program's: somebody's pages, and a WHEP endpoint behind a password."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import netns
import whep
from server import MEDIA_PORT, Server

DEAD_PORT = 9  # where nobody answers


def guest(src):
    """A page of another origin that plays src by rtcfan's module."""
    module = f"{Server.page('')[:-1]}rtcfan-player.js"
    return ('<!doctype html><div id="here" style="width: 40rem"></div><script type="module">'
            f"import {{play}} from '{module}';"
            f"window.rtcfan = play('{src}', document.querySelector('#here'));</script>")


def block_media(answer):
    """The answer with a port at which nothing gets through."""
    return answer.replace(f" {MEDIA_PORT} typ".encode(), f" {DEAD_PORT} typ".encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _reply(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        self.send_header("Access-Control-Expose-Headers", "Location, WWW-Authenticate")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_OPTIONS(self):
        self._reply(204)

    def do_GET(self):
        page = self.server.pages.get(self.path)
        self._reply(200 if page else 404, (page or "").encode(), Content_Type="text/html")

    def do_POST(self):
        """Lets in who says the word, to the endpoint of the program."""
        offer = self.rfile.read(int(self.headers["Content-Length"]))
        asked = self.headers["Authorization"]
        self.server.asked.append(asked)
        if asked != self.server.lets_in or self.server.cookie not in (None, self.headers["Cookie"]):
            challenge = ", ".join(self.server.challenges)
            self._reply(401, b"who is there?\n",
                        **({"WWW_Authenticate": challenge} if challenge else {}))
            return
        answer = whep.post(self.server.endpoint, offer)
        self._reply(answer.status, self.server.change(answer.body), Content_Type=whep.SDP,
                    Location=whep.location(self.server.endpoint, answer))

    def log_message(self, *_):
        pass


class PageServer:
    """
        with PageServer({"/": "<!doctype html>..."}) as elsewhere:
            chromium.open(elsewhere.url)
    """

    def __init__(self, pages=(), endpoint=None, lets_in=None, challenges=(), cookie=None,
                 change=bytes):
        """lets_in, cookie: the Authorization and the Cookie that an offer needs. change: takes an
        answer and returns what the viewer gets."""
        self._server = ThreadingHTTPServer((netns.ADDRESS, 0), _Handler)
        self.pages = self._server.pages = dict(pages)
        self.asked = self._server.asked = []  # the Authorization of each offer
        self._server.endpoint, self._server.change = endpoint, change
        self._server.lets_in, self._server.challenges = lets_in, challenges
        self._server.cookie = cookie

    @property
    def url(self):
        return f"http://{netns.ADDRESS}:{self._server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
