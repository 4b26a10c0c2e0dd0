# SPDX-License-Identifier: Apache-2.0
"""What a server used so far: its processes' CPU time, its core's, threads, context switches.

CPU time of a process is that of its CPU clock, in nanoseconds, of all its threads, also of those
that have ended. What interrupts do in the meantime is in it, unless the kernel was built with
CONFIG_IRQ_TIME_ACCOUNTING; what they do while the core is idle is not. /proc/stat counts the
core's time by kind, in ticks of 10 ms.
"""
import os
import time
from pathlib import Path

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def family(pid):
    """The process and all its descendants."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    pids = [pid]
    for each in pids:
        pids += children.get(each, [])
    return pids


def process_ns(pid):
    """The clock is named by the complement of the process (clock_getcpuclockid)."""
    try:
        return time.clock_gettime_ns(~pid << 3 | 2)
    except OSError:
        return 0


def core_ticks(core):
    """{kind: ticks} of one core."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *values = line.split()
        if name == f"cpu{core}":
            return dict(zip(KINDS, map(int, values)))
    raise OSError(f"/proc/stat has no core {core}")


def busy_ticks(cores):
    """(ticks that these cores worked, all their ticks)."""
    counts = [core_ticks(core) for core in cores]
    idle = sum(count["idle"] + count["iowait"] for count in counts)
    total = sum(sum(count.values()) for count in counts)
    return total - idle, total


def net_rx(core):
    """Receive softirqs that ran on a core."""
    rows = Path("/proc/softirqs").read_text().splitlines()
    column = rows[0].split().index(f"CPU{core}")
    return next(int(row.split()[1 + column]) for row in rows if row.split()[0] == "NET_RX:")


def _switches(pid):
    """Threads, and context switches of those that live."""
    threads = switches = 0
    for task in Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            text = task.read_text()
        except OSError:
            continue
        threads += 1
        switches += sum(int(line.split()[1]) for line in text.splitlines()
                        if "ctxt_switches" in line)
    return threads, switches


class Sample:
    def __init__(self, pids, core, load_cores):
        self.at_ns = time.monotonic_ns()
        self.cpu_ns = sum(process_ns(pid) for pid in pids)
        self.core = core_ticks(core)
        self.net_rx = net_rx(core)
        self.load = busy_ticks(load_cores)
        counts = [_switches(pid) for pid in pids]
        self.threads = sum(count[0] for count in counts)
        self.switches = sum(count[1] for count in counts)


def use(begin, end):
    """Between two samples. Percent are of one core.

    cpu_percent is the processes' time and of the core's time beyond it as much as the kernel
    counts as interrupts: what the server caused while it was not running.
    """
    wall = end.at_ns - begin.at_ns
    ticks = {kind: end.core[kind] - begin.core[kind] for kind in KINDS}
    own = 100 * (end.cpu_ns - begin.cpu_ns) / wall
    busy = 100 * TICK_NS * (sum(ticks.values()) - ticks["idle"] - ticks["iowait"]) / wall
    interrupts = 100 * TICK_NS * (ticks["irq"] + ticks["softirq"]) / wall
    load = [now - before for now, before in zip(end.load, begin.load)]
    outside = max(0.0, min(busy - own, interrupts))
    return {
        "cpu_percent": own + outside,
        "process_percent": own,
        "softirq_percent": interrupts,
        "core_busy_percent": busy,
        "load_busy": load[0] / load[1] if load[1] else 0.0,  # of all its cores
        "net_rx_per_s": (end.net_rx - begin.net_rx) * 1e9 / wall,
        "threads": end.threads,
        "switches_per_s": (end.switches - begin.switches) * 1e9 / wall,
        "seconds": wall / 1e9,
    }
