# SPDX-License-Identifier: Apache-2.0
"""A child process with its output in a file. Ended by its own handle, never by name."""
import signal
import subprocess
import time
from pathlib import Path

TAIL_LEN = 8000  # of what a process had to say, for reports of failures


def until(condition, timeout_s, what, interval_s=0.05, why=lambda: ""):
    """Waits for a condition and returns its value; fails by saying what did not happen, and why."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {timeout_s} s\n{why()}"
        time.sleep(interval_s)


def processes_of(mark):
    """All that run and were started with this in their environment, wherever they hang now, by
    number: others may do the same at the same time."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                found[int(path.name)] = (path / "cmdline").read_text()
        except OSError:
            pass  # it has ended
    return found


class Process:
    recent = []  # those that run, and those that have ended in this test, for reports of failures

    def __init__(self, arguments, log, env=None, process_group=None):
        """process_group: 0 gives it one of its own."""
        self.arguments = [str(argument) for argument in arguments]
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=subprocess.STDOUT, env=env,
                                          process_group=process_group)
        self.recent.append(self)

    @classmethod
    def forget_ended(cls):
        cls.recent[:] = [process for process in cls.recent if process.running()]

    @property
    def pid(self):
        return self.child.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def tail(self):
        return self.output()[-TAIL_LEN:]

    def running(self):
        return self.child.poll() is None

    def kill(self):
        if self.running():
            self.child.kill()
        return self.child.wait()

    def stop(self, timeout_s=20):
        """SIGTERM; returns the exit code. Kills, and fails, when that is not obeyed."""
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.arguments[0]} did not end within {timeout_s} s of SIGTERM:\n"
                + self.output()) from None
