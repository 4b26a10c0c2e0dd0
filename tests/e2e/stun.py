# SPDX-License-Identifier: Apache-2.0
"""STUN binding requests and their answers (RFC 8489), as much as an ICE client needs (RFC 8445)."""
import hashlib
import hmac
import os
import struct
import zlib

MAGIC = 0x2112A442
REQUEST, SUCCESS, ERROR = 0x0001, 0x0101, 0x0111
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE = 0x0006, 0x0008, 0x0009
XOR_MAPPED_ADDRESS, PRIORITY, USE_CANDIDATE = 0x0020, 0x0024, 0x0025
FINGERPRINT, ICE_CONTROLLING = 0x8028, 0x802A
FINGERPRINT_XOR = 0x5354554E
INTEGRITY_LEN, FINGERPRINT_LEN = 24, 8


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _header(kind, length, transaction):
    return struct.pack("!HHI", kind, length, MAGIC) + transaction


def seal(kind, transaction, attributes, password=None):
    """Puts MESSAGE-INTEGRITY, where there is a password, and FINGERPRINT behind the attributes."""
    if password is not None:
        head = _header(kind, len(attributes) + INTEGRITY_LEN, transaction)
        digest = hmac.new(password.encode(), head + attributes, hashlib.sha1).digest()
        attributes += attribute(MESSAGE_INTEGRITY, digest)
    head = _header(kind, len(attributes) + FINGERPRINT_LEN, transaction)
    crc = zlib.crc32(head + attributes) ^ FINGERPRINT_XOR
    return head + attributes + attribute(FINGERPRINT, struct.pack("!I", crc))


def binding_request(username, password, nominate=True):
    """A connectivity check of the controlling side. Returns (transaction id, message)."""
    transaction = os.urandom(12)
    attributes = attribute(USERNAME, username.encode())
    attributes += attribute(PRIORITY, struct.pack("!I", 0x6E0001FF))
    attributes += attribute(ICE_CONTROLLING, os.urandom(8))
    if nominate:
        attributes += attribute(USE_CANDIDATE, b"")
    return transaction, seal(REQUEST, transaction, attributes, password)


def parse(data):
    """(type, transaction id, {attribute: value}), or None where it is no STUN message."""
    if len(data) < 20 or data[0] > 3:
        return None
    kind, length, magic = struct.unpack_from("!HHI", data)
    if magic != MAGIC or length != len(data) - 20:
        return None
    attributes, at = {}, 20
    while at + 4 <= len(data):
        attribute, size = struct.unpack_from("!HH", data, at)
        attributes.setdefault(attribute, data[at + 4 : at + 4 + size])
        at += 4 + size + -size % 4
    return kind, data[8:20], attributes


def integrity_holds(data, password):
    """MESSAGE-INTEGRITY, the last but FINGERPRINT, was made with this password."""
    covered = data[: -(INTEGRITY_LEN + FINGERPRINT_LEN)]
    if len(covered) < 20:
        return False
    head = struct.pack("!HH", struct.unpack_from("!H", data)[0], len(covered) - 20 + INTEGRITY_LEN)
    digest = hmac.new(password.encode(), head + covered[4:], hashlib.sha1).digest()
    return data[len(covered) + 4 : len(covered) + INTEGRITY_LEN] == digest


def error_code(attributes):
    value = attributes.get(ERROR_CODE)
    return value[2] * 100 + value[3] if value and len(value) >= 4 else None
