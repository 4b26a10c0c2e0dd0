# SPDX-License-Identifier: Apache-2.0
"""What /api/streams and /metrics tell of each camera, and that both agree with the camera."""
import re
import time

import cameras
from process import until
from server import Server

KEYFRAME_S = 2
DRIFT_SEEN_S = 55  # RTSP_FIGURES_SETTLE_S + RTSP_FIGURES_DRIFT_S, less the start
FPS = 30
BITRATE = (1.2e6, 3.5e6)  # a clip of 2 Mbit/s, with its keyframes


def steady(server):
    """The status, once its figures are as the camera: a machine that stood still is no camera."""
    status = server.status("cam1")
    video, audio = status["video"], status["audio"]
    return status if video and video["fps"] and audio and audio["bitrate"] and (
        abs(video["fps"] - FPS) < 1
        and abs(video["keyframe_interval_s"] - KEYFRAME_S) < 0.1
        and BITRATE[0] < video["bitrate"] < BITRATE[1]
        and video["jitter_ms"] < 50
        and audio["bitrate"] > 10000) else None


def steady_metrics(server):
    """The same of /metrics."""
    metrics = server.metrics()

    def video(name):
        return metrics.sum(f"rtcfan_stream_{name}", stream="cam1", track="video")

    return metrics if (
        abs(video("frames_per_second") - FPS) < 1
        and BITRATE[0] < video("bits_per_second") < BITRATE[1]
        and abs(video("keyframe_interval_seconds") - KEYFRAME_S) < 0.1
        and video("jitter_seconds") < 0.05) else None


def test_a_live_camera(folder):
    with cameras.BenchSource(folder) as camera, Server(folder, {"cam1": camera.url}) as server:
        begin = time.monotonic()
        server.wait_live("cam1")
        status = until(lambda: steady(server), 40, "the camera's figures",
                       why=lambda: server.status("cam1"))
        counters = status["counters"]
        assert counters["frames"] > counters["keyframes"] > 0
        assert (counters["rtp_lost"], counters["connects"], counters["disconnects"]) == (0, 1, 0)

        metrics = until(lambda: steady_metrics(server), 40, "the same in /metrics",
                        why=lambda: server.metrics().text)
        assert metrics.sum("rtcfan_stream_info", stream="cam1", state="live", video="H264",
                           audio="opus", scheme="rtsp", last_error="") == 1
        if time.monotonic() - begin < DRIFT_SEEN_S:
            assert status["video"]["clock_drift_ppm"] is None
            assert metrics.sum("rtcfan_stream_clock_drift_ppm") == 0


def test_a_camera_that_is_away(folder):
    with Server(folder, {"cam1": "rtsp://127.0.0.1:9/x"}) as server:
        status = until(lambda: server.status("cam1")["reconnects"] and server.status("cam1"), 30,
                       "an attempt that failed")
        assert status["reconnects"].get("refused", 0) >= 1
        assert status["video"] is None
        assert "127.0.0.1" in status["last_error"]
        line = next(line for line in server.metrics().text.splitlines()
                    if line.startswith("rtcfan_stream_info"))
        assert re.search(r'last_error="[^"]*127\.0\.0\.1', line)
