# SPDX-License-Identifier: Apache-2.0
"""What is told of each camera, in /api/streams and /metrics, and that both agree with the camera."""
import re

import cameras
from process import until
from server import Server

KEYFRAME_S = 2
FPS = 30
BITRATE = (1.2e6, 3.5e6)  # a clip of 2 Mbit/s, with its keyframes


def settled(server):
    video = server.status("cam1")["video"]
    return video if video and video["fps"] and video["keyframe_interval_s"] else None


def test_a_live_camera(folder):
    with cameras.BenchSource(folder) as camera, Server(folder, {"cam1": camera.url}) as server:
        server.wait_live("cam1")
        video = until(lambda: settled(server), 20, "figures of the video")
        until(lambda: abs(settled(server)["fps"] - FPS) < 1, 10, "a steady frame rate")
        assert abs(video["keyframe_interval_s"] - KEYFRAME_S) < 0.1
        assert BITRATE[0] < settled(server)["bitrate"] < BITRATE[1]
        assert video["jitter_ms"] < 50
        assert video["clock_drift_ppm"] is None  # it takes a minute to see
        status = server.status("cam1")
        assert status["audio"]["bitrate"] > 10000
        counters = status["counters"]
        assert counters["frames"] > counters["keyframes"] > 0
        assert (counters["rtp_lost"], counters["connects"], counters["disconnects"]) == (0, 1, 0)

        metrics = server.metrics()
        assert metrics.sum("rtcfan_stream_info", stream="cam1", state="live", video="H264",
                           audio="opus", scheme="rtsp", last_error="") == 1
        assert abs(metrics.sum("rtcfan_stream_frames_per_second", track="video") - FPS) < 1
        assert BITRATE[0] < metrics.sum("rtcfan_stream_bits_per_second",
                                        track="video") < BITRATE[1]
        assert abs(metrics.sum("rtcfan_stream_keyframe_interval_seconds",
                               track="video") - KEYFRAME_S) < 0.1
        assert metrics.sum("rtcfan_stream_jitter_seconds", track="video") < 0.05
        assert metrics.sum("rtcfan_stream_clock_drift_ppm") == 0


def test_a_camera_that_is_away(folder):
    with Server(folder, {"cam1": "rtsp://127.0.0.1:9/x"}) as server:
        status = until(lambda: server.status("cam1")["reconnects"] and server.status("cam1"), 10,
                       "an attempt that failed")
        assert status["reconnects"].get("refused", 0) >= 1
        assert status["video"] is None
        assert "127.0.0.1" in status["last_error"]
        line = next(line for line in server.metrics().text.splitlines()
                    if line.startswith("rtcfan_stream_info"))
        assert re.search(r'last_error="[^"]*127\.0\.0\.1', line)
