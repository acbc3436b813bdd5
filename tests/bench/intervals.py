#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `moescope-cli bench --profile --json` wrote, as time of each kernel over all layers."""
import argparse
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=pathlib.Path, help="what bench wrote")
    parser.add_argument("--into", type=pathlib.Path, help="a JSON file that gets it as its part “profile”; made where it is missing")
    options = parser.parse_args()
    report = json.loads(options.report.read_text())
    for part, tests in (("profile", "tg"), ("profile_prefill", "pp")):
        name = next((test["name"] for test in report["tests"] if test["name"].startswith(tests)), None)
        if name is None:
            continue
        rows = figures.interval_sums(report[part])
        print(f"\n{'a decode step' if tests == 'tg' else name + ', all micro-batches':44}{'ms':>10}{'%':>8}{'intervals':>11}")
        if not rows:
            print("  This device has no timestamps.")
        for kernels, ms, share, intervals in rows:
            print(f"  {kernels:42}{ms:10.3f}{100 * share:8.1f}{intervals:11}")
    if options.into:
        whole = json.loads(options.into.read_text()) if options.into.exists() else {}
        options.into.write_text(json.dumps(whole | {"profile": report}, indent=1) + "\n")


if __name__ == "__main__":
    main()
