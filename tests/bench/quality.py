#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How close quantised models are to the same model in F32: top-1 token the same, mean KL divergence, perplexity.

    quality.py --reference F32.gguf --text FILE MODEL.gguf[:TYPE]… [--windows 8] [--size 512]

TYPE (q8_0, q6_k) names the bars that a model is held to: exit code 1 if it is below them."""
import argparse
import array
import ast
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

CLI = "build/release/bin/moescope-cli"
BARS = {"q8_0": (98.5, 0.001), "q6_k": (96.0, 0.005)}  # % the same, mean KL


def cli(*arguments):
    result = subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"moescope-cli {arguments[0]} exited with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def read_floats(path):
    """Rows and values of a two-dimensional .npy file of f32."""
    data = pathlib.Path(path).read_bytes()
    length, start = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (struct.unpack("<I", data[8:12])[0], 12)
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    values = array.array("f", data[start + length:])
    return header["shape"][0], header["shape"][1], values


def log_probabilities(model, tokens, folder):
    cli("trace", "-m", model, "--tokens", ",".join(map(str, tokens)), "--out", folder, "--logits", "all", "--kv", "f32")
    rows, width, values = read_floats(pathlib.Path(folder, "logits.npy"))
    for row in range(rows):
        logits = values[row * width:(row + 1) * width]
        top = max(logits)
        total = math.log(sum(map(math.exp, [x - top for x in logits]))) + top
        yield [x - total for x in logits]


def compare(reference, model, windows):
    same = count = 0
    divergence = 0.0
    for tokens in windows:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            for p, q in zip(log_probabilities(reference, tokens, one), log_probabilities(model, tokens, other)):
                same += p.index(max(p)) == q.index(max(q))
                divergence += sum(math.exp(a) * (a - b) for a, b in zip(p, q) if a > -30)
                count += 1
    return 100 * same / count, divergence / count, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--size", type=int, default=512)
    options = parser.parse_args()
    tokens = json.loads(cli("tokenize", "-m", options.reference, "--file", options.text, "--json"))["tokens"]
    step = max(options.size, len(tokens) // options.windows)  # spread over the whole text
    windows = [tokens[at:at + options.size] for at in range(0, len(tokens) - options.size + 1, step)][:options.windows]
    short = False
    print(f"{'model':24}{'bytes':>12}{'perplexity':>12}{'top-1 same':>12}{'mean KL':>10}")
    for entry in [options.reference, *options.models]:
        model, _, kind = entry.partition(":")
        same, divergence, count = (100.0, 0.0, 0) if model == options.reference else \
            compare(options.reference, model, windows)
        loss = json.loads(cli("perplexity", "-m", model, "-f", options.text, "-c", options.size, "--kv", "f32", "--json"))
        size = json.loads(cli("info", "-m", model, "--json"))["file_bytes"]
        print(f"{pathlib.Path(model).name:24}{size:12,}{loss['perplexity']:12.3f}{same:11.2f}%{divergence:10.5f}"
              + (f"  n = {count} tokens" if count else ""), flush=True)
        if kind and (same < BARS[kind][0] or divergence > BARS[kind][1]):
            print(f"  short: {kind} is held to {BARS[kind][0]} % and {BARS[kind][1]}")
            short = True
    return 1 if short else 0


sys.exit(main())
