# SPDX-License-Identifier: Apache-2.0
"""bench/compare: its arithmetic, files and report, and one run of rtcfan alone."""
import argparse
import json
import os
import signal
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace

import pytest

from process import Process, processes_of, until
from server import BUILD, ROOT

sys.path.insert(0, str(ROOT / "bench"))
from peers import (  # noqa: E402
    acceptance, cell, cpu, definition, figures, report, sdp, stepup, topology, trace)
from peers.load import packets_until  # noqa: E402

COMPARE = ROOT / "bench" / "compare"
SERVERS = ROOT / "bench" / "peers" / "servers"


def test_median_and_spread():
    assert figures.median([3, 1, None, 2]) == 2
    assert figures.median([None]) is None
    assert figures.spread([90, 100, 120]) == pytest.approx(0.3)
    assert figures.spread([5]) == figures.spread([0, 0]) == 0
    summary = figures.summary([{"a": 1, "ok": True}, {"a": 3, "b": 5, "cdf": []}])
    assert summary["a"] == {"median": 2, "least": 1, "most": 3, "spread": 1.0}
    assert summary["b"]["median"] == 5 and set(summary) == {"a", "b"}


def held(search, capacity, verdict=stepup.BAD, full=None):
    """Runs a search against a server that holds so many; all that it asked for. full: how many
    would fill its core."""
    asked = []
    while (viewers := search.next()) is not None:
        asked.append(viewers)
        assert len(asked) < 50
        search.result(viewers, stepup.GOOD if viewers <= capacity else verdict,
                      100 * viewers / (full or capacity or 1))
    return asked


def test_step_up_goes_as_far_as_there_is_room():
    search = stepup.StepUp(first=50, most=8000, refinements=2)
    # 50 viewers are 5 %: times 4; then to 90 %; then by a quarter, and back by halves.
    assert held(search, 1000) == [50, 200, 800, 1000, 1250, 1125, 1062]
    assert search.best == 1000 and not search.limited_by_client


def test_step_up_halves_the_gap():
    search = stepup.StepUp(first=50, most=8000, refinements=2)
    assert held(search, 180, full=1000) == [50, 200, 125, 162]
    assert search.best == 162


def test_step_up_below_its_first_step():
    search = stepup.StepUp(first=25, most=8000, refinements=1)
    assert held(search, 7)[:2] == [25, 6]
    assert search.best >= 6
    nothing = stepup.StepUp(first=8, most=8000, refinements=2)
    assert held(nothing, 0) == [8, 2] and nothing.best == 0


def test_step_up_ends_at_most_and_knows_the_client():
    search = stepup.StepUp(first=100, most=300, refinements=2)
    assert held(search, 10000) == [100, 300] and search.best == 300
    search = stepup.StepUp(first=100, most=8000, refinements=0)
    assert held(search, 200, stepup.CLIENT, full=4000) == [100, 400]
    assert search.best == 100 and search.limited_by_client


@pytest.mark.parametrize("change, verdict", [
    ({}, stepup.GOOD),
    ({"loss_percent": 0.2}, stepup.BAD),
    ({"latency_p99_ms": 101}, stepup.BAD),
    ({"latency_p99_ms": None}, stepup.BAD),
    ({"failed": 1}, stepup.BAD),
    ({"failed": 1, "client_limited": True}, stepup.CLIENT),
    ({"failed": 1, "client_limited": True, "cpu_percent": 99}, stepup.BAD),
    ({"client_limited": True}, stepup.GOOD),
])
def test_judge(change, verdict):
    step = {"failed": 0, "loss_percent": 0.0, "latency_p99_ms": 5, "client_limited": False}
    assert stepup.judge(step | change, 0.1, 100) == verdict


def test_short_of_what_others_got():
    step = {"failed": 0, "loss_percent": 0.0, "latency_p99_ms": 5, "client_limited": False}
    assert stepup.judge(step | {"unwatched_short_percent": 0.5}, 0.1, 100) == stepup.GOOD
    assert stepup.judge(step | {"unwatched_short_percent": 1.5}, 0.1, 100) == stepup.BAD


def test_rates_of_those_that_are_only_counted():
    """100 watched viewers got 100 packets of 1,000 bytes a second each; 300 others 90 % of that."""
    begin = {"at_s": 10, "packets_video": 0, "packets_audio": 0, "packets_rtx": 0,
             "packets_expected": 0, "bytes": 0}
    end = {"at_s": 12, "packets_video": 15000, "packets_audio": 5000, "packets_rtx": 0,
           "packets_expected": 20000, "bytes": 20_000_000}
    shape = {"viewers": 400, "unwatched": 300}
    rates = cell._rates(begin, end, 27_000_000, shape)
    assert rates["packets_per_s"] == pytest.approx(10_000 + 27_000)
    assert rates["expected_per_s"] == pytest.approx(40_000)
    assert rates["unwatched_short_percent"] == pytest.approx(10)
    shape = {"viewers": 100, "unwatched": 0}
    assert cell._rates(begin, end, 0, shape) == {"packets_per_s": 10_000, "expected_per_s": 10_000}


def test_masks_of_cores():
    assert topology.mask("0") == "00000001"
    assert topology.mask("1,3") == "0000000a"
    assert topology.mask("33") == "00000002,00000000"


def test_definitions_are_complete():
    names = {spec.name for spec in definition.read_all(SERVERS)}
    assert {"rtcfan/io_uring", "rtcfan/sendmmsg", "mediamtx", "mediamtx/tuned", "go2rtc",
            "janus"} <= names


@pytest.mark.parametrize("path", sorted(SERVERS.glob("*.server")), ids=lambda path: path.stem)
def test_configurations_are_filled(path):
    spec = definition.Definition(path)
    values = definition.variables("/bin/x", "/folder", "1")
    texts = [definition.write(text, values, 3) for text in spec.files.values()]
    texts += [definition.fill(spec.fields.get(name, ""), values)
              for name in ("command", "ready", "whep", "front", "version")]
    assert not any("@" in text for text in texts), texts
    assert any("cam3" in text for text in texts[:len(spec.files)])
    assert not any("cam4" in text for text in texts)


def test_written_configuration_is_taken(tmp_path):
    """rtcfan itself is the judge."""
    for path in SERVERS.glob("rtcfan-*.server"):
        spec = definition.Definition(path)
        config = tmp_path / "rtcfan.cfg"
        values = definition.variables(BUILD / "rtcfan", tmp_path, "0")
        config.write_text(definition.write(spec.files["rtcfan.cfg"], values, 64))
        done = subprocess.run([BUILD / "rtcfan", "--check", config], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 0, done.stderr


def test_wrong_definitions(tmp_path):
    file = tmp_path / "x.server"
    file.write_text("name: x\nprogram: x\n")
    with pytest.raises(ValueError, match="no command, ready, whep, cameras"):
        definition.Definition(file)
    file.write_text("nonsense\n")
    with pytest.raises(ValueError, match="'nonsense'"):
        definition.Definition(file)


OFFER = "\r\n".join((
    "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 98", "a=mid:0", "a=ice-ufrag:viewer", "a=setup:actpass",
    "a=rtpmap:96 H264/90000", "a=rtpmap:98 H264/90000", "a=fmtp:98 packetization-mode=1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=mid:1", "a=rtpmap:111 opus/48000/2", ""))
PLUGIN = "\r\n".join((
    "v=0", "o=- 3 4 IN IP4 10.0.0.1", "s=-", "t=0 0", "a=ice-lite", "a=fingerprint:sha-256 AB",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:a", "a=ice-ufrag:janus", "a=setup:actpass",
    "a=rtpmap:111 opus/48000/2", "a=sendonly",
    "m=video 9 UDP/TLS/RTP/SAVPF 98", "a=mid:v", "a=ice-ufrag:janus", "a=rtpmap:98 H264/90000",
    "a=extmap:4 urn:x", "a=sendonly", ""))


def test_two_offers_become_answers():
    to_viewer = sdp.answer(OFFER, PLUGIN, "passive", "sendonly").split("\r\n")
    # In the order and with the names of the offer; with the other's codecs and keys.
    assert [line for line in to_viewer if line.startswith(("m=", "a=mid:"))] == [
        "m=video 9 UDP/TLS/RTP/SAVPF 98", "a=mid:0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:1"]
    assert to_viewer.count("a=ice-ufrag:janus") == 2 and to_viewer.count("a=setup:passive") == 2
    assert "a=ice-lite" in to_viewer and to_viewer.count("a=fingerprint:sha-256 AB") == 2
    assert not any("extmap" in line for line in to_viewer)
    to_plugin = sdp.answer(PLUGIN, OFFER, "active", "recvonly").split("\r\n")
    assert [line for line in to_plugin if line.startswith(("m=", "a=mid:"))] == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:a",
        "m=video 9 UDP/TLS/RTP/SAVPF 98", "a=mid:v"]
    assert "a=ice-lite" not in to_plugin and "a=rtpmap:96 H264/90000" not in to_plugin


def test_section_without_counterpart_is_refused():
    audio_only = PLUGIN.partition("m=video")[0]
    answer = sdp.answer(OFFER, audio_only, "passive", "sendonly")
    assert "m=video 0 " in answer and "m=audio 9 " in answer
    assert "a=group:BUNDLE 1\r\n" in answer


def test_number_of_another_codec_is_refused():
    """As Chromium's offer has it: 98 is VP9, and H.264 sent as 98 would never be decoded."""
    def with_rtx(text):
        return (text.replace(" 98\r\n", " 98 99\r\n")
                .replace("a=rtpmap:98", "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\na=rtpmap:98"))

    vp9 = OFFER.replace("a=rtpmap:98 H264", "a=rtpmap:98 VP9")
    assert "m=video 0 " in sdp.answer(vp9, PLUGIN, "passive", "sendonly")
    assert "m=video 0 " in sdp.answer(PLUGIN, vp9, "active", "recvonly")
    assert "m=video 0 " in sdp.answer(with_rtx(vp9), with_rtx(PLUGIN), "passive", "sendonly")
    assert "m=video 9 UDP/TLS/RTP/SAVPF 98 99\r\n" in sdp.answer(
        with_rtx(OFFER), with_rtx(PLUGIN), "passive", "sendonly")
    unnamed = PLUGIN.replace("SAVPF 111", "SAVPF 0").replace("a=rtpmap:111", "a=rtpmap:0")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0" in sdp.answer(OFFER, unnamed, "passive", "sendonly")


# Of perf script, as captured, each with the group that it belongs to.
STACKS = (
    # Cutting up a train for sendmmsg.
    ("send", """
    ffffffff81e3cae6 __alloc_skb ([kernel.kallsyms])
    ffffffff82048769 __udp_gso_segment ([kernel.kallsyms])
    ffffffff820442e6 udp_sendmsg ([kernel.kallsyms])
    ffffffff81e2f394 __sys_sendmmsg ([kernel.kallsyms])
    ffffffff821ec951 do_syscall_64 ([kernel.kallsyms])
    10b106 __sendmmsg (/usr/lib/x86_64-linux-gnu/libc.so.6)
"""),
    ("send", """
    ffffffff81dbac80 veth_xmit ([kernel.kallsyms])
    ffffffff820442e6 udp_sendmsg ([kernel.kallsyms])
    ffffffff81b601dd io_sendmsg ([kernel.kallsyms])
    ffffffff81b45132 io_submit_sqes ([kernel.kallsyms])
    ffffffff81b4574f __do_sys_io_uring_enter ([kernel.kallsyms])
    2b95 [unknown] (/usr/lib/x86_64-linux-gnu/liburing.so.2.3)
"""),
    # An acknowledgement sent while receiving.
    ("receive", """
    ffffffff81e66a24 net_rx_action ([kernel.kallsyms])
    ffffffff8136006d handle_softirqs ([kernel.kallsyms])
    ffffffff81360354 __local_bh_enable_ip ([kernel.kallsyms])
    ffffffff8200f248 tcp_recvmsg_locked ([kernel.kallsyms])
    ffffffff81e2b9f7 sock_read_iter ([kernel.kallsyms])
    ffffffff816b6cec do_readv ([kernel.kallsyms])
"""),
    # A camera's packet interrupts the sending.
    ("receive", """
    ffffffff81ff57d1 ip_protocol_deliver_rcu ([kernel.kallsyms])
    ffffffff8136006d handle_softirqs ([kernel.kallsyms])
    ffffffff821f1905 sysvec_call_function_single ([kernel.kallsyms])
    ffffffff81000e86 asm_sysvec_call_function_single ([kernel.kallsyms])
    ffffffff820442c2 udp_sendmsg ([kernel.kallsyms])
    ffffffff81e2f4dd __x64_sys_sendmmsg ([kernel.kallsyms])
"""),
    ("wait and wake", """
    ffffffff813a2293 finish_task_switch.isra.0 ([kernel.kallsyms])
    ffffffff821f88c3 schedule ([kernel.kallsyms])
    ffffffff81b4419f io_cqring_wait ([kernel.kallsyms])
    ffffffff81b45a46 __do_sys_io_uring_enter ([kernel.kallsyms])
"""),
    ("wait and wake", """
    ffffffff82200cb1 _raw_spin_unlock_irq ([kernel.kallsyms])
    ffffffff81734351 eventfd_write ([kernel.kallsyms])
    ffffffff816b8f56 ksys_write ([kernel.kallsyms])
"""),
    ("crypto", """
    77dd34 aes_gcm_enc_128_vaes_avx512 (/usr/lib/x86_64-linux-gnu/libIPSec_MB.so.1.3.0)
    3ab1f181fc9eb7d0 [unknown] ([unknown])
"""),
    # What follows is no address of the kernel's: the program keeps no frame pointers.
    ("own code", """
    52a10 eng_train_fill (/usr/bin/rtcfan)
    ed7da345548e7e00 [unknown] ([unknown])
"""),
    ("kernel, rest", """
    ffffffff821f2444 exc_page_fault ([kernel.kallsyms])
    ffffffff81000c82 asm_exc_page_fault ([kernel.kallsyms])
    95b40 [unknown] (/usr/bin/rtcfan)
"""),
    ("kernel, rest", """
    ffffffff814151b7 exit_to_user_mode_loop ([kernel.kallsyms])
    ffffffff821ecb1b do_syscall_64 ([kernel.kallsyms])
    21390 epoll_dispatch (/usr/lib/x86_64-linux-gnu/libevent-2.1.so.7.0.1)
"""),
)


def test_stacks_are_grouped():
    for name, text in STACKS:
        shares, top = trace.read_stacks(text)
        assert shares == {name: 100}, (shares, text)
        assert top[0]["group"] == name
    shares, top = trace.read_stacks("Warning:\n" + "\n".join(text for _, text in STACKS))
    assert set(shares) == set(trace.GROUPS) and sum(shares.values()) == pytest.approx(100)
    assert shares["send"] == 20 and len(top) == len(STACKS)
    assert {"percent": 10, "library": "rtcfan", "symbol": "eng_train_fill",
            "group": "own code"} in top
    assert trace.read_stacks("perf: no such process\n") == ({}, [])


def test_system_calls_are_counted():
    calls = trace.read_summary(
        "% time     seconds  usecs/call     calls    errors syscall\n"
        "------ ----------- ----------- --------- --------- ----------------\n"
        " 90.00    0.001000           1      1234           sendmmsg\n"
        "  9.00    0.000100           1        66         6 epoll_wait\n"
        "100.00    0.001100                  1300         6 total\n")
    assert calls == {"sendmmsg": 1234, "epoll_wait": 66}


def test_cameras_are_waited_for_while_their_clip_is_made(tmp_path):
    source = tmp_path / "source"
    source.write_text("#!/bin/sh\necho making a clip\nsleep 0.5\necho rtsp://here\nexec sleep 60\n")
    source.chmod(0o755)
    place = SimpleNamespace(cameras=os.getpid(), load_cores="0")
    bench = cell.Bench(place, source, None, tmp_path, 1)
    with bench.cameras(SimpleNamespace(cameras="tcp"), 1, tmp_path) as cameras:
        assert cameras.running() and "rtsp://here" in cameras.output()


FAVOURED = """
import os, sys
from pathlib import Path
from peers.process import Process
os.setpriority(os.PRIO_PROCESS, 0, 3)
with Process(["sleep", "60"], Path(sys.argv[1])) as child:
    print(os.getsid(child.pid) == child.pid)
    print(Path(f"/proc/{child.pid}/autogroup").read_text().split()[-1])
"""


def test_niceness_counts_beyond_the_session(tmp_path):
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this kernel does not share cores out by session")
    done = subprocess.run([sys.executable, "-c", FAVOURED, tmp_path / "log"], cwd=ROOT / "bench",
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.split() == ["True", "3"], done


def test_packets_between_seconds():
    rows = [{"at_s": t, "packets_video": 100 * t, "packets_audio": 0, "packets_rtx": 0}
            for t in (1.0, 2.0, 4.0)]
    assert packets_until(rows, 1.5) == 150
    assert packets_until(rows, 3.0) == 300
    assert packets_until(rows, 5.0) is None


def entry(**medians):
    summary = {name: {"median": value, "least": value, "most": value, "spread": 0.0}
               for name, value in medians.items()}
    return {"streams": 64, "rounds": [medians], "errors": [], "steps": [], "examined": None,
            "limited_by_client": False, "summary": summary}


def test_acceptance_and_report():
    first = {
        "rtcfan/x": entry(cpu_percent=2.0, rss_kib=20 << 10, loss_percent=0.0, joined=64, gcm=64,
                          ns_per_packet=1000),
        "mediamtx": entry(cpu_percent=30.0, rss_kib=300 << 10, loss_percent=0.5, joined=64, gcm=64,
                          ns_per_packet=15000, client_limited=True),
    }
    second = {"rtcfan/x": entry(viewers_held=900), "mediamtx": entry(viewers_held=100)}
    results = {"W1": first, "W2": second}
    run = {
        "machine": {"processor": "P", "cores": 2, "kernel": "6", "date": "D", "server_core": "1",
                    "load_cores": "0", "segmentation": "S", "receiver": "R",
                    "load_average_before": 0.5, "load_average_after": 1.5},
        "versions": {"rtcfan/x": "1"}, "skipped": ["janus: --janus PATH is not given"],
        "titles": {"W1": "one", "W2": "two"}, "results": results, "command": "bench/compare",
        "acceptance": acceptance.check(results, BUILD / "rtcfan", {"rtcfan/x": {"frames": 0}}),
        "capacity": acceptance.capacity(results),
    }
    passed = {item["what"]: item["passed"] for item in run["acceptance"]["rtcfan/x"]}
    assert list(passed.values()) == [True, True, False, True, True, False], passed
    assert [item["passed"] for item in run["capacity"]] == [False, False]
    text = report.render(run)
    assert "| rtcfan/x | 2.0 | 1000 |" in text and "the client was the bottleneck" in text
    assert "1/15.0" in text and "9.0 x mediamtx" in text and "skipped: janus" in text


def checked(first, second):
    """Of "rtcfan/x": (verdict on CPU, what it was set against), and of its capacity."""
    cpu = acceptance.check({"W1": first}, BUILD / "rtcfan", {})["rtcfan/x"][1]
    return [(each["passed"], each["value"]) for each in (cpu, *acceptance.capacity({"W2": second}))]


def test_acceptance_takes_the_best_mediamtx():
    def first(cpu_percent):
        return entry(cpu_percent=cpu_percent, rss_kib=1, loss_percent=0.0, joined=64)

    own = {"rtcfan/x": first(2.5)}, {"rtcfan/x": entry(viewers_held=900)}
    plain, tuned = {"mediamtx": first(30.0)}, {"mediamtx/tuned": first(20.0)}
    assert checked(*own) == [(None, "no MediaMTX")]
    assert checked(own[0] | plain, own[1])[0] == (
        True, "2.50 % against 30.00 % of mediamtx: 1/12.0")
    for both in (plain | tuned, tuned, tuned | plain):
        assert checked(own[0] | both, own[1])[0] == (
            False, "2.50 % against 20.00 % of mediamtx/tuned: 1/8.0")
    held = {"mediamtx": entry(viewers_held=40), "mediamtx/tuned": entry(viewers_held=90)}
    assert checked(own[0], own[1] | held)[1:] == [
        (False, "10.0 x mediamtx/tuned"), (True, "10.0 x mediamtx/tuned")]
    held |= {"janus": entry(viewers_held=100), "go2rtc": entry()}
    assert checked(own[0], own[1] | held)[1:] == [
        (False, "10.0 x mediamtx/tuned"), (False, "9.0 x janus")]


def initial_user_namespace():
    """Devices' settings below /sys and a niceness below 0 are for root of the machine."""
    return os.geteuid() == 0 and Path("/proc/self/uid_map").read_text().split()[2] == "4294967295"


MARK = f"RTCFAN_COMPARED_BY={os.getpid()}"  # in the environment of what this begins


def skip_unless_it_can_run():
    if not initial_user_namespace():
        pytest.skip("bench/compare needs root")
    if os.cpu_count() < 2:
        pytest.skip("bench/compare needs two cores")


# Two streams with a viewer each.
SMALL = (COMPARE, "--build", BUILD, "--own", "2x2", "--servers", "rtcfan", "--rounds", "1",
         "--window", "2", "--no-profile", "--no-browser", "--nice", "0")


def test_rtcfan_alone(tmp_path):
    """The JSON, the report, and nothing left behind."""
    skip_unless_it_can_run()
    done = subprocess.run(["env", MARK, *SMALL, "--report", tmp_path], capture_output=True,
                          text=True, timeout=140, check=False)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "report.json").read_text())
    assert set(run["results"]["W0"]) == {"rtcfan/io_uring", "rtcfan/sendmmsg"}
    for name, found in run["results"]["W0"].items():
        assert found["errors"] == [], (name, found)
        figure = found["rounds"][0]
        assert figure["joined"] == 2 and figure["gcm"] == 2 and figure["failed"] == 0, figure
        assert figure["loss_percent"] == 0, figure
        assert 2 * 150 < figure["packets_per_s"] < 2 * 600, figure
        assert 0 < figure["cpu_percent"] < 100 and figure["ns_per_packet"] > 0, figure
        assert figure["rss_kib"] >= figure["pss_kib"] > 1024, figure
        assert figure["latency_p50_ms"] <= figure["latency_p99_ms"], figure
        assert [share for share, _ in figure["latency_cdf"]] == sorted(
            share for share, _ in figure["latency_cdf"]), figure
    assert "2 streams x 2 viewers in all" in (tmp_path / "report.md").read_text()
    until(lambda: not processes_of(MARK), 20, "its processes ended")


# The tests' own namespace has no setting that the machine has one of: where they were started.
OUTSIDE = ("nsenter", f"--net=/proc/{os.getppid()}/ns/net")


def backlog():
    return subprocess.run([*OUTSIDE, "cat", "/proc/sys/net/core/netdev_max_backlog"],
                          stdout=subprocess.PIPE, check=True).stdout


def names(pids):
    """Of those that still run."""
    found = {}
    for pid in pids:
        try:
            found[pid] = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            pass  # it has ended
    return found


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM), ids=lambda each: each.name)
def test_signal_leaves_nothing_behind(tmp_path, number):
    skip_unless_it_can_run()
    queue = backlog()
    compare = Process(["env", MARK, *OUTSIDE, *SMALL], tmp_path / "compare.log")
    try:
        until(lambda: not compare.running()
              or "viewers" in names(cpu.family(compare.pid)).values(), 60, "viewers started")
        assert {"source", "rtcfan", "sleep"} <= set(names(processes_of(MARK)).values())
        compare.child.send_signal(number)
        assert compare.child.wait(60) == 128 + number
    finally:
        compare.kill()
    assert compare.output() == f"compare: ended by {number.name}\n"
    until(lambda: not processes_of(MARK), 20, "its processes ended")
    assert backlog() == queue


def module():
    """The program, which has no ending, as a module."""
    loader = SourceFileLoader("compare", str(COMPARE))
    compare = module_from_spec(spec_from_loader("compare", loader))
    loader.exec_module(compare)
    return compare


@pytest.mark.parametrize("options, names_", [
    ({}, ["mediamtx/tuned", "mediamtx", "rtcfan/io_uring", "rtcfan/no-gop", "rtcfan/sendmmsg"]),
    ({"quick": True}, ["mediamtx", "rtcfan/io_uring", "rtcfan/sendmmsg"]),
    ({"quick": True, "servers": "mediamtx"}, ["mediamtx"]),
    ({"quick": True, "servers": "mediamtx/tuned"}, ["mediamtx/tuned"]),
])
def test_quick_has_one_of_each_kind(options, names_):
    given = {"build": BUILD, "servers": "", "quick": False, "rtcfan": None, "janus": None,
             "go2rtc": None, "mediamtx": "/bin/true"} | options
    servers, _ = module().chosen(argparse.Namespace(**given), definition.read_all(SERVERS))
    assert [spec.name for spec, _ in servers] == names_


def refused(*options):
    done = subprocess.run([COMPARE, "--nice", "0", *options], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 1
    return done.stderr


def test_refusals(tmp_path):
    assert "bench/source" in refused("--build", tmp_path)
    assert ("compare: --servers nobody: not one of go2rtc, janus, mediamtx, "
            in refused("--build", BUILD, "--servers", "rtcfan,nobody"))
    assert ("compare: --workloads W9: not one of W1, W2, W3, W4, W5\n"
            in refused("--build", BUILD, "--workloads", "W1,W9"))
    assert ("compare: --workloads W2: not one of W1, W3\n"
            in refused("--build", BUILD, "--quick", "--workloads", "W2"))
