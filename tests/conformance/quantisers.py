#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `moescope-cli quantize` with ggml's quantisers on real weights, and lets llama.cpp read each file.

    quantisers.py build/release/bin/moescope-cli SmolLM2-135M-Instruct.Q4_1.gguf [TYPE…] [--text TEXT]

The model is taken back to F32 first. For each type: root mean square error of the weights in it, ours and ggml's, over
the tensors of every fifth layer and the embeddings, and the largest quotient of a single tensor; fails above LIMIT. With
--text both engines' perplexity of its first windows with the file; fails where they are more than CLOSE apart.
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
from smollm2 import WINDOW, heading, our_perplexity

LIMIT = 1.05
CLOSE = 5e-3  # relative difference of perplexity
WINDOWS = 3
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


def perplexities(cli, path, text_file):
    """Of a text's whole windows: ours and llama.cpp's."""
    model = Reference(path, WINDOW)
    theirs, windows = perplexity_of(model, model.tokenize(text_file.read_text(encoding="utf-8")), WINDOW)
    model.close()
    ours = our_perplexity(cli, path, text_file)
    if ours["windows"] != windows:
        raise RuntimeError(f"{ours['windows']} windows and not {windows}: the tokenizers differ.")
    return ours["perplexity"], theirs


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
                a, b = perplexities(arguments.cli, target, text_file)
                print(f"         perplexity {a:.4f}, llama.cpp's {b:.4f} ({a / b - 1:+.3%})", flush=True)
                if not abs(a / b - 1) <= CLOSE:
                    bad.append(f"{name}: perplexity {a:.4f}, llama.cpp's {b:.4f}")
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
