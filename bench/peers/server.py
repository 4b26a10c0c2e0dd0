# SPDX-License-Identifier: Apache-2.0
"""One server, running on its core, with its files in a folder of its own."""
import os
import re
import time

from peers import cpu, definition
from peers.process import Process, run

START_TIMEOUT_S = 20


class Server:
    def __init__(self, spec, program, topology, folder, streams):
        self.spec, self.topology, self.folder = spec, topology, folder
        self.values = definition.variables(program, folder, topology.server_core)
        for name, text in spec.files.items():
            (folder / name).write_text(definition.write(text, self.values, streams))
        self.whep = definition.fill(spec.whep, self.values)
        self.process = self.front = None

    def words(self, text):
        return definition.fill(text, self.values).split()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        env = dict(os.environ, **dict(each.split("=", 1)
                                      for each in self.spec.environment.split()))
        self.process = Process(self.words(self.spec.command), self.folder / "server.log", env=env,
                               namespace=self.topology.server, cores=self.topology.server_core)
        self._wait(definition.fill(self.spec.ready, self.values))
        if self.spec.front:
            self.front = Process(self.words(self.spec.front), self.folder / "front.log",
                                 namespace=self.topology.viewers, cores=self.topology.load_cores)
            self._wait(self.whep.replace("{}", "1"))

    def _wait(self, url):
        """Any answer will do. Asked from where the viewers are."""
        end = time.monotonic() + START_TIMEOUT_S
        ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "2", url]
        while run(ask, namespace=self.topology.viewers) in ("", "000"):
            if not self.process.running() or time.monotonic() > end:
                raise OSError(f"{self.spec.name} does not answer at {url}:\n"
                              + self.process.output())
            time.sleep(0.1)

    def pids(self):
        return cpu.family(self.process.pid)

    def __exit__(self, *_):
        for each in (self.front, self.process):
            if each is not None:
                each.stop()


def version(spec, program, folder):
    """The first line that says something; "" where none is asked for."""
    if not spec.version:
        return ""
    text = run(definition.fill(spec.version, definition.variables(program, folder, "0")).split())
    lines = [line.strip() for line in text.splitlines() if re.search(r"\d+\.\d+", line)]
    return lines[0] if lines else text.strip()[:80]
