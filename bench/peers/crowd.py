# SPDX-License-Identifier: Apache-2.0
"""Viewers in number: what each of many costs in memory, and what it does to those who play when
many more join."""
import re
import time

from peers import (
    cell, comparison, cpu, definition, load, memory, seconds, threads, topology, workloads)
from peers.process import Process

SETTLE_S = 13  # control/trim.h: the heap is looked at each 10 s
PATIENCE_S = 60
STAY_S = 2  # of those who join, after the last of them; then they leave
MEMORY_JOINS_PER_SECOND = 200
# Two pictures a second, so that it is the viewers' memory and not their media that is the work.
SLOW = ("--fps", 2, "--gop", 2, "--bitrate", 50, "--resolution", "320x180", "--audio", "none")
JOINED = re.compile(r"(\d+)/\d+ joined, (\d+) failed")
COUNTED = ("lost", "nacked", "recovered")


def cameras(bench, folder, options=()):
    """One stream, cam1."""
    line = [bench.source, "--listen", f"{topology.CAMERAS}:{definition.CAMERA_PORT}", "--name",
            "cam1", "--tcp-only", *options]
    return bench.start_cameras(line, folder)


# ---- memory ----

def _wait_for(viewers, count):
    """Until so many have joined, or do not any more."""
    end = time.monotonic() + count / MEMORY_JOINS_PER_SECOND + PATIENCE_S
    joined = failed = 0
    while joined + failed < count and viewers.running() and time.monotonic() < end:
        time.sleep(0.2)
        found = JOINED.findall(viewers.output())
        joined, failed = map(int, found[-1]) if found else (0, 0)
    if joined < count:
        raise OSError(f"{joined} of {count} viewers joined:\n{viewers.output()}")


def _settled_kib(bench, server, count, number):
    """Resident memory once so many more viewers are there; and their process."""
    folder = server.folder / f"half{number}"
    folder.mkdir()
    shape = workloads.shape(1, count, MEMORY_JOINS_PER_SECOND, decrypt_every=0)
    shape["unwatched"] = count - 1 if bench.topology.can_drop else 0
    viewers = Process(load.arguments(bench.viewers, server.whep, shape, 3600,
                                     folder / "viewers.json"), folder / "viewers.log",
                      namespace=bench.topology.viewers, cores=bench.topology.load_cores)
    try:
        _wait_for(viewers, count)
    except BaseException:
        viewers.stop()
        raise
    time.sleep(SETTLE_S)
    return memory.read(server.pids())["rss_kib"], viewers


def measure_memory(bench, server, viewers):
    """Growth by the second half: what a process needs once is there by then."""
    half = viewers // 2
    before_kib, first = _settled_kib(bench, server, half, 1)
    with first:
        after_kib, second = _settled_kib(bench, server, half, 2)
        second.stop(timeout_s=load.END_S)
    return {"viewers": 2 * half, "rss_kib": after_kib,
            "bytes_per_viewer": (after_kib - before_kib) * 1024 / half}


# ---- joins ----

class Rush:
    """Looks at the server at each second of those who play, and lets others join after so many."""

    def __init__(self, bench, server, shape, before_s):
        self.bench, self.server, self.before_s = bench, server, before_s
        self.shape, self.cores = shape, bench.topology.load_cores.split(",")
        self.during_s = -(-shape["viewers"] // shape["joins_per_second"]) + STAY_S
        self.pid = server.process.pid
        self.rows, self.samples = [], []
        self.folder = server.folder / "joins"
        self.folder.mkdir()
        self.joins = None

    def __call__(self, row, measured):
        if not measured or len(self.rows) > self.before_s + self.during_s:
            return
        self.rows.append(row)
        self.samples.append((threads.cpu_s(self.pid), cpu.Sample(
            self.server.pids(), self.bench.topology.server_core, self.cores)))
        if len(self.rows) == self.before_s + 1:
            self.joins = Process(
                load.arguments(self.bench.viewers, self.server.whep, self.shape, STAY_S + 1,
                               self.folder / "viewers.json"), self.folder / "viewers.log",
                namespace=self.bench.topology.viewers, cores=self.bench.topology.load_cores)

    def window(self, result, first, last):
        """What happened between two of its looks."""
        if len(self.rows) <= last:
            raise OSError("the viewers that play ended early:\n"
                          + "\n".join(each["cause"] for each in result["failures"]))
        rows = result["per_second"][self.rows[first]:self.rows[last] + 1]
        (cpu_before, begin), (cpu_after, end) = self.samples[first], self.samples[last]
        used = cpu.use(begin, end)
        out = {f"{kind}_percent": 100 * (cpu_after[kind] - cpu_before[kind]) / used["seconds"]
               for kind in threads.KINDS}
        out |= {name: used[name] for name in ("core_busy_percent", "seconds")}
        out["load_busy_percent"] = 100 * used["load_busy"]
        # What neither the server nor its interrupts used of its core: somebody else did.
        out["others_percent"] = max(0.0, used["core_busy_percent"] - used["cpu_percent"])
        out |= {name: seconds.grown(rows, name) for name in (*COUNTED, "dropped_by_own_sockets")}
        for name, share in (("latency_p50_ms", 0.5), ("latency_p99_ms", 0.99)):
            out[name] = seconds.percentile(rows[1:], share)
            if out[name] is None:
                raise OSError("no picture came that bore the camera's stamp")
        out["players_cpu_percent"] = _cpu_percent(rows[1:], used["seconds"])
        return out


def _cpu_percent(rows, seconds_):
    return 100 * sum(row["cpu_s"] for row in rows) / seconds_


def _full(window):
    return (window["load_busy_percent"] > 100 * cell.LOAD_BUSY
            or window["dropped_by_own_sockets"] > 0)


def _figures(rush, playing, joining, before_s):
    before = rush.window(playing, 0, before_s)
    during = rush.window(playing, before_s, before_s + rush.during_s)
    before["joiners_cpu_percent"] = 0.0
    during["joiners_cpu_percent"] = _cpu_percent(joining["per_second"][:rush.during_s],
                                                 during["seconds"])
    out = {"playing": playing["parameters"]["viewers"], "joins": joining["parameters"]["viewers"],
           "joins_per_second": joining["parameters"]["joins_per_second"],
           "before": before, "during": during}
    out |= {name: playing["measured"][name] for name in COUNTED}
    out["frames"] = playing["latency_ms"]["frames"]
    out["failed"] = sum(each["total"]["failed"] + each["total"]["ended"] + each["viewers_silent"]
                        for each in (playing, joining))
    out["causes"] = [each["cause"] for result in (playing, joining)
                     for each in result["failures"]]
    out["join_ms"] = joining["join_ms"]
    out["joiners_lost"] = joining["measured"]["lost"]
    out["load_full"] = (_full(before) or _full(during)
                        or joining["measured"]["dropped_by_own_sockets"] > 0)
    out["disturbed"] = max(before["others_percent"],
                           during["others_percent"]) > comparison.OTHERS_PERCENT
    return out


def measure_joins(bench, server, playing, joins, before_s):
    """playing, joins: shapes. Figures of the seconds before, and of those of the joins."""
    rush = Rush(bench, server, joins, before_s)
    try:
        result = bench.load(server, playing, before_s + rush.during_s + 1, rush)
        if result is None or rush.joins is None:
            raise OSError("no result of the viewers that play")
        rush.joins.child.wait(PATIENCE_S)
    finally:
        if rush.joins:
            rush.joins.stop()
    found = rush.folder / "viewers.json"
    if not found.exists():
        raise OSError(f"no result of those who joined:\n{rush.joins.output()}")
    return _figures(rush, result, load.read(found), before_s)
