# SPDX-License-Identifier: Apache-2.0
"""One measurement: one server under one workload, once."""
import contextlib
import time

from peers import cpu, definition, load, memory, topology, trace, workloads
from peers.process import Process
from peers.server import Server

CLIENT_BUSY = 0.9  # of its core: beyond this it is the client that was measured
LOAD_BUSY = 0.97  # of all the load's cores, with the kernel's work and that of others
WARM_UP_TRIES = 8
EXAMINATION_S = trace.PERF_S + trace.STRACE_S + 5
START_TIMEOUT_S = 60  # a clip may have to be made first


class Bench:
    """What all cells of a run share."""

    def __init__(self, topology_, source, viewers, folder, window_s):
        self.topology, self.folder, self.window_s = topology_, folder, window_s
        self.source, self.viewers = source, viewers
        self.count = 0

    def new_folder(self):
        self.count += 1
        folder = self.folder / f"{self.count:03}"
        folder.mkdir()
        return folder

    def cameras(self, spec, streams, folder):
        line = [self.source, "--listen", f"{topology.CAMERAS}:{definition.CAMERA_PORT}",
                "--streams", streams, "--name", "cam" if streams > 1 else "cam1", "--stamp=7",
                "--udp-only" if spec.cameras == "udp" else "--tcp-only",
                "--json", folder / "source.json"]
        return self.start_cameras(line, folder)

    def start_cameras(self, line, folder):
        cameras = Process(line, folder / "source.log", namespace=self.topology.cameras,
                          cores=self.topology.load_cores)
        # It prints the URL once it listens. A server that came too early might wait for long.
        end = time.monotonic() + START_TIMEOUT_S
        while cameras.running() and "rtsp:" not in cameras.output() and time.monotonic() < end:
            time.sleep(0.05)
        return cameras

    def load(self, server, shape, seconds, on_second=None):
        return load.run(self.viewers, server.whep, shape, seconds, self.topology, server.folder,
                        on_second)


class Watch:
    """Looks at the server as the viewers' seconds pass."""

    def __init__(self, server, topology_, window_s, counts_dropped):
        self.topology, self.counts_dropped = topology_, counts_dropped
        self.core, self.load_cores = topology_.server_core, topology_.load_cores.split(",")
        self.window_s = window_s
        self.samples = {}  # by row, while measured
        self.dropped = {}  # likewise, if asked for: (when, bytes for those that nobody watches)
        self.pids = server.pids()
        self.memory = memory.read(self.pids)

    def __call__(self, row, measured):
        if not measured:
            return
        self.samples[row] = cpu.Sample(self.pids, self.core, self.load_cores)
        if self.counts_dropped:
            self.dropped[row] = time.monotonic(), self.topology.dropped_bytes()
        if len(self.samples) == self.window_s + 1:
            self.memory = memory.read(self.pids)

    def window(self):
        """The first and the last row to compare."""
        rows = sorted(self.samples)[:self.window_s + 1]
        return (rows[0], rows[-1]) if len(rows) > 1 else None

    def dropped_per_s(self, window):
        if not self.counts_dropped:
            return 0
        (began, before), (ended, after) = (self.dropped[row] for row in window)
        return (after - before) / (ended - began)


def _client(result):
    measured = result["measured"]
    drops = measured["dropped_by_own_sockets"]
    busy = result["own_cpu"]["busiest_thread"]
    return {"client_busy": busy, "client_drops": drops,
            "client_limited": busy > CLIENT_BUSY or drops > 0}


def _quality(result, viewers):
    measured, latency = result["measured"], result["latency_ms"]
    has_latency = latency["frames"] > 0
    out = {
        "joined": result["total"]["joined"],
        "failed": viewers - result["total"]["joined"] + result["total"]["ended"],
        "loss_percent": max(0.0, measured["lost_percent"]),
        "frames_per_s": measured["frames"] / result["measured_s"] if result["measured_s"] else 0,
        "gcm": result["profiles"]["gcm"],
        "cm": result["profiles"]["cm"],
        "join_p50_ms": result["join_ms"]["all"]["p50"],
        "join_p99_ms": result["join_ms"]["all"]["p99"],
        "join_max_ms": result["join_ms"]["all"]["max"],
        "nacked": measured["nacked"], "recovered": measured["recovered"],
    }
    for name, key in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
        out[f"latency_{name}_ms"] = latency[key] if has_latency else None
    return out


def _rates(begin, end, dropped_per_s, shape):
    """What reached the viewers between two rows. dropped_per_s: bytes."""
    seconds = end["at_s"] - begin["at_s"]
    seen = (load.packets(end) - load.packets(begin)) / seconds
    expected = (end["packets_expected"] - begin["packets_expected"]) / seconds
    watched = shape["viewers"] - shape["unwatched"]
    out = {"packets_per_s": seen, "expected_per_s": expected}
    if shape["unwatched"] and seen:
        # What one of those got whose packets are only counted, in parts of what the others got.
        share = (dropped_per_s / shape["unwatched"]) / (
            (end["bytes"] - begin["bytes"]) / seconds / watched)
        out["packets_per_s"] += share * seen / watched * shape["unwatched"]
        out["expected_per_s"] *= shape["viewers"] / watched
        out["unwatched_short_percent"] = max(0.0, 100 * (1 - share))
    return out


def figures(result, watch, shape):
    """All of one measurement; what could not be had is missing."""
    out = {"viewers": shape["viewers"]} | _quality(result, shape["viewers"]) | _client(result)
    out |= watch.memory
    window = watch.window()
    if window:
        begin, end = (result["per_second"][row] for row in window)
        used = cpu.use(watch.samples[window[0]], watch.samples[window[1]])
        out |= used
        out["client_limited"] |= used["load_busy"] > LOAD_BUSY
        # What neither the server nor its interrupts used of its core: somebody else did.
        out["others_percent"] = max(0.0, used["core_busy_percent"] - used["cpu_percent"])
        out |= _rates(begin, end, watch.dropped_per_s(window), shape)
        if out["packets_per_s"]:
            out["ns_per_packet"] = 1e7 * used["cpu_percent"] / out["packets_per_s"]
    out["latency_cdf"] = result["latency_ms"].get("cdf", [])
    return out


def measure(bench, server, shape):
    """Figures, or {"error": why} when no viewer came through."""
    watch = Watch(server, bench.topology, bench.window_s, shape["unwatched"] > 0)
    result = bench.load(server, shape, bench.window_s + 1, watch)
    if result is None or result["total"]["joined"] == 0:
        why = result["failures"][0]["cause"] if result and result["failures"] else "no result"
        return {"error": f"no viewer got a picture: {why}"}
    return figures(result, watch, shape)


class Examination:
    """perf, then strace, begun with the first measured second."""

    def __init__(self, server, cores):
        self.server, self.cores, self.tools = server, cores, trace.available()
        self.found = {}
        self.row = None  # at which it began
        self.traced = None  # seconds after that: when strace began and ended

    def __call__(self, row, measured):
        if not measured or self.row is not None:
            return
        self.row, begin = row, time.monotonic()
        pids, folder = self.server.pids(), self.server.folder
        if "perf" in self.tools:
            self.found["shares"], self.found["symbols"] = trace.profile(pids, folder, self.cores)
        if "strace" in self.tools:
            since = time.monotonic() - begin
            calls = trace.system_calls(pids, folder, self.cores)
            self.traced = since, time.monotonic() - begin
            self.found["calls"] = dict(sorted(calls.items(), key=lambda each: -each[1]))

    def result(self, rows):
        """With system calls by packet that arrived in the meantime."""
        if self.traced:
            begin = rows[self.row]["at_s"]
            packets = [load.packets_until(rows, begin + at) for at in self.traced]
            if None not in packets and packets[1] > packets[0]:
                calls = sum(self.found["calls"].values())
                self.found["calls_per_packet"] = calls / (packets[1] - packets[0])
        return self.found


def examine(bench, server, shape):
    """Where the CPU time goes, and system calls per packet."""
    examination = Examination(server, bench.topology.load_cores)
    result = bench.load(server, shape, EXAMINATION_S, examination)
    return examination.result(result["per_second"]) if result else {}


def warm_up(bench, server, streams):
    """Until each stream has had a viewer: all cameras are there, code and caches are warm."""
    shape = workloads.shape(streams, streams)
    for _ in range(WARM_UP_TRIES):
        result = bench.load(server, shape, 1)
        if result and result["total"]["joined"] == streams:
            return
        time.sleep(1)


@contextlib.contextmanager
def running(bench, spec, program, streams):
    """Cameras and a server with these streams."""
    folder = bench.new_folder()
    with bench.cameras(spec, streams, folder):
        with Server(spec, program, bench.topology, folder, streams) as server:
            warm_up(bench, server, streams)
            yield server
