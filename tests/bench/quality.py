#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How close quantised models are to the same model in F32: top-1 token the same, KL divergence, experts, perplexity.

    quality.py --reference F32.gguf --text FILE MODEL.gguf[:TYPE]… [--windows 32] [--size 512]

TYPE (q8_0, q6_k) names the bars that a model is held to: exit code 1 if it is below them. The KV cache is in F32."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

CLI = "build/release/bin/moescope-cli"
BARS = {"q8_0": (98.5, 0.001), "q6_k": (96.0, 0.005)}  # % the same, mean KL


def cli(*arguments):
    result = subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"moescope-cli {arguments[0]} exited with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def trace(model, tokens):
    """Log probabilities, [tokens][vocabulary], and routed experts, [tokens][layers][experts a token]."""
    with tempfile.TemporaryDirectory() as folder:
        cli("trace", "-m", model, "--tokens", ",".join(map(str, tokens)), "--out", folder, "--logits", "all", "--kv", "f32")
        logits = numpy.load(pathlib.Path(folder, "logits.npy")).astype(numpy.float64)
        experts = numpy.load(pathlib.Path(folder, "routed_experts.npy"))
    logits -= logits.max(axis=1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=1, keepdims=True)), experts


def compare(models, windows):
    """For each of `models` after the first: the same top-1 and KL divergence from the first, and whether the router chose
    other experts, each an array over all tokens (and layers)."""
    found = {model: ([], [], []) for model in models[1:]}
    for tokens in windows:
        p, chosen = trace(models[0], tokens)
        for model, (same, divergence, flips) in found.items():
            q, others = trace(model, tokens)
            same.append(p.argmax(axis=1) == q.argmax(axis=1))
            divergence.append((numpy.exp(p) * (p - q)).sum(axis=1))
            flips.append((numpy.sort(chosen) != numpy.sort(others)).ravel())
    return {model: tuple(map(numpy.concatenate, columns)) for model, columns in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--size", type=int, default=512)
    options = parser.parse_args()
    tokens = json.loads(cli("tokenize", "-m", options.reference, "--file", options.text, "--json"))["tokens"]
    step = max(options.size, len(tokens) // options.windows)  # spread over the whole text
    windows = [tokens[at:at + options.size] for at in range(0, len(tokens) - options.size + 1, step)][:options.windows]
    bars = {model: kind for model, _, kind in (entry.partition(":") for entry in options.models)}
    compared = compare([options.reference, *bars], windows)
    short = False
    print(f"{'model':24}{'bytes':>12}{'perplexity':>12}{'top-1 same':>12}{'mean KL':>10}{'median':>10}{'other experts':>15}")
    for model in [options.reference, *bars]:
        loss = json.loads(cli("perplexity", "-m", model, "-f", options.text, "-c", options.size, "--kv", "f32", "--json"))
        size = json.loads(cli("info", "-m", model, "--json"))["file_bytes"]
        print(f"{pathlib.Path(model).name:24}{size:12,}{loss['perplexity']:12.3f}", end="")
        if model == options.reference:
            print(flush=True)
            continue
        same, divergence, flips = compared[model]
        same, mean = 100 * same.mean(), divergence.mean()
        error = divergence.std() / len(divergence)**0.5
        print(f"{same:11.2f}%{mean:10.5f}{numpy.median(divergence):10.6f}{100 * flips.mean():14.2f}%"
              f"  n = {len(divergence):,} tokens, KL ± {error:.5f}", flush=True)
        kind = bars[model]
        if kind and (same < BARS[kind][0] or mean > BARS[kind][1]):
            print(f"  short: {kind} is held to {BARS[kind][0]} % and {BARS[kind][1]}")
            short = True
    return 1 if short else 0


sys.exit(main())
