#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the program's sources, two at a time. What was fine once is not looked at again while the source, what
it includes of the project, its command line and .clang-tidy stay the same: build/lint-cache holds the hashes."""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-14"
CACHE = pathlib.Path("build/lint-cache")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


class Sources:
    """Contents of files with everything of the project that they include."""

    def __init__(self, generated):
        self.roots = (pathlib.Path("."), generated)
        self.known = {}

    def includes(self, path):
        if path not in self.known:
            data = path.read_bytes()
            found = []
            for name in INCLUDE.findall(data.decode("utf-8", "replace")):
                found += [root / name for root in self.roots if (root / name).is_file()][:1]
            self.known[path] = (data, found)
        return self.known[path]

    def hash(self, path, more):
        seen, waiting, digest = set(), [path], hashlib.sha256(more)
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += self.includes(at)[1]
        for at in sorted(seen):
            digest.update(at.as_posix().encode() + b"\0" + self.includes(at)[0])
        return digest.hexdigest()


def commands(build):
    """Source → command line, for sources of the program."""
    here = pathlib.Path(".").resolve()
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(here) and path.relative_to(here).parts[0] in ("app", "engine", "ui"):
            arguments = entry.get("arguments") or shlex.split(entry["command"])
            found.setdefault(path.relative_to(here), arguments[:-1])
    return found


def run(build, path):
    result = subprocess.run([TIDY, "--quiet", "-p", build, path], capture_output=True, text=True)
    return result.returncode, result.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    start = time.time()
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    sources = Sources(options.build / "generated")
    CACHE.mkdir(parents=True, exist_ok=True)
    todo, all_commands = {}, commands(options.build)
    for path, arguments in all_commands.items():
        more = version + pathlib.Path(".clang-tidy").read_bytes() + "\0".join(arguments).encode()
        mark = CACHE / sources.hash(path, more)
        if not mark.exists():
            todo[path] = mark
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(run, options.build, path): path for path in todo}
        for done in concurrent.futures.as_completed(runs):
            code, output = done.result()
            if code == 0:
                todo[runs[done]].touch()
            else:
                bad += 1
                print(output, flush=True)
    print(f"clang-tidy: {len(all_commands)} sources, {len(todo)} looked at, {bad} with findings, "
          f"{time.time() - start:.0f} s")
    return 1 if bad or not all_commands else 0


sys.exit(main())
