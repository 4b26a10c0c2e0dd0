# SPDX-License-Identifier: Apache-2.0
"""RTSP servers for the program to pull from, and a tap that shows what it says to them."""
import hashlib
import socket
import ssl
import subprocess
import sys
import threading

from process import Process, until
from server import BUILD, ROOT

START_TIMEOUT_S = 60  # it may have to make its clip first


def _answers(address, port, path, tls):
    request = f"OPTIONS rtsp://{address}:{port}/{path} RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    try:
        with socket.create_connection((address, port), 1) as connection:
            if tls:
                connection = tls.client().wrap_socket(connection)
            connection.settimeout(1)
            connection.sendall(request.encode())
            return connection.recv(4096).startswith(b"RTSP/1.0")
    except OSError:
        return False


class Certificate:
    """A camera's own: for 127.0.0.1, signed by itself."""

    def __init__(self, folder):
        self.path, self.key = folder / "camera.pem", folder / "camera.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=camera",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-out", self.path, "-keyout",
                        self.key], check=True, capture_output=True)
        der = ssl.PEM_cert_to_DER_cert(self.path.read_text(encoding="ascii"))
        self.fingerprint = hashlib.sha256(der).hexdigest()

    @staticmethod
    def client():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


class Camera:
    """A process that serves rtsp://ADDRESS:port/path; killed and started again at will."""

    tls = None

    def __init__(self, folder, port, path, credentials="", host=None):
        """host: a netns.Neighbour; it runs there, or here (127.0.0.1)."""
        self.log = folder / f"camera-{port}.log"
        self.port, self.path, self.credentials = port, path, credentials
        self.host, self.address = host, host.address if host else "127.0.0.1"
        self.process = None

    @property
    def url(self):
        return self.url_as(self.credentials)

    def url_as(self, credentials):
        user = credentials + "@" if credentials else ""
        scheme = "rtsps" if self.tls else "rtsp"
        return f"{scheme}://{user}{self.address}:{self.port}/{self.path}"

    def arguments(self):
        raise NotImplementedError

    def start(self):
        arguments = self.arguments()
        self.process = Process(self.host.command(arguments) if self.host else arguments, self.log)
        until(lambda: _answers(self.address, self.port, self.path, self.tls)
              or not self.process.running(),
              START_TIMEOUT_S, f"camera on port {self.port}")
        assert self.process.running(), self.process.output()
        return self

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


class GstCamera(Camera):
    """gst-rtsp-server: a moving pattern, x264, 30 fps, a keyframe every 2 s; Opus."""

    def __init__(self, folder, *options, port=8554, path="cam", user=None, password=None,
                 host=None, tls=None):
        """tls: its Certificate."""
        super().__init__(folder, port, path, f"{user}:{password}" if user else "", host)
        self.options, self.user, self.password, self.tls = options, user, password, tls

    def arguments(self):
        arguments = [sys.executable, ROOT / "bench" / "gst_camera.py", "--listen", self.address,
                     "--port", self.port, "--path", f"/{self.path}", *self.options]
        if self.user:
            arguments += ["--user", self.user, "--password", self.password]
        if self.tls:
            arguments += ["--tls", self.tls.path, self.tls.key]
        return arguments


class BenchSource(Camera):
    """bench/source: the demo's camera, or one of other options."""

    def __init__(self, folder, *options, port=8554):
        super().__init__(folder, port, "demo")
        self.options = options or ("--clip", BUILD / "bench" / "demo.h264")

    def arguments(self):
        return [BUILD / "bench" / "source", *self.options, "--listen", f"127.0.0.1:{self.port}"]


class RtspTap:
    """A TCP relay in front of a camera that keeps what the client says.

    change: takes what the client says and returns what the camera hears.
    """

    def __init__(self, camera, change=bytes):
        self.requests = bytearray()
        self._camera, self._change = camera, change
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        port = self._listener.getsockname()[1]
        return f"rtsp://127.0.0.1:{port}/{self._camera.path}"

    def _accept(self):
        try:
            while True:
                client, _ = self._listener.accept()
                camera = socket.create_connection(("127.0.0.1", self._camera.port))
                self._sockets += [client, camera]
                for way in ((client, camera, self._take), (camera, client, bytes)):
                    threading.Thread(target=self._relay, args=way, daemon=True).start()
        except OSError:
            pass  # closed

    def _take(self, data):
        self.requests += data
        return self._change(data)

    @staticmethod
    def _relay(source, sink, change):
        try:
            while data := source.recv(65536):
                sink.sendall(change(data))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has gone; the other notices by itself

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self._sockets:
            each.close()
