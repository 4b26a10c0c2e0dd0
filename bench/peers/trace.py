# SPDX-License-Identifier: Apache-2.0
"""What a server's CPU time is spent on (perf) and how often it calls the kernel (strace).

Both disturb it, so they have a load of their own, after the measured one.
"""
import re
import shutil
import signal
import time

from peers.process import Process, run

PERF_S, STRACE_S = 3, 1
PERF_HZ = 1999
TOP = 25

CRYPTO = re.compile(
    r"aes|gcm|ghash|polyval|sha1|sha256|hmac|srtp|crypto|cipher|ipsec|_mb_|icm|EVP_|curve|p256",
    re.IGNORECASE)
# Of the kernel: from the socket to the device and back.
NETWORK = re.compile(
    r"send|recv|sock|udp|tcp|inet|ip_|ip4|ip6|ipv4|dev_|xmit|skb|veth|gso|gro|segment|netif|nf_|"
    r"qdisc|csum|fib|route|dst_|neigh|net_rx|net_tx|napi|backlog|kmalloc_reserve|kfree|"
    r"kmem_cache|slab|io_uring|io_|import_iov|copy_from|copy_to|_copy|cmsg|memcpy|rps|enqueue_to",
    re.IGNORECASE)


def available():
    return [name for name in ("perf", "strace") if shutil.which(name)]


def group(library, symbol):
    kernel = symbol.startswith("[k]")
    if not kernel:
        return "crypto" if CRYPTO.search(library) or CRYPTO.search(symbol) else "own code"
    return "network" if NETWORK.search(symbol[4:]) else "kernel, rest"


def read_report(text):
    """Of perf report: {group: percent}, and the dearest symbols."""
    shares, top = {}, []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if line.startswith("#") or len(parts) < 3 or not parts[0].endswith("%"):
            continue
        percent, library, symbol = float(parts[0][:-1]), parts[1], "|".join(parts[2:])
        name = group(library, symbol)
        shares[name] = shares.get(name, 0.0) + percent
        top.append({"percent": percent, "library": library, "symbol": symbol, "group": name})
    return shares, sorted(top, key=lambda each: -each["percent"])[:TOP]


def profile(pids, folder, cores):
    """Blocks for PERF_S."""
    data = folder / "perf.data"
    run(["perf", "record", "-q", "-e", "cpu-clock", "-F", PERF_HZ, "-o", data, "-p",
         ",".join(map(str, pids)), "--", "sleep", PERF_S], cores=cores, timeout_s=PERF_S + 20)
    text = run(["perf", "report", "-i", data, "--stdio", "--no-children", "-F",
                "overhead,dso,symbol", "-t", "|"], cores=cores, timeout_s=40)
    data.unlink(missing_ok=True)
    return read_report(text)


def read_summary(text):
    """Of strace -c: {system call: calls}."""
    calls = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 5 and re.fullmatch(r"[\d.]+", words[0]) and words[3].isdigit() \
                and words[-1] != "total":
            calls[words[-1]] = calls.get(words[-1], 0) + int(words[3])
    return calls


def system_calls(pids, folder, cores):
    """Blocks for STRACE_S. {system call: calls}."""
    log = folder / "strace.log"
    log.unlink(missing_ok=True)
    line = ["strace", "-qq", "-c", "-f"]
    for pid in pids:
        line += ["-p", pid]
    with Process(line, log, cores=cores) as strace:
        time.sleep(STRACE_S)
        strace.stop(signal.SIGINT)
    return read_summary(strace.output(100000))
