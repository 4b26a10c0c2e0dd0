# SPDX-License-Identifier: Apache-2.0
"""The network namespace in which a whole test run happens.

Nothing that a test sends can leave it, its ports are all free, and it ends with its last process:
there is nothing to clean up. A veth pair carries ADDRESS, because Firefox pairs with no 127.0.0.1
candidate and libnice uses no loopback interface. There is no default route: with one that leads
nowhere, Chromium waits 12 s for names that it wants to look up. Nor are there link-local addresses:
they come a second or two after the link, and a browser takes that for another network and drops
what it was loading.
"""
import ctypes
import os
import subprocess

ADDRESS = "10.77.0.1"

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def _unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")


def _become_root_of_new_user_namespace():
    uid, gid = os.geteuid(), os.getegid()
    _unshare(CLONE_NEWUSER | CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(text)


def enter():
    """Moves this process, which must still have one thread only, into a fresh namespace."""
    if os.geteuid() == 0:
        _unshare(CLONE_NEWNET)
    else:
        _become_root_of_new_user_namespace()
    for line in (
        "link set lo up",
        "link add rtcfan0 type veth peer name rtcfan1",
        *(f"link set {end} addrgenmode none" for end in ("rtcfan0", "rtcfan1")),
        f"addr add {ADDRESS}/24 dev rtcfan0",
        "link set rtcfan0 up",
        "link set rtcfan1 up",
    ):
        subprocess.run(["ip", *line.split()], check=True)


class Neighbour:
    """Another machine, as far as the network is concerned: a namespace beside ours, linked by veth.

        with Neighbour() as other:
            Process(other.command([...]), log)
    """

    def __init__(self, network="10.77.1", beside=None):
        """network: of the link, the first three bytes. beside: the one at its other end, or we."""
        self.beside = beside
        self.network = network
        self.holder = None

    @property
    def address(self):
        return f"{self.network}.2"

    def __enter__(self):
        line = ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"]
        self.holder = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.ip("link set lo up")
        self.plug(self.network)
        return self

    def __exit__(self, *_):
        self.unplug()  # the kernel takes its time over what is left in a namespace
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    def plug(self, network):
        """Links it by this network."""
        self.network = network
        near = self.beside.ip if self.beside else self._ip_here
        near(f"link add near type veth peer name far netns {self.holder.pid}")
        near("link set near addrgenmode none")
        self.ip("link set far addrgenmode none")
        near(f"addr add {network}.1/24 dev near")
        near("link set near up")
        self.ip(f"addr add {self.address}/24 dev far")
        self.ip("link set far up")
        self.route()

    def unplug(self):
        """Pulls the cable, if there is one."""
        subprocess.run(self.command(["ip", "link", "delete", "far"]), check=False,
                       stderr=subprocess.DEVNULL)

    def route(self):
        """To us, by whoever is at the other end; and multicast."""
        self.ip(f"route add {ADDRESS}/32 via {self.network}.1")
        self.ip("route add 239.0.0.0/8 dev far")

    @staticmethod
    def _ip_here(line):
        subprocess.run(["ip", *line.split()], check=True)

    def ip(self, line):
        self.run("ip", *line.split())

    def run(self, *arguments):
        subprocess.run(self.command(arguments), check=True)

    def command(self, arguments):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *arguments]


class Router(Neighbour):
    """Hides who is behind it: UDP leaves from ports of its own, as at a NAT (RFC 4787).

        with Router() as router, Neighbour("10.77.2", beside=router) as hidden:
            router.rebind(first_port=30000)
    """

    PORTS = 1000

    def __init__(self):
        super().__init__()
        self._host = 2

    @property
    def address(self):
        return f"{self.network}.{self._host}"

    def __enter__(self):
        super().__enter__()
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self._masquerade("add table ip nat", 20000)
        return self

    def _masquerade(self, before, first_port):
        hook = "type nat hook postrouting priority srcnat;"
        ports = f"{first_port}-{first_port + self.PORTS - 1}"
        self.run("nft", f"{before}; table ip nat {{ chain out {{ {hook} "
                        f"oifname far meta l4proto udp masquerade to :{ports}; "
                        "oifname far masquerade; }; }")

    def rebind(self, first_port, host=2):
        """It forgets who is where, and maps to other ports; host: of its address in the network."""
        self._masquerade("delete table ip nat", first_port)
        # The kernel forgets what it masqueraded with the address that this was done by.
        self.ip(f"addr delete {self.address}/24 dev far")
        self._host = host
        self.ip(f"addr add {self.address}/24 dev far")
        self.route()
