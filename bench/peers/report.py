# SPDX-License-Identifier: Apache-2.0
"""The report for readers: Markdown."""
from peers import trace

COLUMNS = (
    ("CPU, %", "cpu_percent", "{:.1f}"),
    ("ns per packet", "ns_per_packet", "{:.0f}"),
    ("packets/s", "packets_per_s", "{:.0f}"),
    ("RSS, MiB", "rss_kib", "{:.1f}"),
    ("PSS, MiB", "pss_kib", "{:.1f}"),
    ("threads", "threads", "{:.0f}"),
    ("switches/s", "switches_per_s", "{:.0f}"),
    ("joined", "joined", "{:.0f}"),
    ("loss, %", "loss_percent", "{:.3f}"),
    ("latency p50", "latency_p50_ms", "{:.1f}"),
    ("p99", "latency_p99_ms", "{:.1f}"),
    ("p99.9, ms", "latency_p999_ms", "{:.1f}"),
    ("join p50", "join_p50_ms", "{:.0f}"),
    ("p99, ms", "join_p99_ms", "{:.0f}"),
)
SCALE = {"rss_kib": 1 / 1024, "pss_kib": 1 / 1024}
OTHERS_PERCENT = 10  # of the server's core: worth a remark


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(heads, rows):
    rule = "|" + "|".join(["---"] + ["---:"] * (len(heads) - 1)) + "|"
    return "\n".join([row(heads), rule] + [row(cells) for cells in rows]) + "\n"


def _value(entry, name, form):
    figure = entry["summary"].get(name)
    return form.format(figure["median"] * SCALE.get(name, 1)) if figure else "-"


def _spread(entry):
    return f"{100 * entry['summary'].get('ns_per_packet', {}).get('spread', 0):.0f}"


def marks(entry):
    """What a reader must know before believing a row."""
    out = []
    if any(each.get("client_limited") for each in entry["rounds"]):
        out.append("the client was the bottleneck")
    others = max((each.get("others_percent", 0) for each in entry["rounds"]), default=0)
    if others > OTHERS_PERCENT:
        out.append(f"others used up to {others:.0f} % of its core")
    if any(each.get("failed") for each in entry["rounds"]):
        most = max(each.get("failed", 0) for each in entry["rounds"])
        out.append(f"{most} viewers failed")
    return out + [f"a round failed: {error}" for error in sorted(set(entry["errors"]))]


def workload(title, entries):
    heads = ["server"] + [head for head, _, _ in COLUMNS] + ["SRTP", "spread, %"]
    rows = []
    for name, entry in entries.items():
        gcm = entry["summary"].get("gcm", {}).get("median", 0)
        rows.append([name] + [_value(entry, key, form) for _, key, form in COLUMNS]
                    + ["GCM" if gcm else "CM", _spread(entry)])
    notes = [f"- {name}: {'; '.join(marks(entry))}.\n" for name, entry in entries.items()
             if marks(entry)]
    return f"## {title}\n\n{table(heads, rows)}\n{''.join(notes)}"


def step_up(title, entries):
    heads = ["server", "viewers held", "least", "most", "CPU then, %", "ns per packet",
             "latency p99, ms", "RSS, MiB", "ended by"]
    rows = []
    for name, entry in entries.items():
        held = entry["summary"].get("viewers_held")
        if held is None:
            continue
        ended = "the client" if entry["limited_by_client"] else "the server"
        rows.append([name] + [f"{held[key]:.0f}" for key in ("median", "least", "most")]
                    + [_value(entry, key, form) for key, form in (
                        ("cpu_percent", "{:.1f}"), ("ns_per_packet", "{:.0f}"),
                        ("latency_p99_ms", "{:.1f}"), ("rss_kib", "{:.1f}"))] + [ended])
    return f"## {title}\n\n{table(heads, rows)}\n"


def shares(results):
    """Where CPU time goes, and system calls per packet."""
    heads = ["workload, server"] + [f"{name}, %" for name in trace.GROUPS] + ["calls per packet",
                                                                        "mostly"]
    rows = []
    for key, entries in results.items():
        for name, entry in entries.items():
            seen = entry.get("examined") or {}
            if not seen:
                continue
            parts = [f"{seen['shares'].get(group, 0):.0f}" if seen.get("shares") else "-"
                     for group in trace.GROUPS]
            calls = seen.get("calls_per_packet")
            rows.append([f"{key} {name}"] + parts + [f"{calls:.3f}" if calls else "-",
                                                     ", ".join(list(seen.get("calls", {}))[:3])])
    if not rows:
        return ""
    return "## Where the CPU time goes\n\n" + table(heads, rows) + "\n"


def verdicts(items):
    words = {True: "pass", False: "FAIL", None: "-"}
    return table(["what", "", "measured"],
                 [[item["what"], words[item["passed"]], item["value"]] for item in items])


def machine(about):
    return (f"{about['processor']}, {about['cores']} cores, Linux {about['kernel']}, "
            f"{about['date']}. Server on core {about['server_core']}, cameras and viewers on "
            f"{about['load_cores']}; trains are cut up {about['segmentation']}; viewers receive by "
            f"{about['receiver']}. Load average {about['load_average_before']:.2f} before, "
            f"{about['load_average_after']:.2f} after.\n")


def render(run):
    parts = ["# rtcfan beside other servers\n", machine(run["machine"])]
    parts.append("\n".join(f"- {name}: {text}" for name, text in run["versions"].items()) + "\n")
    parts += [f"- skipped: {text}\n" for text in run["skipped"]]
    for key, entries in run["results"].items():
        title = f"{key}: {run['titles'][key]}"
        parts.append(step_up(title, entries) if key == "W2" else workload(title, entries))
    parts.append(shares(run["results"]))
    for name, items in run["acceptance"].items():
        parts.append(f"## The 64-camera list: {name}\n\n{verdicts(items)}")
    if run["capacity"]:
        parts.append(f"## Viewers on one core\n\n{verdicts(run['capacity'])}")
    parts.append(f"Command: `{run['command']}`\n")
    return "\n".join(part for part in parts if part)
