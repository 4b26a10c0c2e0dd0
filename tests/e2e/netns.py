# SPDX-License-Identifier: Apache-2.0
"""The network namespace in which a whole test run happens.

Nothing that a test sends can leave it, its ports are all free, and it ends with its last process:
there is nothing to clean up. A veth pair carries ADDRESS, because Firefox pairs with no 127.0.0.1
candidate and libnice uses no loopback interface. There is no default route: with one that leads
nowhere, Chromium waits 12 s for names that it wants to look up.
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

    OURS, ADDRESS = "10.77.1.1", "10.77.1.2"

    def __enter__(self):
        line = ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"]
        self.holder = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self._ip(f"link add near type veth peer name far netns {self.holder.pid}")
        self._ip(f"addr add {self.OURS}/24 dev near")
        self._ip("link set near up")
        for line in ("link set lo up", f"addr add {self.ADDRESS}/24 dev far", "link set far up",
                     "route add 239.0.0.0/8 dev far"):
            subprocess.run(self.command(["ip", *line.split()]), check=True)
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    @staticmethod
    def _ip(line):
        subprocess.run(["ip", *line.split()], check=True)

    def command(self, arguments):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *arguments]
