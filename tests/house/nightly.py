#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Slow checks: ./dev nightly [NAME…]. Results are in tests/nightly.json: commit, check, result, seconds. What was green
and whose sources are the same since is not run again, so an interrupted night goes on where it stopped. Output:
build/nightly/NAME.log."""
import collections
import hashlib
import json
import pathlib
import subprocess
import sys
import time

RESULTS = pathlib.Path("tests/nightly.json")
LOGS = pathlib.Path("build/nightly")
ALL = ("app", "ui", "engine", "shaders", "resources", "tests", "packaging", "CMakeLists.txt", "CMakePresets.json", "dev")
FILES = (*(f"engine/trace/{name}" for name in ("cancel.h", "error.h", "error.cpp", "info.h", "info.cpp", "utf8.h", "utf8.cpp")),
         "engine/gguf", "engine/model", "CMakeLists.txt")  # what reads models, without a device
CORE = ("engine", "shaders", "CMakeLists.txt")
CLI_SOURCES = (*CORE, "app/cli")


def conformance(*names):
    return tuple(f"tests/conformance/{name}" for name in ("environment.sh", "requirements.txt", *names))


FAMILIES = conformance("families.py", "family_cases.py", "tokenizers_of_families.py", "check_families.py", "faults.py")
PEERS = conformance("peer_files.sh", "chat_templates.py", "chat_template_cases.py", "vocabularies.py")
REAL = conformance("smollm2.py", "llamacpp_reference.py", "check_families.py", "family_cases.py")
WHAT_IFS = ("tests/data/golden", *(f"tests/conformance/{name}" for name in (
    "interventions.py", "hunyuan_reference.py", "check_families.py", "family_cases.py")))
LEFT_OUT = 77  # exit status of a check that cannot run on this machine; its last line says why
SHARED = pathlib.Path("../shared")
BUILD = "./dev build >/dev/null"
NANO = "build/nightly/nano"
PYTHON = "PY=$(tests/conformance/environment.sh)"
PEER = "PEER=$(tests/conformance/peer_files.sh)"
CLI = "build/release/bin/moescope-cli"
SMOLLM2 = "build/conformance/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"

# Name, shell command, the sources that its result depends on, and what it needs beside them (or None).
ROWS = (
    ("kernels", f"{BUILD} && tests/house/kernels.sh 128 256 512",
     (*CORE, "tests/shaders", "tests/support", "tests/house/kernels.sh"), None),
    ("second_device", f"{BUILD} && tests/house/second_device.sh",
     (*CORE, "app/cli", "tests/shaders", "tests/engine", "tests/support", "tests/app/cli", "tests/data", "resources/models",
      "tests/house/second_device.sh", "tests/house/second_driver.sh"), None),
    ("wide_subgroups", "python3 tests/house/wide_subgroups.py 32 64",
     (*CORE, "tests/shaders", "tests/engine", "tests/support", "tests/data", "tests/house/wide_subgroups.py"), None),
    ("sanitizers", "tests/house/sanitize.sh", ALL, None),
    ("kill", f"{BUILD} && ctest --preset release -R '^tst_store_kill$' --no-tests=error --repeat until-fail:10",
     ("app/store", "engine/trace", "tests/app/store", "CMakeLists.txt"), None),
    ("telemetry", f"{BUILD} && build/release/bin/bench_telemetry builtin 20",
     (*CORE, "app/controller", "tests/bench", "resources/models"), None),
    ("heartbeat", f"{BUILD} && QT_QPA_PLATFORM=offscreen build/release/bin/bench_heartbeat builtin",
     (*CORE, "app", "ui", "resources", "tests/bench"), None),
    ("repaint", f"{BUILD} && QT_QPA_PLATFORM=offscreen build/release/bin/bench_repaint builtin",
     (*CORE, "ui", "resources/models", "tests/bench", "tests/ui/models"), None),
    ("compare_repaint", f"{BUILD} && QT_QPA_PLATFORM=offscreen build/release/bin/bench_compare_repaint",
     ("ui", "engine/trace", "tests/bench", "tests/ui/models"), None),
    ("quality", f"{BUILD} && for t in f32 q8_0 q6_k q4_k; do build/release/bin/moescope-cli convert ../shared/models/nano "
                f"{NANO}-$t.gguf --type $t || exit 1; done && /usr/bin/python3 tests/bench/quality.py --reference {NANO}-f32.gguf "
                f"--text ../shared/models/nano/heldout.txt {NANO}-q8_0.gguf:q8_0 {NANO}-q6_k.gguf:q6_k {NANO}-q4_k.gguf",
     (*CLI_SOURCES, "tests/bench/quality.py"), SHARED / "models/nano"),
    ("repeat", f"{BUILD} && ctest --preset release --parallel 2 --repeat until-fail:3", ALL, None),
    ("families", f"{BUILD} && {PYTHON} && $PY tests/conformance/families.py && $PY tests/conformance/check_families.py && "
                 "$PY tests/conformance/faults.py && $PY tests/conformance/check_families.py --faults",
     (*CLI_SOURCES, *FAMILIES), None),
    ("templates", f"{BUILD} && cmake --build --preset release --target render_template >/dev/null && {PYTHON} && {PEER} && "
                  "$PY tests/conformance/chat_templates.py build/release/bin/render_template $PEER/templates",
     (*FILES, *PEERS), None),
    ("vocabularies", f"{BUILD} && {PYTHON} && {PEER} && $PY tests/conformance/vocabularies.py $PEER",
     (*FILES, "app/cli", *PEERS), None),
    ("vocab", f"{BUILD} && ../shared/checks/accept vocab", (*FILES, "app/cli"), SHARED / "checks/accept"),
    ("smollm2", f"{BUILD} && {PYTHON} && $PY tests/conformance/smollm2.py && $PY tests/conformance/fake_moe.py",
     (*CLI_SOURCES, *REAL, "tests/conformance/fake_moe.py"), SHARED / "models/nano"),
    ("comparison", f"{BUILD} && cmake --build --preset release --target comparison_figures >/dev/null && "
                   "/usr/bin/python3 tests/conformance/comparison.py build/release/bin/comparison_figures",
     (*CORE, "ui/models", "tests/support/comparison_figures.cpp", "tests/conformance/comparison.py",
      "tests/conformance/hunyuan_reference.py", "tests/data/golden"),
     None),
    ("long_context", f"{BUILD} && python3 tests/conformance/long_context.py {CLI} build/nightly",
     (*CLI_SOURCES, "tests/conformance/long_context.py"), None),
    ("needle", f"{BUILD} && python3 tests/conformance/needle.py {CLI} ../shared/models/nano",
     (*CLI_SOURCES, "resources/models", "resources/needle", "tests/conformance/needle.py"), SHARED / "models/nano"),
    ("interventions", f"{BUILD} && /usr/bin/python3 tests/conformance/interventions.py", (*CLI_SOURCES, *WHAT_IFS), None),
    ("sessions", f"{BUILD} && {PYTHON} && $PY tests/conformance/smollm2.py --fetch && "
                 f"$PY tests/conformance/sessions.py {CLI} {SMOLLM2}",
     (*CLI_SOURCES, *REAL, "tests/conformance/sessions.py"), SHARED / "models/nano"),
    ("quantisers", f"{BUILD} && {PYTHON} && $PY tests/conformance/smollm2.py --fetch && "
                   f"$PY tests/conformance/quantisers.py {CLI} {SMOLLM2} --text ../shared/models/nano/heldout.txt",
     (*CLI_SOURCES, *REAL, "tests/conformance/quantisers.py"), SHARED / "models/nano"),
    ("mutations", f"{BUILD} && python3 tests/house/mutate_info.py",
     (*FILES, "app/cli", "tests/data", "tests/house/mutate_info.py"), None),
    *((f"fuzz_{target}", f"tests/house/fuzz.sh {target} 1200",
       (*FILES, "CMakePresets.json", "tests/fuzz", "tests/house/fuzz.sh"), None)
      for target in ("gguf", "safetensors", "tokenizer_json", "tokenizer", "chat_template")),
    ("package", "./dev package", ALL, None),
)

# Scripts that one row alone runs: no other row depends on them, though it names the folder that they lie in.
SCRIPTS = ("tests/house/", "tests/conformance/")
NAMED = collections.Counter(source for _, _, sources, _ in ROWS for source in set(sources) if source.startswith(SCRIPTS))
OF_ONE_ROW = {"tests/house/nightly.py", *(source for source, rows in NAMED.items() if rows == 1)}
CHECKS = (("accept", f"{BUILD} && ../shared/checks/accept contract golden plan files house", (*ALL, *OF_ONE_ROW),
           SHARED / "checks/accept"), *ROWS)  # the rules of the house look at every file


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True)


def state_of(commit, sources):
    """A hash of the sources at `commit` without the results themselves; None where the commit is not known."""
    listing = git("ls-tree", "-r", commit, "--", *sources)
    if listing.returncode != 0:
        return None
    left_out = OF_ONE_ROW - set(sources) | {RESULTS.as_posix()}
    lines = [line for line in listing.stdout.splitlines() if line.split("\t", 1)[1] not in left_out]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def last_line(log):
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it does not say why"


def write(results):
    order = {name: at for at, (name, *_) in enumerate(CHECKS)}
    rows = sorted(results.values(), key=lambda row: order.get(row["check"], len(order)))
    text = "[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n"
    part = RESULTS.with_suffix(".json.part")
    part.write_text(text)
    part.replace(RESULTS)


def main():
    names = sys.argv[1:]
    unknown = set(names) - {name for name, *_ in CHECKS}
    if unknown:
        print(f"There is no check {', '.join(sorted(unknown))}; there are {', '.join(name for name, *_ in CHECKS)}.")
        return 2
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *ALL, f":!{RESULTS}").stdout
    if changed.strip():
        print("Sources are changed and not committed, so results would belong to no commit:\n" + changed, end="")
        return 2
    commit = git("rev-parse", "--short=10", "HEAD").stdout.strip()
    results = {row["check"]: row for row in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    LOGS.mkdir(parents=True, exist_ok=True)
    bad = 0
    for name, command, sources, needed in CHECKS:
        if names and name not in names:
            continue
        known = results.get(name)
        if known and known["result"] == "green" and state_of(known["commit"], sources) == state_of("HEAD", sources):
            print(f"{name:12} green at {known['commit']}, sources unchanged", flush=True)
            continue
        if needed is not None and not needed.exists():
            print(f"{name:12} left out: {needed} is not there", flush=True)
            continue
        if sys.stdout.isatty():
            print(f"{name:12} …", end="\r", flush=True)
        start = time.time()
        with open(LOGS / f"{name}.log", "w") as log:
            code = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=log, stderr=subprocess.STDOUT).returncode
        if code == LEFT_OUT:
            print(f"{name:12} left out: {last_line(LOGS / f'{name}.log')}", flush=True)
            continue
        seconds = round(time.time() - start)
        result = "green" if code == 0 else "red"
        bad += code != 0
        results[name] = {"commit": commit, "check": name, "result": result, "seconds": seconds}
        write(results)
        print(f"{name:12} {result}, {seconds} s" + ("" if code == 0 else f": see {LOGS / name}.log"), flush=True)
    return 1 if bad else 0


sys.exit(main())
