#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""long_context.py CLI FOLDER: two layers of Hunyuan-Large with random weights, written to FOLDER, take at contexts of 2K, 8K and 32K
what `plan` says, byte for byte, and are refused at 256K, with bytes, where the memory lacks."""
import json
import pathlib
import resource
import subprocess
import sys

CONTEXTS = (2048, 8192, 32768)
LONGEST = 262144
PARTS = ("weights_bytes", "kv_bytes", "workspace_bytes")


def call(cli, *arguments, most_bytes=None):
    """`most_bytes`: of address space, beyond which the system refuses memory."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))) if most_bytes else None
    return subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True, preexec_fn=limit)


def answer(cli, *arguments):
    done = call(cli, *arguments, "--json")
    if done.returncode != 0:
        sys.exit(f"{arguments[0]}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    cli, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "large-2-layers.gguf"
    answer(cli, "synth", "--like", "large", "--layers", 2, "--type", "q2_k", model)
    wrong = 0
    try:
        for context in CONTEXTS:
            plan = answer(cli, "plan", "-m", model, "-c", context)
            memory = answer(cli, "run", "-m", model, "--tokens", "1,2,3", "-n", 1, "--ctx", context)["memory"]
            for part in PARTS:
                wrong += plan[part] != memory[part]
                print(f"{context:,} tokens, {part}: planned {plan[part]:,}, allocated {memory[part]:,}")
        plan = answer(cli, "plan", "-m", model, "-c", LONGEST)
        refused = call(cli, "run", "-m", model, "--tokens", "1,2,3", "-n", 1, "--ctx", LONGEST,
                       most_bytes=plan["weights_bytes"] + plan["kv_bytes"])
        print(f"{LONGEST:,} tokens without memory for them: {refused.returncode}, {refused.stderr.strip()}")
        wrong += refused.returncode != 1 or "needs" not in refused.stderr or "B" not in refused.stderr
    finally:
        model.unlink()
    return 1 if wrong else 0


sys.exit(main())
