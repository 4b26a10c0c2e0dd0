# SPDX-License-Identifier: Apache-2.0
"""For how long this machine stood still: nothing else is to blame for so much.

    with Stalls() as stalls:
        ...
    stalls.between(begin, end)

A thread on each core naps all the time. One that wakes up late had no core to run on: the virtual
machine was not run, or one of its processors, with whatever was at work on it.
"""
import os
import threading
import time

NAP_S = 0.02
LATE_S = 0.1  # what others that run on the core may well cost


class Stalls:
    def __init__(self):
        self._found = []  # (begin, end), time.monotonic()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._nap, args=(core,), daemon=True)
                         for core in os.sched_getaffinity(0)]

    def _nap(self, core):
        os.sched_setaffinity(threading.get_native_id(), {core})
        before = time.monotonic()
        while not self._over.is_set():
            time.sleep(NAP_S)
            now = time.monotonic()
            if now - before > NAP_S + LATE_S:
                self._found.append((before, now))
            before = now

    def between(self, begin, end):
        """In seconds, those on several cores at once counted once."""
        total, counted = 0.0, begin
        for first, last in sorted(self._found):
            total += max(0.0, min(last, end) - max(first, counted))
            counted = max(counted, last)
        return total

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for each in self._threads:
            each.join()
