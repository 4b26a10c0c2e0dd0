# SPDX-License-Identifier: Apache-2.0
"""Plots by gnuplot, each as SVG and PNG: CPU and memory against viewers, latency."""
import shutil

from peers.process import run

TERMINALS = {"svg": "svg size 800,480 background '#ffffff'", "png": "pngcairo size 800,480"}


def _script(path, terminal, title, axes, curves, extra):
    lines = [f"set terminal {terminal}", f"set output '{path}'", f"set title '{title}'",
             f"set xlabel '{axes[0]}'", f"set ylabel '{axes[1]}'", "set grid",
             "set key outside right", *extra]
    for i, (_, points) in enumerate(curves):
        lines += [f"$curve{i} << EOD", *(f"{x} {y}" for x, y in points), "EOD"]
    lines.append("plot " + ", ".join(f"$curve{i} with linespoints lw 2 title '{name}'"
                                     for i, (name, _) in enumerate(curves)))
    return "\n".join(lines) + "\n"


def draw(folder, name, title, axes, curves, extra=()):
    """curves: [(name, [(x, y)])]. Returns the files that came of it."""
    curves = [(label.replace("_", "\\_"), points) for label, points in curves if points]
    if not curves or not shutil.which("gnuplot"):
        return []
    made = []
    for ending, terminal in TERMINALS.items():
        path = folder / f"{name}.{ending}"
        script = folder / f"{name}.plot"
        script.write_text(_script(path, terminal, title, axes, curves, extra))
        complaint = run(["gnuplot", script])
        script.unlink()
        if complaint.strip():
            print(f"gnuplot: {complaint.strip()}")
        if path.exists():
            made.append(path.name)
    return made


def _steps(entries, figure, scale=1.0):
    return [(name, sorted((step["viewers"], step[figure] * scale) for step in entry["steps"]
                          if figure in step)) for name, entry in entries.items()]


def _distribution(entry):
    """Of the last round that has one: milliseconds against percent of frames."""
    known = [each["latency_cdf"] for each in entry["rounds"] if each.get("latency_cdf")]
    return [(ms, 100 * share) for share, ms in known[-1]] if known else []


def all_plots(results, folder):
    second, third = results.get("W2", {}), results.get("W1", {})
    log = ["set logscale xy"]
    return (
        draw(folder, "cpu", "CPU of one core, 1 stream", ("viewers", "percent"),
             _steps(second, "cpu_percent"), log)
        + draw(folder, "memory", "Resident memory, 1 stream", ("viewers", "MiB"),
               _steps(second, "rss_kib", 1 / 1024), log)
        + draw(folder, "latency", "Latency, 64 streams x 1 viewer", ("ms", "percent of frames"),
               [(name, _distribution(entry)) for name, entry in third.items()],
               ["set logscale x"]))
