#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `moescope-cli quantize` with ggml's quantisers on real weights, and lets llama.cpp read each file.

    quantisers.py build/release/bin/moescope-cli SmolLM2-135M-Instruct.Q4_1.gguf [TYPE…] [--text TEXT]

The model is taken back to F32 first. For each type: root mean square error of the weights in it, ours and ggml's, over
the tensors of every fifth layer and the embeddings, and the largest quotient of a single tensor; fails above LIMIT. With
--text three perplexities of its first windows: ours with the file; llama.cpp's with what the package gguf makes of the
file in F32, which fails where it is more than EXACT from ours; and llama.cpp's with the file itself. That one rounds the
activations of such products to 8 bits, as the other two do not: what that alone changes is told, and fails above
ROUNDED.
"""
import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import xllamacpp.xllamacpp as extension

from llamacpp_reference import Reference, perplexity_of
from smollm2 import EXACT, WINDOW, heading, in_f32, our_perplexity

LIMIT = 1.05
ROUNDED = 2e-2  # relative difference of perplexity: activations of 8 bits under a model of 135 million weights
WINDOWS = 2
TYPES = "F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS MXFP4".split()


def looked_at(name):
    layer = name.split(".")[1] if name.startswith("blk.") else "0"
    return int(layer) % 5 == 0


def ggml_quantize(ggml, kind, weights):
    """What ggml makes of rows of weights, as bytes. F16 and BF16 are not among its block types."""
    if kind == gguf.GGMLQuantizationType.F16:
        return weights.astype(np.float16).view(np.uint8)
    if kind == gguf.GGMLQuantizationType.BF16:
        return gguf.quants.quantize(weights, kind)
    per, size = gguf.GGML_QUANT_SIZES[kind]
    rows, width = weights.shape
    out = np.zeros((rows, width // per * size), np.uint8)
    ggml.ggml_quantize_chunk(ctypes.c_int(int(kind)), weights.ctypes.data_as(ctypes.c_void_p),
                             out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0), ctypes.c_int64(rows),
                             ctypes.c_int64(width), None)
    return out


def squares(decoded, exact):
    return float(np.sum((decoded.astype(np.float64) - exact) ** 2))


def compare(ggml, exact, path, kind):
    """Sums of squared errors, ours and ggml's, number of weights, and the largest quotient of errors of a tensor."""
    ours, theirs, count, worst = 0.0, 0.0, 0, 0.0
    for tensor in gguf.GGUFReader(path).tensors:
        if tensor.tensor_type != kind or not looked_at(tensor.name):
            continue
        weights = exact[tensor.name]
        rows = weights.reshape(-1, weights.shape[-1])
        a = squares(gguf.quants.dequantize(tensor.data, kind).reshape(rows.shape), rows)
        b = squares(gguf.quants.dequantize(ggml_quantize(ggml, kind, rows), kind).reshape(rows.shape), rows)
        ours, theirs, count = ours + a, theirs + b, count + rows.size
        worst = max(worst, (a / b) ** 0.5 if b > 0 else float(a > 0) + 1)
    return ours, theirs, count, worst


def their_perplexity(path, text_file):
    """Of a text's whole windows, llama.cpp's."""
    model = Reference(path, WINDOW, threads=2)
    perplexity, windows = perplexity_of(model, model.tokenize(text_file.read_text(encoding="utf-8")), WINDOW)
    model.close()
    if windows != WINDOWS:
        raise RuntimeError(f"{windows} windows and not {WINDOWS}.")
    return perplexity


def check_perplexity(cli, name, path, decoded, text_file, bad):
    ours = our_perplexity(cli, path, text_file)
    if ours["windows"] != WINDOWS:
        raise RuntimeError(f"{ours['windows']} windows and not {WINDOWS}: the tokenizers differ.")
    ours, exact, rounded = ours["perplexity"], their_perplexity(in_f32(path, decoded), text_file), their_perplexity(
        path, text_file)
    decoded.unlink()
    print(f"         perplexity {ours:.4f}, llama.cpp's of its weights in F32 {exact:.4f} ({ours / exact - 1:+.4%}), of the "
          f"file {rounded:.4f} ({ours / rounded - 1:+.3%})", flush=True)
    if not abs(ours / exact - 1) <= EXACT:
        bad.append(f"{name}: perplexity {ours:.4f}, llama.cpp's of its weights {exact:.4f}")
    if not abs(rounded / exact - 1) <= ROUNDED:
        bad.append(f"{name}: llama.cpp's perplexity of the file is {rounded:.4f}, of its weights {exact:.4f}")


def write_heading(path, text, target):
    """The text's first lines, as many as have all windows and not one more."""
    model = Reference(path, WINDOW)
    target.write_text(heading(text, WINDOW * (WINDOWS + 1) - 1, model.tokenize), encoding="utf-8")
    model.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli")
    parser.add_argument("model")
    parser.add_argument("types", nargs="*", default=TYPES)
    parser.add_argument("--text", type=pathlib.Path)
    arguments = parser.parse_args()
    ggml = ctypes.CDLL(extension.__file__)
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        f32, target, text_file = folder / "f32.gguf", folder / "quantised.gguf", folder / "text.txt"
        subprocess.run([arguments.cli, "quantize", arguments.model, f32, "f32", "--json"], check=True,
                       stdout=subprocess.DEVNULL)
        exact = {t.name: np.array(t.data) for t in gguf.GGUFReader(f32).tensors if looked_at(t.name) and t.data.ndim > 1}
        if arguments.text:
            write_heading(f32, arguments.text.read_text(encoding="utf-8"), text_file)
        print("type     weights      ours         ggml         quotient  worst tensor")
        for name in arguments.types:
            kind = gguf.GGMLQuantizationType[name.upper()]
            subprocess.run([arguments.cli, "quantize", f32, target, name, "--json"], check=True,
                           stdout=subprocess.DEVNULL)
            ours, theirs, count, worst = compare(ggml, exact, target, kind)
            if count == 0:
                bad.append(f"{name}: no tensor has this type")
                continue
            quotient = (ours / theirs) ** 0.5 if theirs > 0 else float(ours > 0) + 1
            print(f"{name:8} {count:11,}  {(ours / count) ** 0.5:.4e}   {(theirs / count) ** 0.5:.4e}   {quotient:.4f}    "
                  f"{worst:.4f}", flush=True)
            if worst > LIMIT:
                bad.append(f"{name}: {worst:.4f} times ggml's error")
            if arguments.text:
                check_perplexity(arguments.cli, name, target, folder / "decoded.gguf", text_file, bad)
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
