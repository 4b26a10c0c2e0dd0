# SPDX-License-Identifier: Apache-2.0
"""CPU time of rtcfan's threads, by what they are (ARCHITECTURE.md, Threads)."""
from pathlib import Path

KINDS = ("control", "worker", "ingest")


def kind(comm):
    """Of a thread of this name."""
    name = comm.split("-")[0]
    return name if name in KINDS else "control"


def cpu_s(pid):
    """{kind: seconds so far}."""
    out = dict.fromkeys(KINDS, 0.0)
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = kind((task / "comm").read_text().strip())
            out[name] += int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            pass  # it has ended
    return out
