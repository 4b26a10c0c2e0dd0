# SPDX-License-Identifier: Apache-2.0
"""The build id that a program tells and the one that its file bears."""
import re

from peers.process import run


def of_file(path):
    match = re.search(r"Build ID: ([0-9a-f]+)", run(["readelf", "--notes", path]))
    return match.group(1) if match else None


def agree(path):
    """The build id that rtcfan --version tells is that of its .note.gnu.build-id."""
    told = re.search(r"build id[: ]+([0-9a-f]+)", run([path, "--version"]), re.IGNORECASE)
    return bool(told) and told.group(1) == of_file(path)
