# SPDX-License-Identifier: Apache-2.0
"""A camera behind rtsps, whose certificate is its own, and what rtcfan makes of it."""
import pytest

from cameras import Certificate, GstCamera
from process import until
from raw_viewer import plays
from server import Server


@pytest.fixture(scope="module")
def certificate(folder):
    return Certificate(folder)


@pytest.fixture(scope="module")
def camera(folder, certificate):
    with GstCamera(folder, tls=certificate) as camera:
        yield camera


def test_its_fingerprint_is_configured(camera, certificate, tmp_path):
    stream = {"source": camera.url, "fingerprint": certificate.fingerprint}
    with Server(tmp_path, {"cam1": stream}) as server:
        plays(server)
        assert server.status("cam1")["scheme"] == "rtsps"
        assert server.status("cam1")["transport"] == "tcp"
        assert "over tcp in rtsps" in server.process.output()


def test_its_issuer_is_known(camera, certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with Server(tmp_path, {"cam1": camera.url}) as server:
        plays(server)


@pytest.mark.parametrize("configured, reason", [
    ({}, "certificate of 127.0.0.1:8554: self-signed certificate"),
    ({"fingerprint": 32 * "ab"}, "127.0.0.1:8554 has another certificate than the configuration"),
])
def test_it_is_not_to_be_believed(camera, certificate, tmp_path, configured, reason):
    with Server(tmp_path, {"cam1": {"source": camera.url, **configured}}) as server:
        until(lambda: reason in server.process.output(), 30, "a reason in the log")
        assert f'set fingerprint = "{certificate.fingerprint.upper()}"' in server.process.output()
        assert not server.live("cam1")
        assert server.metrics().sum("rtcfan_stream_reconnects_total", stream="cam1",
                                    cause="tls") >= 1


def test_port_without_tls(tmp_path):
    with GstCamera(tmp_path, port=8556) as camera, \
            Server(tmp_path, {"cam1": camera.url.replace("rtsp:", "rtsps:")}) as server:
        until(lambda: "is this its port for rtsps?" in server.process.output(), 30, "a reason")
