# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of this folder: make_vectors.py path/to/library-with-ggml.so (needs numpy and gguf 0.19). Any
library that exports ggml_quantize_chunk() will do, xllamacpp's extension module among them.

TYPE.blocks, TYPE.floats  blocks of random bits with usual, zero, subnormal and largest scales, and what the Python
                          package gguf decodes them to
weights.f16               weights of several distributions
weights.TYPE              the same as ggml itself quantises them
python.gguf               every type of metadata value and a few tensors, written by the package
"""
import ctypes
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

rng = np.random.default_rng(20240611)
# For each type: bytes of a block, and where its half-precision factors lie.
LAYOUT = {T.F16: (2, [0]), T.BF16: (2, []), T.Q8_0: (34, [0]), T.Q4_K: (144, [0, 2]), T.Q5_K: (176, [0, 2]),
          T.Q6_K: (210, [208])}
# Types that came later have random numbers of their own, so that the older files stay as they are.
LATER = {T.Q4_0: (18, [0]), T.Q4_1: (20, [0, 2]), T.Q5_0: (22, [0]), T.Q5_1: (24, [0, 2]), T.Q2_K: (84, [80, 82]),
         T.Q3_K: (110, [108]), T.IQ4_NL: (18, [0]), T.IQ4_XS: (136, [0]), T.MXFP4: (17, [])}
HALVES = [0x0000, 0x8000, 0x0001, 0x03FF, 0x8001, 0x0400, 0x7BFF, 0xFBFF, 0x3C00, 0xBC00]
EXPONENTS = [0, 1, 2, 3, 126, 127, 128, 251, 252]


def write_blocks(kind, size, factors, rng):
    count = 256 if size == 2 else 24
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for i in range(count):
        for at in factors:
            half = HALVES[i % len(HALVES)] if i < 2 * len(HALVES) else int(rng.integers(0, 0x7C00))
            blocks[i, at:at + 2] = half & 255, half >> 8
    if kind == T.BF16:
        blocks[:, 1] &= 0xBF  # no NaN
    if kind == T.MXFP4:
        for i in range(count):
            blocks[i, 0] = EXPONENTS[i] if i < len(EXPONENTS) else int(rng.integers(0, 253))  # no infinity
    floats = gguf.quants.dequantize(blocks.reshape(-1), kind).astype(np.float32)
    assert np.isfinite(floats).all()
    blocks.tofile(f"{kind.name.lower()}.blocks")
    floats.tofile(f"{kind.name.lower()}.floats")


for kind, (size, factors) in LAYOUT.items():
    write_blocks(kind, size, factors, rng)
for kind, (size, factors) in LATER.items():
    write_blocks(kind, size, factors, np.random.default_rng(int(kind)))

n = 256 * 16
weights = np.concatenate([rng.standard_normal(n) * 0.02, rng.standard_t(3, n) * 0.05, rng.uniform(-1, 1, n),
                          np.abs(rng.standard_normal(n)), rng.standard_normal(n) * 0.1 + 1]).astype(np.float16)
weights.tofile("weights.f16")
exact = weights.astype(np.float32)
ggml = ctypes.CDLL(sys.argv[1])
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_init(ctypes.c_int(int(T.Q4_K)))
for kind in (T.Q8_0, T.Q4_K, T.Q5_K, T.Q6_K, *LATER):
    per, size = gguf.GGML_QUANT_SIZES[kind]
    out = np.zeros(exact.size // per * size, np.uint8)
    ggml.ggml_quantize_chunk(ctypes.c_int(int(kind)), exact.ctypes.data_as(ctypes.c_void_p),
                             out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0), ctypes.c_int64(1),
                             ctypes.c_int64(exact.size), None)
    out.tofile(f"weights.{kind.name.lower()}")

w = gguf.GGUFWriter("python.gguf", "vectors")
w.add_uint8("v.u8", 200)
w.add_int8("v.i8", -100)
w.add_uint16("v.u16", 60000)
w.add_int16("v.i16", -30000)
w.add_uint32("v.u32", 4000000000)
w.add_int32("v.i32", -2000000000)
w.add_uint64("v.u64", 2**63)
w.add_int64("v.i64", -2**62)
w.add_float32("v.f32", 0.1)
w.add_float64("v.f64", 0.1)
w.add_bool("v.bool", True)
w.add_string("v.text", "山の上 ©")
w.add_array("v.ints", [1, -2, 3])
w.add_array("v.floats", [0.5, -1.5])
w.add_array("v.bools", [True, False, True])
w.add_array("tokenizer.ggml.tokens", [b"a", b"\xff\xfe", "é".encode()])
w.add_tensor("first", np.arange(6, dtype=np.float32).reshape(2, 3))
w.add_tensor("second", gguf.quants.quantize(np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64), T.Q8_0),
             raw_dtype=T.Q8_0)
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
