# SPDX-License-Identifier: Apache-2.0
"""All measurements of a run: workloads in turn, and within each the servers A B A B."""
from peers import cell, figures, stepup, workloads

SPREAD_MAX = 0.25  # of CPU per packet: beyond it a server gets another round
ROUNDS_EXTRA = 1
STEP_TRIES = 3  # of a step that failed while others disturbed it
OTHERS_PERCENT = 10  # of the server's core, used by others: a disturbance


class Entry:
    """What is known of one server under one workload."""

    def __init__(self, streams):
        self.streams = streams
        self.rounds, self.errors, self.steps = [], [], []
        self.examined = None
        self.limited_by_client = False

    def add(self, result):
        if "error" in result:
            self.errors.append(result["error"])
        else:
            self.rounds.append(result)

    def spread(self):
        return figures.spread([each.get("ns_per_packet") for each in self.rounds])

    def as_dict(self):
        return {"streams": self.streams, "rounds": self.rounds, "errors": self.errors,
                "steps": self.steps, "examined": self.examined,
                "limited_by_client": self.limited_by_client,
                "summary": figures.summary(self.rounds)}


class Comparison:
    def __init__(self, bench, servers, rounds, examine, quiet, say):
        """servers: [(definition, program)]. examine: in which workloads. quiet: what to wait for
        before each round. say: takes progress."""
        self.bench, self.servers, self.rounds = bench, servers, rounds
        self.examine, self.quiet, self.say = examine, quiet, say

    def workload(self, key, shape, keep):
        """keep: takes {server: entry} after each round."""
        servers = [each for each in self.servers if each[0].takes_part(key)]
        entries = {spec.name: Entry(shape["streams"]) for spec, _ in servers}
        measure = self._step_up if key == "W2" else self._once
        extra = ROUNDS_EXTRA if self.rounds > 1 else 0
        for number in range(self.rounds + extra):
            for spec, program in servers:
                entry = entries[spec.name]
                if number < self.rounds or entry.spread() > SPREAD_MAX:
                    self._round(measure, key, number, spec, program, shape, entry)
            keep({name: entry.as_dict() for name, entry in entries.items()})

    def _round(self, measure, key, number, spec, program, shape, entry):
        self.quiet.wait()
        try:
            with cell.running(self.bench, spec, program, shape["streams"]) as server:
                result = measure(server, shape, entry)
                if key in self.examine and entry.examined is None and "error" not in result:
                    entry.examined = cell.examine(self.bench, server, dict(
                        shape, viewers=result.get("viewers_held") or result["viewers"]))
        except OSError as error:
            result = {"error": str(error)}
        entry.add(result)
        self.say(f"{key} round {number + 1} {spec.name}: {line(result)}")

    def _once(self, server, shape, _):
        return cell.measure(self.bench, server, shape)

    def _step_up(self, server, shape, entry):
        """The figures of the most viewers that were held, and how many these are."""
        known = [each["viewers_held"] for each in entry.rounds if each.get("viewers_held")]
        steps = workloads.STEPS
        # From the second round on it is about known.
        first = max(1, max(known) * 3 // 4) if known else steps["first"]
        search = stepup.StepUp(first, steps["most"], steps["refinements"] - bool(known))
        best = {"error": "not even the first step was held"}
        while (viewers := search.next()) is not None:
            result, verdict = self._step(server, shape, viewers)
            search.result(viewers, verdict, result.get("cpu_percent", 0))
            if "error" not in result:
                entry.steps.append({name: value for name, value in result.items()
                                    if name != "latency_cdf"} | {"verdict": verdict})
            if verdict == stepup.GOOD:
                best = dict(result, viewers_held=viewers)
        entry.limited_by_client |= search.limited_by_client
        return best

    def _step(self, server, shape, viewers):
        """Tried again where others may be the reason why it was not held."""
        watched = min(viewers, workloads.WATCHED) if self.bench.topology.can_drop else viewers
        shape = dict(shape, viewers=viewers, joins_per_second=max(50, viewers // 4),
                     unwatched=viewers - watched,
                     decrypt_every=max(1, watched // workloads.VIEWERS_PER_OPENED))
        for _ in range(STEP_TRIES):
            result = cell.measure(self.bench, server, shape)
            verdict = stepup.BAD if "error" in result else stepup.judge(
                result, workloads.LOSS_PERCENT, workloads.P99_MS)
            self.say(f"   {viewers} viewers: {verdict}: {line(result)}")
            if verdict == stepup.GOOD or result.get("others_percent", 0) < OTHERS_PERCENT:
                break
            self.quiet.wait()
        return result, verdict


def line(result):
    if "error" in result:
        return result["error"]
    return (f"CPU {result.get('cpu_percent', 0):.1f} %, "
            f"{result.get('ns_per_packet', 0):.0f} ns/packet, "
            f"{result.get('packets_per_s', 0):.0f} packets/s, RSS {result['rss_kib'] // 1024} MiB, "
            f"loss {result['loss_percent']:.3f} %, "
            f"p99 {result['latency_p99_ms'] or 0:.1f} ms, joined {result['joined']}"
            + (f", others {result['others_percent']:.0f} %" if result.get("others_percent", 0) > 5
               else "") + (", client-bound" if result["client_limited"] else ""))
