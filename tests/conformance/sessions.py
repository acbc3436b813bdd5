#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sessions.py CLI MODEL: a saved KV cache of a real model, restored by another process, gives the greedy answer that a prompt read
afresh gives, at lengths around the ends of blocks and for each type of cache. In F32 they are the same, or the two best logits where
they part are close; in the others what was rounded is rounded alike, so they are too unless prompts of other lengths sum up
otherwise: there the count is told."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

BLOCK = 256  # tokens
LENGTHS = (1, *(end + off for end in (BLOCK, 2 * BLOCK, 3 * BLOCK) for off in (-1, 0, 1)))
MORE, GREEDY = 3, 64
CLOSE = 1e-3  # gap of the two best logits at which another token is no mistake
TEXT = "The fox left the boat at the quiet beach, and walked home before the rain came. Where did it sleep that night? "


def call(cli, *arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))[:200]}: {done.stderr.strip()}")
    return done.stdout


def run(cli, model, kv, ids, count, *more):
    return json.loads(call(cli, "run", "-m", model, "--tokens", ",".join(map(str, ids)), "-n", count, "--temp", 0, "--ignore-eos",
                           "--kv", kv, "--ctx", LENGTHS[-1] + MORE + GREEDY + 1, *more, "--json"))


def gap_of(cli, model, kv, ids, folder):
    """How far the second logit is from the first after ids."""
    call(cli, "trace", "-m", model, "--tokens", ",".join(map(str, ids)), "--out", folder, "--logits", "last", "--kv", kv)
    second, best = np.sort(np.load(folder / "logits.npy")[0])[-2:]
    return float(best - second)


def main():
    cli, model = sys.argv[1:]
    ids = json.loads(call(cli, "tokenize", "-m", model, "-p", TEXT * 40, "--json"))["tokens"]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for kv in ("f32", "f16", "q8_0"):
            same = 0
            for length in LENGTHS:
                file = folder / f"{kv}-{length}.kv"
                prompt = ids[:length + MORE]
                first = run(cli, model, kv, ids[:length], 1, "--session", file)["tokens"]
                saved = length + (first[:1] == ids[length:length + 1])  # an answer that the next prompt goes on as
                restored = run(cli, model, kv, prompt, GREEDY, "--session", file)
                fresh = run(cli, model, kv, prompt, GREEDY)
                session = restored["session"]
                if session["restored_tokens"] != saved or session["computed_tokens"] != length + MORE - saved:
                    wrong.append(f"{kv}, {length} tokens: {session}")
                if restored["tokens"] == fresh["tokens"]:
                    same += 1
                    continue
                at = next(i for i, (a, b) in enumerate(zip(restored["tokens"], fresh["tokens"])) if a != b)
                gap = gap_of(cli, model, kv, prompt + fresh["tokens"][:at], folder / "trace")
                print(f"{kv}, {length} tokens: token {at} of the answer is another; the two best logits are {gap:.1e} apart")
                if kv == "f32" and gap >= CLOSE:
                    wrong.append(f"{kv}, {length} tokens: token {at} of the answer is another")
                file.unlink()
            print(f"{kv}: {same} of {len(LENGTHS)} answers are the same", flush=True)
    for line in wrong:
        print(f"WRONG {line}")
    return 1 if wrong else 0


sys.exit(main())
