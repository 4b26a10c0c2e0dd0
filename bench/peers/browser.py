# SPDX-License-Identifier: Apache-2.0
"""One headless Chromium beside the load plays each server's first stream: does a picture come?"""
import json
import os
import shutil
import sys
import time

from peers import cell, topology
from peers.process import Process

LIMIT_S = 40
PORT = 7000
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
         "--disable-background-networking", "--disable-component-update", "--no-first-run",
         "--mute-audio", "--autoplay-policy=no-user-gesture-required")


def available():
    return shutil.which("chromium") is not None


def _play(bench, server):
    """{"frames", "error"}; the picture lies in the server's folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    place = {"namespace": bench.topology.viewers, "cores": bench.topology.load_cores}
    folder, listen = server.folder, f"{topology.VIEWERS}:{PORT}"
    page = Process([sys.executable, f"{here}/player_page.py", listen,
                    server.whep.replace("{}", "1"), folder], folder / "page.log", **place)
    with page:
        time.sleep(0.5)
        flags = (*FLAGS, f"--user-data-dir={folder}/chromium")
        with Process(["chromium", *flags, f"http://{listen}/"], folder / "chromium.log", **place):
            end = time.monotonic() + LIMIT_S
            while page.running() and time.monotonic() < end:
                time.sleep(0.2)
    seen = folder / "seen.json"
    return json.loads(seen.read_text()) if seen.exists() else {
        "frames": 0, "error": f"nothing seen within {LIMIT_S} s"}


def look(bench, servers, keep, say):
    """{server: {"frames", "error"}}. keep: a folder for the pictures, or None."""
    out = {}
    for spec, program in servers:
        try:
            with cell.running(bench, spec, program, 1) as server:
                out[spec.name] = _play(bench, server)
                picture = server.folder / "picture.png"
                if keep and picture.exists():
                    shutil.copy(picture, keep / f"browser-{spec.name.replace('/', '-')}.png")
        except OSError as error:
            out[spec.name] = {"frames": 0, "error": str(error)}
        say(f"browser, {spec.name}: {out[spec.name]['frames']} frames {out[spec.name]['error']}")
    return out
