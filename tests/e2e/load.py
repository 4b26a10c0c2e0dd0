# SPDX-License-Identifier: Apache-2.0
"""Runs bench/viewers and reads what it found out."""
import json
import subprocess

from server import BUILD, REPORT

PROGRAM = BUILD / "bench" / "viewers"
TIMEOUT_S = 150


class Load:
    """The figures of one run: its JSON as attributes.

        load = Load(folder, url, viewers=20)
        assert load.measured["lost"] == 0
    """

    def __init__(self, folder, url, **options):
        arguments = [str(PROGRAM), "--url", url, "--json", str(folder / "viewers.json"), "--quiet"]
        for name, value in options.items():
            arguments.append("--" + name.replace("_", "-"))
            if value is not True:
                arguments.append(str(value))
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        self.exit_code, self.output = done.returncode, done.stdout + done.stderr
        assert REPORT.search(self.output) is None, self.output
        assert self.exit_code in (0, 1), self.output
        self.__dict__.update(json.loads((folder / "viewers.json").read_text(encoding="utf-8")))

    def causes(self):
        return {failure["cause"]: failure["viewers"] for failure in self.failures}

    def __repr__(self):
        return self.output
