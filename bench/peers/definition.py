# SPDX-License-Identifier: Apache-2.0
"""What there is to know about a server, read from a small file.

    # Comment.
    name: mediamtx/tuned          how the report calls it; --servers takes it, or the program
    program: mediamtx             the option that says where it is: --mediamtx PATH
    command: @PROGRAM@ @FOLDER@/mediamtx.yml
    environment: GOGC=300         optional
    version: @PROGRAM@ --version  optional; the first line of its output is reported
    ready: http://@SERVER@:8889/  answers once the server is up, with whatever status
    whep: http://@SERVER@:8889/cam{}/whep
    cameras: tcp                  or udp
    front: @HARNESS@/x.py ...     optional: a WHEP front, started beside the load
    workloads: W1 W3              optional: only there
    quick: no                     optional: --quick leaves it out, unless it is named
    --- mediamtx.yml              a file to write; several may follow
    paths:
    @EACH@  cam@N@:               such lines, together, are repeated for each stream

@SERVER@ and @VIEWERS@ are addresses, @CAMERAS@ is ADDRESS:PORT, @SERVER_IN@ and @INTERFACE@ are
the server's address towards the cameras and its device towards the viewers. @CORE@ is the core
that it shall use, @COMMA@ stands between repetitions and not after the last.
"""
import os
from itertools import groupby
from pathlib import Path

from peers import topology

EACH = "@EACH@"
REQUIRED = ("name", "program", "command", "ready", "whep", "cameras")
CAMERA_PORT = 8554


class Definition:
    def __init__(self, path):
        self.path = Path(path)
        head, *files = self.path.read_text(encoding="utf-8").split("\n--- ")
        self.fields = dict(self._field(line) for line in head.splitlines()
                           if line.strip() and not line.startswith("#"))
        self.files = dict(each.split("\n", 1) for each in files)
        missing = [name for name in REQUIRED if name not in self.fields]
        if missing:
            raise ValueError(f"{path}: no {', '.join(missing)}")

    def _field(self, line):
        name, colon, value = line.partition(": ")
        if not colon:
            raise ValueError(f"{self.path}: '{line}' is no 'name: value'")
        return name, value.strip()

    def __getattr__(self, name):
        if name in REQUIRED or name in ("version", "front", "environment", "workloads", "quick"):
            return self.fields.get(name, "")
        raise AttributeError(name)

    def takes_part(self, workload):
        return not self.workloads or workload in self.workloads.split()


def variables(program, folder, core):
    return {
        "@PROGRAM@": str(program), "@FOLDER@": str(folder), "@CORE@": core,
        "@HARNESS@": os.path.dirname(os.path.abspath(__file__)),
        "@SERVER@": topology.SERVER, "@SERVER_IN@": topology.SERVER_IN,
        "@VIEWERS@": topology.VIEWERS, "@INTERFACE@": topology.TO_VIEWERS,
        "@CAMERAS@": f"{topology.CAMERAS}:{CAMERA_PORT}",
    }


def fill(text, values):
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _repeat(block, streams):
    for n in range(1, streams + 1):
        for line in block:
            line = line[len(EACH):].replace("@N@", str(n))
            yield line.replace("@COMMA@", "," if n < streams else "")


def write(text, values, streams):
    """A file of the definition, with its repetitions and variables."""
    lines = []
    for repeated, block in groupby(text.splitlines(), lambda line: line.startswith(EACH)):
        lines += _repeat(list(block), streams) if repeated else block
    return fill("\n".join(lines) + "\n", values)


def read_all(folder, more=()):
    paths = sorted(Path(folder).glob("*.server")) + [Path(path) for path in more]
    return [Definition(path) for path in paths]
