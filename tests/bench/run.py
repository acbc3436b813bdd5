#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed of the built-in model, start-up and heartbeat of the window: ./dev bench. Medians of --runs runs.

A machine that does other things measures those as well: the table says how busy it was."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile


def run_json(*command, **environment):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            env={**os.environ, **environment})
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if not lines and result.returncode != 0:
        sys.exit(f"{command[0]} exited with {result.returncode}: {result.stderr.strip()[-300:]}")
    return json.loads(result.stdout[result.stdout.index("{"):])


def speed(options):
    report = run_json(options.bin / "moescope-cli", "bench", "-m", options.model, "-p", "128,512", "-n", "64", "-d", "0",
                      "-r", options.runs, "--json")
    device = report["device"]
    device = device.get("name", device) if isinstance(device, dict) else device
    print(f"Device: {device}; copies {report['copy_gb_per_second']:.1f} GB/s; "
          f"{report['bytes_per_token'] / 1e6:.2f} MB of weights a decoded token")
    rows = []
    for test in report["tests"]:
        figures = test["tokens_per_second"]
        rows.append((test["name"], figures["median"], figures["min"], figures["max"], "tok/s"))
    return rows


def start_up(options):
    rows = []
    with tempfile.TemporaryDirectory() as data:
        times = []
        for _ in range(options.runs + 1):
            times.append(run_json(options.bin / "moescope-cli", "run", "-m", options.model, "-p", "Hello.", "-n", "1", "--json",
                                  XDG_CACHE_HOME=data)["timings"]["load_ms"])
    # The first start fills the driver's and our own caches.
    rows.append(("load, first start", times[0], times[0], times[0], "ms"))
    rows.append(("load, later starts", statistics.median(times[1:]), min(times[1:]), max(times[1:]), "ms"))
    return rows


def heartbeat(options):
    program = options.bin / "bench_heartbeat"
    if not program.exists():
        return []
    reports = [run_json(program, options.model, QT_QPA_PLATFORM="offscreen") for _ in range(min(options.runs, 3) + 1)][1:]
    rows = []
    for key, name in (("window_ms", "window shown"), ("model_ms", "model ready"), ("p99_ms", "heartbeat, p99"),
                      ("max_ms", "heartbeat, longest")):
        values = [report[key] for report in reports]
        rows.append((name, statistics.median(values), min(values), max(values), "ms"))
    return rows


def telemetry(options):
    program = options.bin / "bench_telemetry"
    report = run_json(program, options.model, options.pairs)
    return [("telemetry on ÷ off, time", report["median"] * 100, report["min"] * 100, report["max"] * 100, "%")]


def prefill_left(options):
    report = run_json(options.bin / "bench_prefill_left", options.model, 10)
    return [(f"time left, off by, {report['tokens']:,} tokens", report["median"] * 100, report["min"] * 100, report["max"] * 100, "%")]


def evict(path):
    """Its pages out of the system's cache: what reads it next reads the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def restore(options):
    """Saved KV caches: of the built-in model, whole; of a model with 1 MiB a token, 1,024 tokens beside a raw file of that size."""
    program, rows = options.bin / "bench_restore", []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        folder = pathlib.Path(folder)
        saved, model, wide, raw = folder / "builtin.kv", folder / "wide.gguf", folder / "wide.kv", folder / "raw"
        run_json(program, "write", "builtin", 2047, saved)
        times = [run_json(program, "restore", "builtin", 2047, saved)["first_token_ms"] for _ in range(options.runs)]
        rows.append(("restore of 2,048 tokens", statistics.median(times), min(times), max(times), "ms"))
        run_json(program, "model", model)
        run_json(program, "write", model, 1024, wide)
        shutil.copyfile(wide, raw)
        raw_speeds, speeds = [], []
        for _ in range(5):
            evict(raw)
            report = run_json(program, "raw", model, 1024, raw)
            raw_speeds.append(report["bytes"] / 1e3 / report["read_ms"])
            evict(wide)
            report = run_json(program, "restore", model, 1024, wide)
            speeds.append(report["bytes"] / 1e3 / report["restore_ms"])
        rows.append(("raw file of 1 GiB", statistics.median(raw_speeds), min(raw_speeds), max(raw_speeds), "MB/s"))
        rows.append(("restore of 1 GiB", statistics.median(speeds), min(speeds), max(speeds), "MB/s"))
        shares = [100 * speed / of for speed, of in zip(speeds, raw_speeds)]
        rows.append(("restore ÷ raw file", statistics.median(shares), min(shares), max(shares), "%"))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default="build/release/bin", help="folder of the programs")
    parser.add_argument("-m", "--model", default="builtin")
    parser.add_argument("-r", "--runs", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=20, help="alternating pairs of telemetry on and off")
    parser.add_argument("--scratch", type=pathlib.Path, help="folder on a disk with 3 GB for the files to restore from")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load before the start {load:.1f}"
          + (": the machine is busy, so the figures are too low." if load > 0.5 else ""))
    rows = speed(options) + start_up(options) + heartbeat(options) + telemetry(options) + prefill_left(options) + \
        restore(options)
    print(f"\n{'':38}{'median':>10}{'min':>10}{'max':>10}")
    for name, median, low, high, unit in rows:
        print(f"{name:38}{median:10.1f}{low:10.1f}{high:10.1f}  {unit}")


main()
