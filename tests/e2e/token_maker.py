# SPDX-License-Identifier: Apache-2.0
"""JSON Web Tokens, made by the cryptography library and nothing of ours."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SECRET = b"a secret that is long enough for HS256"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Hmac:
    name = "HS256"

    def jwk(self, kid):
        return {"kty": "oct", "kid": kid, "k": encode(SECRET)}

    def sign(self, data):
        return hmac.new(SECRET, data, hashlib.sha256).digest()


class Rsa:
    name = "RS256"

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)

    def jwk(self, kid):
        public = self.key.public_key().public_numbers()
        return {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": number(public.n),
                "e": number(public.e)}

    def sign(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class Ec:
    name = "ES256"

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())

    def jwk(self, kid):
        public = self.key.public_key().public_numbers()
        return {"kty": "EC", "kid": kid, "crv": "P-256", "x": number(public.x, 32),
                "y": number(public.y, 32)}

    def sign(self, data):
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def make(key, claims, **header):
    head = encode(json.dumps({"alg": key.name, **header}).encode())
    data = f"{head}.{encode(json.dumps(claims).encode())}"
    return f"{data}.{encode(key.sign(data.encode()))}"
