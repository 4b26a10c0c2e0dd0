# SPDX-License-Identifier: Apache-2.0
"""Reads /metrics, the Prometheus text that the server shows."""
import re
import urllib.request

LINE = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
TIMEOUT_S = 30  # a machine may stand still for seconds


class Metrics:
    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            match = LINE.match(line)
            assert match, f"not Prometheus text: {line!r}"
            name, labels, value = match.groups()
            self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def sum(self, name, **labels):
        """The sum of all samples of this name that carry these labels."""
        values = [
            value for have, tags, value in self.samples
            if have == name and all(tags.get(k) == v for k, v in labels.items())
        ]
        assert values, f"/metrics shows no {name} {labels}"
        return sum(values)


def read(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
        return Metrics(response.read().decode())
