# SPDX-License-Identifier: Apache-2.0
"""A child on cores and in a network namespace of its own choice. It dies with this program.

It has a session of its own: where the kernel shares cores out by session (autogroup), niceness
counts within one alone, so the session is given that of this program.

setpriv, nsenter and taskset replace themselves by what they start, so that the process that is
measured is the one that was started here.
"""
import contextlib
import os
import signal
import subprocess
from pathlib import Path


def command(arguments, namespace=None, cores=None):
    """namespace: the process whose network namespace it enters. cores: "0" or "0,2"."""
    line = ["setpriv", "--pdeathsig", "KILL"]
    if namespace is not None:
        line += ["nsenter", f"--net=/proc/{namespace}/ns/net"]
    if cores is not None:
        line += ["taskset", "-c", cores]
    return line + [str(argument) for argument in arguments]


def _favour(session):
    """As this program is favoured. session: its first process."""
    with contextlib.suppress(OSError):  # the kernel has no such groups
        Path(f"/proc/{session}/autogroup").write_text(
            str(os.getpriority(os.PRIO_PROCESS, 0)))


class Process:
    def __init__(self, arguments, log, namespace=None, cores=None, env=None, stderr=None):
        self.arguments = [str(argument) for argument in arguments]
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                command(arguments, namespace, cores), stdin=subprocess.DEVNULL, stdout=output,
                stderr=stderr or subprocess.STDOUT, env=env, cwd=log.parent,
                start_new_session=True)
        _favour(self.pid)

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def output(self, tail=2000):
        return self.log.read_text(errors="replace")[-tail:]

    def stop(self, number=signal.SIGTERM, timeout_s=8):
        """Ends it, by force if need be; returns its exit code."""
        if self.running():
            self.child.send_signal(number)
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def run(arguments, timeout_s=20, **how):
    """Output of a short command, its exit code ignored; "" if there is no such program."""
    try:
        return subprocess.run(command(arguments, **how), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              errors="replace", timeout=timeout_s).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
