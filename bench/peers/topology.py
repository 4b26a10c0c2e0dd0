# SPDX-License-Identifier: Apache-2.0
"""Three network namespaces: cameras, the server, viewers.

    cameras 10.98.1.1 ---veth--- 10.98.1.2 server 10.98.2.1 ---veth--- 10.98.2.2 viewers

Nothing leads out of them. Each is held by a process that does nothing; with it the namespace and
its devices are gone, also when this program is killed.

Who pays. What a process sends over veth is received within its own system call: the receiver's
work would stand on the server's bill, also that for the TCP ACKs to the cameras. So the cameras' and
the viewers' end receive in kernel threads (threaded NAPI), pinned to the load's cores; what the
server's core still pays for is a packet's way into that thread's ring, as it would into a network
card's. The thread looks every 100 us, by a timer on its own core, as a card with interrupt
moderation does: woken by the sender it would cost that an interrupt to the other core, up to 2 us
for a packet that comes alone. Receive packet steering (RPS) does so; it serves where a kernel has no
such threads. The server's own ends name the server's core: it pays for what it receives.

Viewers whose media nobody looks at. The load's core is full long before a server that sends trains
is. So those beyond the first few hundred (workloads.WATCHED) come from addresses of their own, for
which a filter at the viewers' end, before IP, drops and counts RTP and RTCP: next to nothing for the
load, and no difference to the server. It is nft's; without it all are watched.

The thread's ring holds 256 packets. Where it is full, they wait in the queue of the server's device
(Linux 6.17; older kernels drop them).

Segmentation. veth takes trains (UDP_SEGMENT) whole, and the receiver would get them whole: free of
charge. So segmentation offload is off on the server's link to the viewers, unless it is asked for:
the kernel cuts trains up on the server's core. (Where a device has it, veth does not use the other
end's thread. So it is also off towards the cameras, where it would not matter.)
"""
import json
import os
import subprocess
import sys
from pathlib import Path

from peers import process

CAMERAS, SERVER_IN, SERVER, VIEWERS = "10.98.1.1", "10.98.1.2", "10.98.2.1", "10.98.2.2"
TO_CAMERAS, TO_VIEWERS = "cam0", "view0"  # the server's devices
CAMERAS_END, VIEWERS_END = "cam1", "view1"
VIEWER_ADDRESSES = 8  # 10.98.2.2 and on, for more viewers than one has ports
UNWATCHED, UNWATCHED_NET = "10.98.2.128", "10.98.2.128/26"  # likewise
TABLE = "rtcfan"  # of nft
HEADERS = 20 + 8  # bytes of IPv4 and UDP

SEGMENTATION = {
    "tx-udp-segmentation", "tx-tcp-segmentation", "tx-tcp6-segmentation",
    "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-gso-list",
}
# A queue for all that may be on its way at 10,000 viewers; the default 1,000 would drop it.
BACKLOG = QUEUE = 200000
LOOK_NS = 100_000
LOOKS_IN_VAIN = 1_000_000  # before the thread wants to be woken again


def row(first):
    """The addresses of viewers that begin with this one."""
    base, last = first.rsplit(".", 1)
    return [f"{base}.{int(last) + i}" for i in range(VIEWER_ADDRESSES)]


def mask(cores):
    """The hexadecimal words by which the kernel is told of "0,2"."""
    value = 0
    for core in cores.split(","):
        value |= 1 << int(core)
    words = []
    while value or not words:
        words.append(f"{value & 0xFFFFFFFF:08x}")
        value >>= 32
    return ",".join(reversed(words))


def _threads(device):
    """The kernel's threads that receive for devices of this name."""
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().startswith(f"napi/{device}"):
                yield int(path.parent.name)
        except OSError:
            pass  # it has ended


class Topology:
    """
        with Topology("1", "0", offload=False) as topology:
            Process([...], log, namespace=topology.viewers)
    """

    def __init__(self, server_core, load_cores, offload):
        self.server_core, self.load_cores, self.offload = server_core, load_cores, offload
        self.holders = []
        self.old_backlog = None

    def __enter__(self):
        known = {end: set(_threads(end)) for end in (CAMERAS_END, VIEWERS_END)}
        try:
            self.cameras, self.server, self.viewers = (self._hold() for _ in range(3))
            self._link(TO_CAMERAS, f"{SERVER_IN}/24", self.cameras, [f"{CAMERAS}/24"])
            self._link(TO_VIEWERS, f"{SERVER}/24", self.viewers,
                       [f"{each}/24" for first in (VIEWERS, UNWATCHED) for each in row(first)])
            self._drop_unwatched()
            self._steer()
            self._segment()
            self._receive_in_thread(self.cameras, CAMERAS_END, known[CAMERAS_END])
            self._receive_in_thread(self.viewers, VIEWERS_END, known[VIEWERS_END])
            self._widen()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for holder in self.holders:
            holder.kill()
            holder.wait()
        if self.old_backlog is not None:
            Path("/proc/sys/net/core/netdev_max_backlog").write_text(self.old_backlog)

    def _hold(self):
        """A process with a network namespace of its own, once it is there."""
        line = process.command(["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"])
        holder = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.holders.append(holder)
        if holder.stdout.readline() == b"":
            raise OSError("no network namespace can be made: this needs root")
        return holder.pid

    def _inside(self, namespace, *arguments):
        line = process.command(arguments, namespace)
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def _link(self, device, address, far, far_addresses):
        peer = device.replace("0", "1")
        self._inside(self.server, "ip", "link", "add", device, "type", "veth", "peer", "name", peer,
                     "netns", far)
        self._inside(self.server, "ip", "addr", "add", address, "dev", device)
        for each in far_addresses:
            self._inside(far, "ip", "addr", "add", each, "dev", peer)
        for namespace, name in ((self.server, device), (far, peer)):
            self._inside(namespace, "ip", "link", "set", "lo", "up")
            self._inside(namespace, "ip", "link", "set", name, "txqueuelen", str(QUEUE), "up")
        self._inside(self.server, "tc", "qdisc", "replace", "dev", device, "root", "pfifo_fast")

    def _drop_unwatched(self):
        """By the first two bytes behind UDP's header (RFC 7983, RFC 5761)."""
        rules = [f"add table netdev {TABLE}",
                 f"add chain netdev {TABLE} viewers {{ type filter hook ingress device "
                 f"{VIEWERS_END} priority 0; }}"]
        for match, verdict in (("@th,64,16 & 0xc0e0 == 0x80c0", "drop"),  # RTCP
                               ("@th,64,8 & 0xc0 == 0x80", "counter drop")):  # RTP
            rules.append(f"add rule netdev {TABLE} viewers ip protocol udp ip daddr {UNWATCHED_NET} "
                         f"{match} {verdict}")
        try:
            self._inside(self.viewers, "nft", "; ".join(rules))
            self.can_drop = True
        except OSError:
            self.can_drop = False

    def dropped_bytes(self):
        """Of RTP for viewers that nobody watches, so far, without headers of IP and UDP."""
        if not self.can_drop:
            return 0
        table = json.loads(self._inside(self.viewers, "nft", "-j", "list", "table", "netdev", TABLE))
        counters = [part["counter"] for each in table["nftables"]
                    for part in each.get("rule", {}).get("expr", []) if "counter" in part]
        return sum(each["bytes"] - HEADERS * each["packets"] for each in counters)

    def _steer(self):
        for namespace, device, cores in (
                (self.server, TO_CAMERAS, self.server_core),
                (self.server, TO_VIEWERS, self.server_core),
                (self.cameras, CAMERAS_END, self.load_cores),
                (self.viewers, VIEWERS_END, self.load_cores)):
            self._set(namespace, device, "queues/rx-0/rps_cpus", mask(cores))

    def _set(self, namespace, device, name, value):
        """/sys shows the devices of the namespace in which it was mounted."""
        script = f"mount -t sysfs sysfs /sys && echo {value} >/sys/class/net/{device}/{name}"
        self._inside(namespace, "unshare", "--mount", "sh", "-c", script)

    def _switch(self, namespace, device, names, on):
        """Returns those of them that are on then."""
        code = (f"import ethtool; ethtool.switch({device!r}, {names!r}, {on}); "
                f"print(' '.join(sorted(ethtool.active({device!r}) & {names!r})))")
        line = ["env", f"PYTHONPATH={os.path.dirname(__file__)}", sys.executable, "-c", code]
        return self._inside(namespace, *line).split()

    def _receive_in_thread(self, namespace, device, known):
        """known: such threads of other devices. self.receiver says how it came out. The thread can
        merge what comes in a row (GRO), which saves the receiver time and the server none."""
        self.receiver = "RPS"
        self._switch(namespace, device, {"rx-gro"}, True)
        try:
            self._set(namespace, device, "gro_flush_timeout", str(LOOK_NS))
            self._set(namespace, device, "napi_defer_hard_irqs", str(LOOKS_IN_VAIN))
            self._set(namespace, device, "threaded", "1")
        except OSError:
            return
        for pid in set(_threads(device)) - known:
            os.sched_setaffinity(pid, {int(core) for core in self.load_cores.split(",")})
            os.setpriority(os.PRIO_PROCESS, pid, -20)
            self.receiver = "a kernel thread"

    def _segment(self):
        self._switch(self.server, TO_CAMERAS, SEGMENTATION, False)
        segmented = self._switch(self.server, TO_VIEWERS, SEGMENTATION, self.offload)
        if not self.offload and "tx-udp-segmentation" in segmented:
            raise OSError("segmentation offload cannot be switched off")

    def _widen(self):
        path = Path("/proc/sys/net/core/netdev_max_backlog")
        if not path.exists():
            return  # the machine's, and not to be set from within a namespace
        old = path.read_text()
        if int(old) < BACKLOG:
            self.old_backlog = old
            path.write_text(str(BACKLOG))
