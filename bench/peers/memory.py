# SPDX-License-Identifier: Apache-2.0
"""Resident and proportional memory of processes, in KiB."""
from pathlib import Path


def _rollup(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def read(pids):
    totals = [_rollup(pid) for pid in pids]
    return {"rss_kib": sum(each.get("Rss", 0) for each in totals),
            "pss_kib": sum(each.get("Pss", 0) for each in totals)}
