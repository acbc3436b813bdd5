#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mixture of experts of which the answer is known: SmolLM2's feed-forward block copied into EXPERTS equal experts with a
random router, top-2, renormalised, as Mixtral-style GGUF files have it. Its logits must be those of the dense model.

    fake_moe.py [--cli build/release/bin/moescope-cli]
    fake_moe.py --prepare        writes the file and shows the same with llama.cpp alone
"""
import argparse
import pathlib
import sys

import gguf
import numpy as np

from check_families import Refused, call
from smollm2 import WORK, copy_fields, in_f32, published

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERTS, USED = 4, 2
TOLERANCE = 1e-3  # logits; the two experts' halves are summed in another order
TEXT = "The lantern in the window was lit every evening, and the boats came home: one, two, three."


def write_moe(source):
    """The file with experts, made once."""
    target = WORK / "SmolLM2-135M-fake-moe.F32.gguf"
    if target.exists():
        return target
    reader, part = gguf.GGUFReader(source), target.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama", use_temp_file=False)
    copy_fields(reader, writer)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(USED)
    random = np.random.default_rng(5)
    for tensor in reader.tensors:
        layer, _, kind = tensor.name.rpartition(".ffn_")
        if kind in ("gate.weight", "up.weight", "down.weight"):
            copies = np.broadcast_to(tensor.data, (EXPERTS, *tensor.data.shape))
            writer.add_tensor(tensor.name.replace(".weight", "_exps.weight"), np.ascontiguousarray(copies))
            if kind == "gate.weight":
                router = random.standard_normal((EXPERTS, tensor.data.shape[1])) / tensor.data.shape[1]**0.5
                writer.add_tensor(f"{layer}.ffn_gate_inp.weight", router.astype(np.float32))
        else:
            writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(target)
    return target


def traced(cli, model, ids):
    """(logits, expert ids) of moescope-cli."""
    folder = WORK / "trace"
    call(cli, "trace", "-m", model, "--tokens", ",".join(map(str, ids)), "--out", folder, "--logits", "all", "--kv", "f32")
    return np.load(folder / "logits.npy"), np.load(folder / "routed_experts.npy")


def main():
    from llamacpp_reference import Reference
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/moescope-cli"))
    parser.add_argument("--prepare", action="store_true")
    arguments = parser.parse_args()
    dense = in_f32(published())
    sparse = write_moe(dense)
    logits = {}
    for name, file in (("dense", dense), ("sparse", sparse)):
        model = Reference(file)
        ids = model.tokenize(TEXT)
        logits[name] = model.logits(ids)
        model.close()
    off = float(np.abs(logits["dense"] - logits["sparse"]).max())
    print(f"llama.cpp: logits of both files differ by {off:.1e}")
    if off > TOLERANCE:
        print("WRONG: the file with experts is not the dense model again.")
        return 1
    if arguments.prepare:
        return 0
    try:
        ours, _ = traced(arguments.cli, dense, ids)
        experts_logits, experts = traced(arguments.cli, sparse, ids)
    except Refused as refusal:
        print(f"WRONG: {refusal}")
        return 1
    wrong = []
    off = float(np.abs(ours - experts_logits).max())
    print(f"moescope: logits of both files differ by {off:.1e}; from llama.cpp's by "
          f"{float(np.abs(experts_logits - logits['sparse']).max()):.1e}")
    if not off <= TOLERANCE:
        wrong.append(f"the logits of both files differ by {off:.1e}")
    if experts.shape != (len(ids), len({t.name for t in gguf.GGUFReader(sparse).tensors if "gate_inp" in t.name}), USED):
        wrong.append(f"the routing has the shape {experts.shape}")
    elif len(np.unique(experts)) != EXPERTS or (np.sort(experts)[..., 1:] == np.sort(experts)[..., :-1]).any():
        wrong.append("the routing does not use all experts, or uses one twice for a token")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
