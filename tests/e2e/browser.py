# SPDX-License-Identifier: Apache-2.0
"""A browser on a player page, as tests see any: chromium.py and firefox.py drive one each."""
from pathlib import Path

from process import until
from server import MEDIA_PORT

LOOPBACK = "0100007F"  # 127.0.0.1 in /proc/net/udp: where cameras send

STATS = """
const done = arguments[0];
const connection = {};
if (!connection)
    done([]);
else
    connection.getStats().then((report) => done([...report.values()]), () => done([]));
"""


def overflows():
    """Datagrams that came to a full socket of a browser here: it was kept from reading them."""
    drops = 0
    for table in ("udp", "udp6"):
        for line in Path(f"/proc/self/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            _, local, *_, dropped = line.split()
            address, port = local.split(":")
            if address != LOOPBACK and int(port, 16) != MEDIA_PORT:
                drops += int(dropped)
    return drops


class Stats:
    """One getStats(), by type and kind; what is missing reads as 0 or ""."""

    def __init__(self, reports):
        self.reports = reports

    def _find(self, **want):
        for report in self.reports:
            if all(report.get(key) == value for key, value in want.items()):
                return report
        return {}

    @property
    def video(self):
        return self._find(type="inbound-rtp", kind="video")

    @property
    def audio(self):
        return self._find(type="inbound-rtp", kind="audio")

    @property
    def codec(self):
        """That of the video."""
        return self._find(type="codec", id=self.video.get("codecId"))

    @property
    def audio_codec(self):
        return self._find(type="codec", id=self.audio.get("codecId"))

    @property
    def transport(self):
        return self._find(type="transport")

    @property
    def frames(self):
        return self.video.get("framesDecoded", 0)

    @property
    def lost(self):
        """Packets of picture and sound that did not come, not even when asked for again."""
        return self.video["packetsLost"] + self.audio["packetsLost"]

    @property
    def frozen_s(self):
        return self.video["totalFreezesDuration"]


class Browser:
    """Who drives one has open(url), value(expression), run_async(script): what the script calls
    arguments[0] with, press(*keys), screenshot(path) and console()."""

    CONNECTION = "window.rtcfan?.pc"  # where a page has its newest
    EPOCH_MS = 0  # how long before 1970 its playout times begin

    def stats(self):
        return Stats(self.run_async(STATS.format(self.CONNECTION)))

    def wait_heard(self, timeout_s=40):
        until(lambda: self.stats().audio.get("packetsReceived"), timeout_s,
              f"sound received by {type(self).__name__}", why=self.account)

    def wait_playing(self, frames=1, timeout_s=40):
        until(lambda: self.stats().frames >= frames, timeout_s,
              f"{frames} frames decoded by {type(self).__name__}", why=self.account)

    def state(self):
        """The player's, see control/pages/rtcfan-session.js."""
        return self.value("window.rtcfan?.state")

    def wait_state(self, state, timeout_s=40):
        """Returns what the player tells the viewer meanwhile."""
        def look():
            now, message = self.value("[window.rtcfan?.state, window.rtcfan?.message]")
            return now == state and [message]

        [message] = until(look, timeout_s, f"the player to be {state}", why=self.account)
        return message

    def message(self):
        """What the player tells the viewer."""
        return self.value("rtcfan.message")

    def account(self):
        """What is to be known when something did not happen."""
        page = self.value("[location.href, document.readyState, window.rtcfan?.state, "
                          "window.rtcfan?.message, window.rtcfan?.posts]")
        return f"page: {page}\nconsole: {self.console()}"

    def said(self):
        """What stands in the middle of the player."""
        return self.value("rtcfan.shadowRoot.querySelector('[data-part=message]').textContent")

    def note(self):
        """What the player says is missing."""
        return self.value("rtcfan.shadowRoot.querySelector('[data-part=note]').textContent")

    def click(self, part):
        """A part of the player, see control/pages/rtcfan-player-view.js."""
        self.value(f"rtcfan.shadowRoot.querySelector('[data-part={part}]').click()")

    def latency_ms(self):
        """Capture to display of the frame on show, by the NTP time of the sender reports."""
        shown = self.stats().video["estimatedPlayoutTimestamp"]
        return self.value("Date.now()") + self.EPOCH_MS - shown

    def __enter__(self):
        return self
