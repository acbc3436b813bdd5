#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""intervals.py FILE: what `moescope-cli bench --profile --json` wrote, as time of each kernel over all layers."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import figures


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    for part, tests in (("profile", "tg"), ("profile_prefill", "pp")):
        name = next((test["name"] for test in report["tests"] if test["name"].startswith(tests)), None)
        if name is None:
            continue
        rows = figures.interval_sums(report[part])
        print(f"{'a decode step' if tests == 'tg' else name + ', all micro-batches':44}{'ms':>10}{'%':>8}{'intervals':>11}")
        if not rows:
            print("  This device has no timestamps.")
        for kernels, ms, share, intervals in rows:
            print(f"  {kernels:42}{ms:10.3f}{100 * share:8.1f}{intervals:11}")


if __name__ == "__main__":
    main()
