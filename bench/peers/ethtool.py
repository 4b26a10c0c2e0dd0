# SPDX-License-Identifier: Apache-2.0
"""Features of a network device of the calling process's namespace, by the ioctl of ethtool."""
import array
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
GET_STRINGS, GET_SET_INFO, GET_FEATURES, SET_FEATURES = 0x1B, 0x37, 0x3A, 0x3B
STRING_SET_FEATURES, STRING_LEN = 4, 32


def _call(device, command):
    """command: bytes of a struct ethtool_...; returns them as the kernel leaves them."""
    buffer = array.array("B", command)
    address, _ = buffer.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sQ16x", device.encode(), address))
    return buffer.tobytes()


def _names(device):
    info = _call(device, struct.pack("=IIQI", GET_SET_INFO, 0, 1 << STRING_SET_FEATURES, 0))
    count = struct.unpack_from("=I", info, 16)[0]
    head = struct.pack("=III", GET_STRINGS, STRING_SET_FEATURES, count)
    text = _call(device, head + bytes(count * STRING_LEN))[len(head):]
    return [text[i:i + STRING_LEN].split(b"\0")[0].decode()
            for i in range(0, len(text), STRING_LEN)]


def switch(device, names, on):
    """Switches those of the named features that the kernel knows; the others are none."""
    known = _names(device)
    blocks = (len(known) + 31) // 32
    valid = [0] * blocks
    for bit, name in enumerate(known):
        if name in names:
            valid[bit // 32] |= 1 << bit % 32
    body = b"".join(struct.pack("=II", mask, mask if on else 0) for mask in valid)
    _call(device, struct.pack("=II", SET_FEATURES, blocks) + body)


def active(device):
    """The names of all features that are on."""
    known = _names(device)
    blocks = (len(known) + 31) // 32
    head = struct.pack("=II", GET_FEATURES, blocks)
    body = _call(device, head + bytes(16 * blocks))[len(head):]
    masks = [struct.unpack_from("=IIII", body, 16 * i)[2] for i in range(blocks)]
    return {name for bit, name in enumerate(known) if masks[bit // 32] >> bit % 32 & 1}
