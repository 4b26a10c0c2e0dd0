# SPDX-License-Identifier: Apache-2.0
"""Waits, within reason, until nobody else uses the server's core."""
import time

from peers import cpu

BUSY_MAX, LOOK_S = 0.15, 0.4


class Quiet:
    """limit_s: of one wait; budget_s: of all waits together."""

    def __init__(self, core, budget_s, limit_s=10):
        self.core, self.limit_s, self.budget_s = core, limit_s, budget_s

    def wait(self):
        begin = time.monotonic()
        while time.monotonic() - begin < min(self.limit_s, self.budget_s):
            before = cpu.busy_ticks([self.core])
            time.sleep(LOOK_S)
            busy, total = (now - then for now, then in zip(cpu.busy_ticks([self.core]), before))
            if busy <= BUSY_MAX * total:
                break
        self.budget_s -= time.monotonic() - begin
