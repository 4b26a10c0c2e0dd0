# SPDX-License-Identifier: Apache-2.0
"""bench/joins: its arithmetic, what it refuses, and one small run."""
import json
import os
import subprocess
import sys

import pytest

from process import processes_of
from server import BUILD, ROOT, sanitized
from test_compare import skip_unless_it_can_run

sys.path.insert(0, str(ROOT / "bench"))
from peers import seconds, threads  # noqa: E402

JOINS = ROOT / "bench" / "joins"
SLOW_S = 20  # what the machine may add


def test_seconds_add_up():
    rows = [{"lost": 2, "latency_ms": [[1.0, 98]]}, {"lost": 2, "latency_ms": []},
            {"lost": 5, "latency_ms": [[1.0, 1], [7.0, 1]]}]
    assert seconds.grown(rows, "lost") == 3 and seconds.grown(rows[:2], "lost") == 0
    assert seconds.percentile(rows, 0.5) == seconds.percentile(rows, 0.99) == 1.0
    assert seconds.percentile(rows, 0.995) == 7.0
    assert seconds.percentile(rows[2:], 0.5) == 1.0 and seconds.percentile(rows[2:], 0.51) == 7.0
    assert seconds.percentile(rows[1:2], 0.5) is None


def test_threads_are_told_apart():
    """This process has threads of one kind, and works."""
    before = threads.cpu_s(os.getpid())
    while (used := threads.cpu_s(os.getpid()))["control"] == before["control"]:
        pass
    assert used["worker"] == used["ingest"] == 0
    assert [threads.kind(comm) for comm in ("worker-12", "ingest-0", "hasher", "rtcfan")] == [
        "worker", "ingest", "control", "control"]


def refused(*options):
    done = subprocess.run([JOINS, "--nice", "0", *options], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and done.stdout == ""
    return done.stderr


def test_refusals(tmp_path):
    assert "joins: not there: " in refused("--build", tmp_path)
    assert ("joins: --parts memory,all: all is none of memory, joins\n"
            == refused("--build", BUILD, "--parts", "memory,all"))
    assert "joins: --joins 1: 2 or more is expected\n" == refused("--build", BUILD, "--joins", "1")


def check_joins(found):
    assert found["failed"] == 0 and found["causes"] == [], found
    # What a full load throws away itself is counted, and is not the server's.
    own = sum(found[window]["dropped_by_own_sockets"] for window in ("before", "during"))
    assert found["lost"] <= own and found["recovered"] <= own, found
    # A camera of 30 pictures a second of which each seventh bears the time.
    assert found["frames"] > found["playing"] * 30 / 7 * found["before"]["seconds"] / 2, found
    for window in (found["before"], found["during"]):
        assert 0 < window["latency_p50_ms"] <= window["latency_p99_ms"], window
        for kind in threads.KINDS:
            assert window[f"{kind}_percent"] > 0, window
        assert window["players_cpu_percent"] > 0 and window["core_busy_percent"] > 0, window
    assert 3 <= found["before"]["seconds"] < 4 + SLOW_S, found
    # Joins are the control thread's work.
    assert found["during"]["control_percent"] > 2 * found["before"]["control_percent"], found
    assert found["during"]["joiners_cpu_percent"] > 0 == found["before"]["joiners_cpu_percent"]
    for times in found["join_ms"].values():
        assert times["viewers"] == found["joins"], found
        assert 0 <= times["p50"] <= times["p95"] <= times["p99"] <= times["max"], found
    assert found["join_ms"]["post"]["p50"] < found["join_ms"]["until_packet"]["p50"], found


@pytest.mark.skipif(sanitized(), reason="a sanitizer's own memory is in the way")
def test_quick_run(tmp_path):
    skip_unless_it_can_run()
    done = subprocess.run([JOINS, "--build", BUILD, "--quick", "--nice", "0",
                           "--json", tmp_path / "joins.json"],
                          env=os.environ | {"RUN": str(tmp_path)}, capture_output=True, text=True,
                          timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "joins.json").read_text())
    assert run["memory"]["viewers"] == 200, run
    assert 1024 < run["memory"]["bytes_per_viewer"] < 16384, run
    assert (run["joins"]["playing"], run["joins"]["joins"]) == (50, 50), run
    check_joins(run["joins"])
    assert len(run["criteria"]) == 6, run
    for each in run["criteria"]:
        assert each["met"] == (each["value"] <= each["limit"]), each
        assert each["what"] in done.stdout, done.stdout
    assert processes_of(f"RUN={tmp_path}") == {}
