# SPDX-License-Identifier: Apache-2.0
"""Viewers of a server, by bench/viewers, with a look at the server at each of their seconds.

bench/viewers prints a line for each second and has a row of counters for each in its JSON: what
the server used between two of them and what reached the viewers in the meantime belong together.
"""
import json
import re
import select
import subprocess
import time

from peers.process import Process
from peers.topology import UNWATCHED, VIEWERS, row

LINE = re.compile(rb"^\s*[\d.]+ s (measuring|joining)")
END_S = 20  # for sessions to be given back


def span(first):
    """As --bind takes it."""
    return f"{first}-{row(first)[-1]}"


def arguments(program, url, shape, seconds, json_file):
    line = [program, "--url", url, "--viewers", shape["viewers"], "--seconds", seconds,
            "--streams", shape["streams"], "--joins-per-second", shape["joins_per_second"],
            "--decrypt-every", shape["decrypt_every"], "--stamp-every", 1, "--bind", span(VIEWERS),
            "--srtp", "gcm,cm", "--json", json_file]
    if shape["unwatched"]:
        line += ["--unwatched", shape["unwatched"], "--unwatched-bind", span(UNWATCHED)]
    return line + (["--loss", shape["loss"]] if shape["loss"] else [])


class Lines:
    """Lines from a pipe, each as it comes, and no longer than until a moment."""

    def __init__(self, pipe, until):
        self.pipe, self.until, self.rest = pipe, until, b""

    def __iter__(self):
        while True:
            wait = max(0.0, self.until - time.monotonic())
            if not select.select([self.pipe], [], [], wait)[0]:
                return
            data = self.pipe.read1(65536)
            if not data:
                return
            *lines, self.rest = (self.rest + data).split(b"\n")
            yield from lines


def run(program, url, shape, seconds, topology, folder, on_second=None):
    """on_second(row, measured): called as row 0, 1, ... of "per_second" ends. Returns the JSON, or
    None if there is none: the run took too long, or was refused."""
    json_file = folder / "viewers.json"
    json_file.unlink(missing_ok=True)
    joining = shape["viewers"] / shape["joins_per_second"]
    viewers = Process(arguments(program, url, shape, seconds, json_file), folder / "viewers.log",
                      namespace=topology.viewers, cores=topology.load_cores,
                      stderr=subprocess.PIPE)
    with viewers:
        number = 0
        for line in Lines(viewers.child.stderr, time.monotonic() + joining + seconds + END_S):
            match = LINE.match(line)
            if match and on_second:
                on_second(number, match.group(1) == b"measuring")
            number += bool(match)
        viewers.child.stderr.close()
    return read(json_file) if json_file.exists() else None


def read(json_file):
    return json.loads(json_file.read_text())


def packets(second):
    return second["packets_video"] + second["packets_audio"] + second["packets_rtx"]


def packets_until(rows, at_s):
    """How many had arrived by then, between two rows as if at a constant rate."""
    for before, after in zip(rows, rows[1:]):
        if before["at_s"] <= at_s <= after["at_s"]:
            part = (at_s - before["at_s"]) / (after["at_s"] - before["at_s"])
            return packets(before) + part * (packets(after) - packets(before))
    return None
