# SPDX-License-Identifier: Apache-2.0
"""A viewer's half of AEAD_AES_128_GCM (RFC 7714): opens SRTP and SRTCP, seals SRTCP; no libsrtp."""
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LEN, SALT_LEN, TAG_LEN = 16, 12, 16
KEYING_LEN = 2 * (KEY_LEN + SALT_LEN)
LABEL_RTP_KEY, LABEL_RTP_SALT, LABEL_RTCP_KEY, LABEL_RTCP_SALT = 0, 2, 3, 5


def _derive(key, salt, label, length):
    """RFC 3711 4.3.1, key derivation rate zero; the salt is padded to 112 bits (RFC 7714 11)."""
    x = int.from_bytes(salt + bytes(2), "big") ^ (label << 48)
    counter = (x << 16).to_bytes(16, "big")
    return Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(length))


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _rtcp_iv(packet, index, salt):
    return _xor(b"\0\0" + packet[4:8] + b"\0\0" + struct.pack("!I", index), salt)


class GcmSender:
    """What the client of a DTLS-SRTP association sends: RTCP only."""

    def __init__(self, exported):
        key, salt = exported[:KEY_LEN], exported[2 * KEY_LEN : 2 * KEY_LEN + SALT_LEN]
        self._cipher = AESGCM(_derive(key, salt, LABEL_RTCP_KEY, KEY_LEN))
        self._salt = _derive(key, salt, LABEL_RTCP_SALT, SALT_LEN)
        self._index = 0

    def seal_rtcp(self, packet):
        self._index += 1
        word = struct.pack("!I", 0x80000000 | self._index)
        iv = _rtcp_iv(packet, self._index, self._salt)
        return packet[:8] + self._cipher.encrypt(iv, packet[8:], packet[:8] + word) + word


class GcmReceiver:
    """What the server of a DTLS-SRTP association sends."""

    def __init__(self, exported):
        """exported: KEYING_LEN bytes of EXTRACTOR-dtls_srtp (RFC 5764 4.2)."""
        key = exported[KEY_LEN : 2 * KEY_LEN]
        salt = exported[2 * KEY_LEN + SALT_LEN :]
        self._rtp = AESGCM(_derive(key, salt, LABEL_RTP_KEY, KEY_LEN))
        self._rtp_salt = _derive(key, salt, LABEL_RTP_SALT, SALT_LEN)
        self._rtcp = AESGCM(_derive(key, salt, LABEL_RTCP_KEY, KEY_LEN))
        self._rtcp_salt = _derive(key, salt, LABEL_RTCP_SALT, SALT_LEN)

    def open_rtp(self, packet, rollover):
        """The payload, or None where the tag does not fit."""
        head = 12 + 4 * (packet[0] & 15)
        if packet[0] & 16:
            head += 4 + 4 * struct.unpack_from("!H", packet, head + 2)[0]
        index = packet[8:12] + struct.pack("!I", rollover) + packet[2:4]
        iv = _xor(b"\0\0" + index, self._rtp_salt)
        return self._open(self._rtp, iv, packet[head:], packet[:head])

    def open_rtcp(self, packet):
        """The compound packet in the clear, or None."""
        if len(packet) < 8 + TAG_LEN + 4:
            return None
        word = packet[-4:]
        index = struct.unpack("!I", word)[0] & 0x7FFFFFFF
        iv = _rtcp_iv(packet, index, self._rtcp_salt)
        body = self._open(self._rtcp, iv, packet[8:-4], packet[:8] + word)
        return None if body is None else packet[:8] + body

    @staticmethod
    def _open(cipher, iv, sealed, covered):
        try:
            return cipher.decrypt(iv, sealed, covered)
        except (InvalidTag, ValueError):
            return None
