# SPDX-License-Identifier: Apache-2.0
"""What a server's CPU time is spent on (perf) and how often it calls the kernel (strace).

Both disturb it, so they have a load of their own, after the measured one.
"""
import re
import shutil
import signal
import time
from collections import Counter

from peers.process import Process, run

PERF_S, STRACE_S = 3, 1
PERF_HZ = 1999
TOP = 25

GROUPS = ("send", "receive", "wait and wake", "crypto", "own code", "kernel, rest")

CRYPTO = re.compile(
    r"aes|gcm|ghash|polyval|sha1|sha256|hmac|srtp|crypto|cipher|ipsec|_mb_|icm|EVP_|curve|p256|"
    r"softokn|freebl",
    re.IGNORECASE)
# Functions of the kernel on the way from a system call. All that is below a send belongs to it. An
# interrupt does not belong to what it interrupts: on the server's core it receives.
INTERRUPT = re.compile(r"^asm_(sysvec|common_interrupt)")
SEND = re.compile(r"_sys_send(to|msg|mmsg)|^sock_write_iter|^io_send")
RECEIVE = re.compile(r"_sys_recv(from|msg|mmsg)|^sock_read_iter|^io_recv|softirq")
WAIT = re.compile(r"poll|select|futex|nanosleep|yield|eventfd|io_uring_enter|^schedule$")
# As "    ffffffff8244bbb8 udp_sendmsg ([kernel.kallsyms])"; of a library its folder is left out.
FRAME = re.compile(r"^\s*([0-9a-f]+) (.*) \((?:.*/)?(.*)\)$", re.MULTILINE)


def available():
    return [name for name in ("perf", "strace") if shutil.which(name)]


def _of_kernel(address):
    """The upper half of all addresses."""
    return int(address, 16) >> 63


def group(stack):
    """Of [(address, symbol, library)], from the innermost on: what is the kernel's comes first."""
    address, symbol, library = stack[0]
    if not _of_kernel(address):
        return "crypto" if CRYPTO.search(library) or CRYPTO.search(symbol) else "own code"
    kernel = []
    for address, symbol, _ in stack:
        if not _of_kernel(address) or INTERRUPT.search(symbol):
            break
        kernel.append(symbol)
    for symbol in reversed(kernel):
        if SEND.search(symbol):
            return "send"
        if RECEIVE.search(symbol):
            return "receive"
    return "wait and wake" if any(map(WAIT.search, kernel)) else "kernel, rest"


def read_stacks(text):
    """Of perf script: {group: percent}, and the dearest of the innermost symbols."""
    stacks = [stack for block in text.split("\n\n") if (stack := FRAME.findall(block))]
    groups = [group(stack) for stack in stacks]
    shares = {name: 100 * groups.count(name) / len(stacks) for name in set(groups)}
    inner = Counter((*stack[0][1:], name) for stack, name in zip(stacks, groups))
    return shares, [{"percent": 100 * count / len(stacks), "library": library, "symbol": symbol,
                     "group": name} for (symbol, library, name), count in inner.most_common(TOP)]


def profile(pids, folder, cores):
    """Blocks for PERF_S."""
    data = folder / "perf.data"
    run(["perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", PERF_HZ, "-o", data, "-p",
         ",".join(map(str, pids)), "--", "sleep", PERF_S], cores=cores, timeout_s=PERF_S + 20)
    text = run(["perf", "script", "-i", data, "-F", "ip,sym,dso"], cores=cores, timeout_s=40)
    data.unlink(missing_ok=True)
    return read_stacks(text)


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
