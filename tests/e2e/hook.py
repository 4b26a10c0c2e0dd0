# SPDX-License-Identifier: Apache-2.0
"""A program that says who may watch, as auth.hook of the configuration asks it."""
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hook:
    """
        with Hook() as hook:
            hook.answer = 403
            ... hook.url, hook.asked
    """

    def __init__(self, certificate=None):
        """certificate: a cameras.Certificate, for https."""
        self.answer = 200  # a status, bytes to send as they are, or None: no answer
        self.asked = []
        self.released = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.asked.append((self.path, dict(self.headers), json.loads(body)))
                if hook.answer is None:
                    hook.released.wait(30)
                elif isinstance(hook.answer, bytes):
                    self.wfile.write(hook.answer)
                else:
                    self.send_response(hook.answer)
                    self.end_headers()
                self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.path, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.scheme = "https" if certificate else "http"
        self.url = f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}/auth?key=1"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def unused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
