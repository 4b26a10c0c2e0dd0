# SPDX-License-Identifier: Apache-2.0
"""What the figures were taken on."""
import os
import platform
import time
from pathlib import Path

from peers.process import run


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _virtual():
    return " hypervisor" in Path("/proc/cpuinfo").read_text()


def describe(options):
    return {
        "processor": _processor() + (", a virtual machine" if _virtual() else ""),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%d"),
        "load_average_before": os.getloadavg()[0],
        "server_core": options.server_core, "load_cores": options.load_cores,
        "segmentation": "by the device" if options.offload
                        else "by the kernel, on the server's core",
        "nice": options.nice,
        "tools": {"perf": run(["perf", "--version"]).strip(),
                  "strace": (run(["strace", "--version"]).splitlines() or [""])[0]},
    }
