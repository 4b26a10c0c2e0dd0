# SPDX-License-Identifier: Apache-2.0
"""RTSP tunnelled in HTTP, through which gst-rtsp-server serves as well as on its own."""
import re

from cameras import BenchSource, Certificate, GstCamera, RtspTap
from process import until
from raw_viewer import plays
from server import Server

USER, PASSWORD = "viewer", "s3cret-of-the-camera"


def tunnelled(url):
    return re.sub("^rtsps?", r"\g<0>+http", url)


def test_it_carries_all(tmp_path):
    with GstCamera(tmp_path, user=USER, password=PASSWORD) as camera, RtspTap(camera) as tap, \
            Server(tmp_path, {"cam1": tunnelled(tap.url.replace("//", f"//{USER}:{PASSWORD}@"))}) \
            as server:
        plays(server)
        assert server.status("cam1")["scheme"] == "rtsp+http"
        assert server.status("cam1")["transport"] == "tcp"
        assert "over tcp in rtsp+http" in server.process.output()
        # Nothing went beside it, and nothing that one could read.
        requests = bytes(tap.requests)
        assert [line.split()[0] for line in requests.split(b"\r\n") if b" HTTP/1.0" in line] == \
            [b"GET", b"POST"]
        assert b"RTSP/1.0" not in requests
        assert PASSWORD not in server.process.output()


def test_within_tls(tmp_path):
    certificate = Certificate(tmp_path)
    with GstCamera(tmp_path, tls=certificate) as camera, \
            Server(tmp_path, {"cam1": {"source": tunnelled(camera.url),
                                       "fingerprint": certificate.fingerprint}}) as server:
        plays(server)
        assert server.status("cam1")["scheme"] == "rtsps+http"


def test_camera_without_one(tmp_path):
    with BenchSource(tmp_path, "--name", "demo") as camera, \
            Server(tmp_path, {"cam1": tunnelled(camera.url)}) as server:
        until(lambda: "does it tunnel RTSP on this port?" in server.process.output(), 30,
              "a reason in the log")
