# SPDX-License-Identifier: Apache-2.0
"""The 64-camera list: what a server of 64 cameras with a viewer each has to hold."""
from peers import build_id

RSS_MAX_KIB, LOSS_MAX_PERCENT, CPU_RATIO = 16 * 1024, 0.1, 10
VIEWERS_RATIO, VIEWERS_BEST_RATIO = 20, 10


def _median(entry, name):
    return entry["summary"].get(name, {}).get("median") if entry else None


def _item(text, passed, value):
    return {"what": text, "passed": passed, "value": value}


def _cpu(entry, peer):
    own, other = _median(entry, "cpu_percent"), _median(peer, "cpu_percent")
    if own is None or other is None:
        return _item(f"CPU at most 1/{CPU_RATIO} of MediaMTX's", None, "no MediaMTX")
    return _item(f"CPU at most 1/{CPU_RATIO} of MediaMTX's", own * CPU_RATIO <= other,
                 f"{own:.2f} % against {other:.2f} %: 1/{other / own:.1f}")


def _rows(entry, streams, peer):
    joined, rss = _median(entry, "joined"), _median(entry, "rss_kib")
    loss = _median(entry, "loss_percent")
    yield _item(f"{streams} streams connected", joined == streams, f"{joined:.0f}")
    yield _cpu(entry, peer)
    yield _item("resident memory at most 16 MiB", rss <= RSS_MAX_KIB, f"{rss / 1024:.1f} MiB")
    yield _item("loss below 0.1 %", loss < LOSS_MAX_PERCENT, f"{loss:.4f} %")


def check(results, program, pictures):
    """{server: [items]} for each of rtcfan's; results: {workload: {server: entry}}."""
    out = {}
    first = results.get("W1", {})
    for name, entry in first.items():
        if not name.startswith("rtcfan") or not entry["rounds"]:
            continue
        rows = list(_rows(entry, entry["streams"], first.get("mediamtx")))
        rows.append(_item("build id told is that of the file", build_id.agree(program), ""))
        if name in pictures:
            rows.append(_item("picture decodes in a browser", pictures[name]["frames"] > 0,
                              f"{pictures[name]['frames']} frames"))
        out[name] = rows
    return out


def capacity(results):
    """Viewers held on one core beside others: [items]."""
    second = results.get("W2", {})
    held = {name: _median(entry, "viewers_held") for name, entry in second.items()}
    own = max((v or 0 for name, v in held.items() if name.startswith("rtcfan")), default=0)
    peers = {name: v for name, v in held.items() if not name.startswith("rtcfan") and v}
    out = []
    if own and peers.get("mediamtx"):
        ratio = own / peers["mediamtx"]
        out.append(_item(f"viewers on one core at least {VIEWERS_RATIO} x MediaMTX's",
                         ratio >= VIEWERS_RATIO, f"{ratio:.1f} x"))
    if own and peers:
        name, most = max(peers.items(), key=lambda each: each[1])
        out.append(_item(f"viewers on one core at least {VIEWERS_BEST_RATIO} x the best peer's",
                         own >= VIEWERS_BEST_RATIO * most, f"{own / most:.1f} x {name}"))
    return out
