# SPDX-License-Identifier: Apache-2.0
"""HTTPS on the port of the pages: certificates, their change, and clients that do not behave."""
import datetime
import json
import os
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import netns
import whep
from cameras import BenchSource
from process import until
from raw_viewer import Audience
from server import BASE, HTTP_PORT, METRICS, Server

pytestmark = pytest.mark.asan

SECURE = BASE.replace("http:", "https:")
RELOAD_S = 30
DEADLINE_S = 40  # a request has 15


def write_certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                   .sign(key, hashes.SHA256()))
    replace(folder / "cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
    replace(folder / "key.pem", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return certificate.public_bytes(serialization.Encoding.DER)


def replace(path, data):
    new = path.with_suffix(".new")
    new.write_bytes(data)
    os.replace(new, path)


def shown():
    """The certificate that the server shows."""
    context = whep.ANY_CERTIFICATE
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), DEADLINE_S) as plain, \
            context.wrap_socket(plain) as secure:
        return secure.getpeercert(binary_form=True)


class SecureServer(Server):
    @staticmethod
    def answers():
        try:
            return whep.request("GET", f"{SECURE}/").status == 200
        except OSError:
            return False

    @staticmethod
    def whep(stream):
        return f"{SECURE}/{stream}/whep"


@pytest.fixture(scope="module")
def source(folder):
    with BenchSource(folder) as source:
        yield source


@pytest.fixture
def server(tmp_path, source):
    write_certificate(tmp_path, "first")
    tls = f'tls = {{ cert = "{tmp_path}/cert.pem"; key = "{tmp_path}/key.pem"; }};'
    slow = {"source": "rtsp://192.0.2.1/", "on_demand": True, "on_demand_start_timeout": 30,
            "on_demand_close_after": 0}
    with SecureServer(tmp_path, {"cam1": source.url, "slow": slow}, http=tls) as server:
        server.wait_live("cam1")
        yield server


def test_all_is_as_without(server):
    with Audience() as audience:
        viewer = audience.add(server.whep("cam1"), authenticate=True)
        until(lambda: viewer.track("video").packets, 20, "media")
        assert whep.request("DELETE", viewer.session).status == 200
    assert whep.request("GET", f"{SECURE}/cam1/").status == 200
    assert whep.post(server.whep("cam1"), whep.offer() + "a=x\r\n" * 20000).status == 413
    assert whep.request("GET", METRICS).status == 200
    assert "https://" in server.process.output()


def test_certificates_are_read_again(server, tmp_path):
    first = shown()
    second = write_certificate(tmp_path, "second")
    until(lambda: shown() == second, RELOAD_S, "the new certificate")
    assert first != second
    (tmp_path / "cert.pem").write_text("nonsense")
    until(lambda: "stays in use" in server.process.output(), RELOAD_S, "a word about it")
    assert shown() == second
    third = write_certificate(tmp_path, "third")
    until(lambda: shown() == third, RELOAD_S, "the third certificate")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_refused(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), DEADLINE_S) as plain:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain)
    context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), DEADLINE_S) as plain, \
            context.wrap_socket(plain) as secure:
        assert secure.version() == "TLSv1.2"
    assert server.process.running()


@pytest.mark.parametrize(
    "text", [b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 100, b"\x16\x03\x01", b""],
    ids=["plain", "bytes", "half a record", "nothing"])
def test_those_who_do_not_speak_tls_get_nothing(server, text):
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), DEADLINE_S) as connection:
        answer = b""
        try:
            connection.sendall(text)  # it may hang up in the middle
            while data := connection.recv(65536):
                answer += data
        except ConnectionError:
            pass
    assert b"HTTP" not in answer
    assert server.answers()


def test_a_waiting_client_that_goes_is_forgotten(server):
    body = whep.offer().encode()
    with socket.create_connection((netns.ADDRESS, HTTP_PORT), DEADLINE_S) as plain, \
            whep.ANY_CERTIFICATE.wrap_socket(plain) as secure:
        secure.sendall(f"POST /slow/whep HTTP/1.1\r\nHost: x\r\nContent-Type: {whep.SDP}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: state() != "idle", 15, "the source to be asked for")
    until(lambda: state() == "idle", 25, "the source to be left")
    assert server.process.running()


def state():
    streams = json.loads(whep.request("GET", f"{SECURE}/api/streams").body)["streams"]
    return next(stream["state"] for stream in streams if stream["name"] == "slow")
