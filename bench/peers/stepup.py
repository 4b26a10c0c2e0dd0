# SPDX-License-Identifier: Apache-2.0
"""How many viewers a server can hold: more and more until it cannot, then halves the gap."""

GOOD, BAD, CLIENT = "good", "bad", "client"
# Of its core: then it is the server that ends the search, whatever the client does.
SERVER_FULL_PERCENT = 95
# Of viewers whose packets are only counted, at two moments that are not quite the same.
SHORT_PERCENT = 1
# Steps up, by which factor: as far as the core has room, by what was used of it.
ROOM_PERCENT, FACTOR_MIN, FACTOR_MAX = 90, 1.25, 4


def factor(cpu_percent):
    return min(FACTOR_MAX, max(FACTOR_MIN, ROOM_PERCENT / max(cpu_percent, 1)))


class StepUp:
    """
        search = StepUp(first=25, most=4000, refinements=2)
        while (viewers := search.next()) is not None:
            search.result(viewers, GOOD, BAD or CLIENT, cpu_percent)

    CLIENT: the load was not up to it, so no more can be asked of the server. best is the most
    that was held; limited_by_client says that the server may hold more.
    """

    def __init__(self, first, most, refinements):
        self.first, self.most, self.refinements = first, most, refinements
        self.best = 0
        self.factor = 2
        self.limit = None  # the least that was too many
        self.limited_by_client = False

    def next(self):
        if self.limit is None:
            wanted = min(self.most, int(self.factor * self.best) or self.first)
            return wanted if wanted > self.best else None
        if self.best == 0:
            return self.limit // 4 or None
        if self.refinements == 0 or self.limit - self.best <= max(1, self.best // 20):
            return None
        self.refinements -= 1
        return (self.best + self.limit) // 2

    def result(self, viewers, verdict, cpu_percent):
        if verdict == GOOD:
            self.best = max(self.best, viewers)
            self.factor = factor(cpu_percent)
        else:
            self.limit = viewers if self.limit is None else min(self.limit, viewers)
            self.limited_by_client = verdict == CLIENT


def judge(figures, loss_percent, p99_ms):
    """Of one step, by its figures. Where no latency could be read, it was not held."""
    latency_ms = figures["latency_p99_ms"]
    good = (figures["failed"] == 0 and figures["loss_percent"] <= loss_percent
            and figures.get("unwatched_short_percent", 0) <= SHORT_PERCENT
            and latency_ms is not None and latency_ms <= p99_ms)
    if good:
        return GOOD
    server_full = figures.get("cpu_percent", 0) > SERVER_FULL_PERCENT
    return CLIENT if figures["client_limited"] and not server_full else BAD
