# SPDX-License-Identifier: Apache-2.0
"""Several ingest threads: each has cameras of its own, and their viewers do not see which."""
from pathlib import Path

import pytest

import cameras
from process import until
from raw_viewer import Audience
from server import Server

pytestmark = pytest.mark.asan

NAMES = ("one", "two", "three")
WATCH_FRAMES = 60
APART = 45  # may be between two: less than if a thread came to half of its work only


def threads_of(pid):
    return sorted(task.read_text().strip() for task in Path(f"/proc/{pid}/task").glob("*/comm"))


def all_seen(tracks, before):
    """How many pictures each has had since then, once these are enough."""
    seen = [track.frames - frames for track, frames in zip(tracks, before)]
    return seen if min(seen) >= WATCH_FRAMES else None


def test_cameras_are_dealt_out_to_the_threads(folder):
    with cameras.BenchSource(folder, "--streams", "3") as source:
        streams = {name: source.url.replace("demo", f"cam{i + 1}") for i, name in enumerate(NAMES)}
        with Server(folder, streams, "ingest = { threads = 2; };\n") as server, \
                Audience() as audience:
            for name in NAMES:
                server.wait_live(name)
                audience.add(server.whep(name), authenticate=True)
            assert [name for name in threads_of(server.process.pid)
                    if name.startswith("ingest")] == ["ingest-0", "ingest-1"]
            until(lambda: all(viewer.track("video").frames for viewer in audience.viewers), 20,
                  "a picture for each viewer")
            tracks = [viewer.track("video") for viewer in audience.viewers]
            before = [track.frames for track in tracks]
            seen = until(lambda: all_seen(tracks, before), 30, "more pictures for each viewer")
            assert max(seen) - min(seen) <= APART
            assert all((track.lost, track.forged) == (0, 0) for track in tracks)
