# SPDX-License-Identifier: Apache-2.0
"""The 64-camera list: what a server of 64 cameras with a viewer each has to hold."""
from peers import build_id

RSS_MAX_KIB, LOSS_MAX_PERCENT, CPU_RATIO = 16 * 1024, 0.1, 10
VIEWERS_RATIO, VIEWERS_BEST_RATIO = 20, 10


def _median(entry, name):
    return entry["summary"].get(name, {}).get("median") if entry else None


def _item(text, passed, value):
    return {"what": text, "passed": passed, "value": value}


def _medians(entries, name):
    """[(median of a figure, server)] of those that have it."""
    found = [(_median(entry, name), server) for server, entry in entries.items()]
    return [each for each in found if each[0] is not None]


def _of(medians, program):
    """Those of one program's servers: of "mediamtx" also "mediamtx/tuned"."""
    return [each for each in medians if each[1].partition("/")[0] == program]


def _cpu(entry, peers):
    """Against the cheapest MediaMTX that was measured."""
    own = _median(entry, "cpu_percent")
    if own is None or not peers:
        return _item(f"CPU at most 1/{CPU_RATIO} of MediaMTX's", None, "no MediaMTX")
    other, name = min(peers)
    return _item(f"CPU at most 1/{CPU_RATIO} of MediaMTX's", own * CPU_RATIO <= other,
                 f"{own:.2f} % against {other:.2f} % of {name}: 1/{other / own:.1f}")


def _rows(entry, streams, peers):
    joined, rss = _median(entry, "joined"), _median(entry, "rss_kib")
    loss = _median(entry, "loss_percent")
    yield _item(f"{streams} streams connected", joined == streams, f"{joined:.0f}")
    yield _cpu(entry, peers)
    yield _item("resident memory at most 16 MiB", rss <= RSS_MAX_KIB, f"{rss / 1024:.1f} MiB")
    yield _item("loss below 0.1 %", loss < LOSS_MAX_PERCENT, f"{loss:.4f} %")


def check(results, program, pictures):
    """{server: [items]} for each of rtcfan's; results: {workload: {server: entry}}."""
    out = {}
    first = results.get("W1", {})
    peers = _of(_medians(first, "cpu_percent"), "mediamtx")
    for name, entry in first.items():
        if not name.startswith("rtcfan") or not entry["rounds"]:
            continue
        rows = list(_rows(entry, entry["streams"], peers))
        rows.append(_item("build id told is that of the file", build_id.agree(program), ""))
        if name in pictures:
            rows.append(_item("picture decodes in a browser", pictures[name]["frames"] > 0,
                              f"{pictures[name]['frames']} frames"))
        out[name] = rows
    return out


def capacity(results):
    """Viewers held on one core beside others: [items]."""
    held = _medians(results.get("W2", {}), "viewers_held")
    own, out = _of(held, "rtcfan"), []
    for ratio, whose, peers in (
            (VIEWERS_RATIO, "MediaMTX's", _of(held, "mediamtx")),
            (VIEWERS_BEST_RATIO, "the best peer's", [each for each in held if each not in own])):
        if own and peers:
            viewers, (most, name) = max(own)[0], max(peers)
            out.append(_item(f"viewers on one core at least {ratio} x {whose}",
                             viewers >= ratio * most, f"{viewers / most:.1f} x {name}"))
    return out
