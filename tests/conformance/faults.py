#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mistakes that an engine could make, as changes of a family's folder: a right engine on the spoilt folder answers as a
wrong one would on the right folder. A golden file that cannot tell them apart is too weak.

    faults.py [--families build/conformance/families] [--only NAME…]

shows with transformers that each mistake is seen; check_families.py --faults shows the same with moescope-cli.
"""
import argparse
import json
import pathlib
import shutil
import sys

import safetensors.torch
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEN = 1e-2  # logits; ten times what check_families.py lets pass


# A change takes (config, tensors) and edits both in place. What matches nothing is a mistake in the table.

def filled(part, value):
    """All tensors with `part` in their name become `value`."""
    def change(_, tensors):
        names = [name for name in tensors if part in name]
        assert names, f"no tensor is called {part}"
        for name in names:
            tensors[name] = torch.full_like(tensors[name], value)
    return change


def zero(part):
    return filled(part, 0.0)


def one(part):
    return filled(part, 1.0)


def setting(**values):
    """Keys of config.json get other values; a key with __ goes a level down."""
    def change(config, _):
        for key, value in values.items():
            target, keys = config, key.split("__")
            for inner in keys[:-1]:
                target = target[inner]
            assert keys[-1] in target, f"config.json has no {key}"
            assert target[keys[-1]] != value, f"{key} is {value} already"
            target[keys[-1]] = value
    change.keys = [key.split("__")[-1] for key in values]
    return change


def exchanged(first, second):
    """Tensors change places with those of another name."""
    def change(_, tensors):
        names = [name for name in tensors if first in name]
        assert names, f"no tensor is called {first}"
        for name in names:
            other = name.replace(first, second)
            tensors[name], tensors[other] = tensors[other], tensors[name]
    return change


def halves_exchanged(part):
    """The upper and lower half of the rows change places."""
    def change(_, tensors):
        names = [name for name in tensors if part in name]
        assert names, f"no tensor is called {part}"
        for name in names:
            tensors[name] = torch.cat(tensors[name].chunk(2, dim=0)[::-1])
    return change


def split_apart(part, dim):
    """What lies alternately (gate, up, gate, …) is put as first all of one, then all of the other."""
    def change(_, tensors):
        names = [name for name in tensors if part in name]
        assert names, f"no tensor is called {part}"
        for name in names:
            even = torch.arange(0, tensors[name].shape[dim], 2)
            tensors[name] = tensors[name].index_select(dim, torch.cat([even, even + 1]))
    return change


def pairs(*parts, of=None):
    """Rotary pairs (j, j + n/2) of each head become (2j, 2j + 1); of = (first, length) of the rotary part of a head."""
    def change(config, tensors):
        head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        names = [name for name in tensors if any(part in name for part in parts)]
        assert names, f"no tensor is called {parts}"
        for name in names:
            rows = tensors[name].shape[0]
            if "kv_a_proj" in name:  # one rotary key for all heads, behind the compressed part
                begins, (_, length) = [config["kv_lora_rank"]], of
            elif of is not None:
                whole = config["qk_nope_head_dim"] + config["qk_rope_head_dim"]
                begins, length = [h * whole + of[0] for h in range(rows // whole)], of[1]
            else:
                count = config["num_attention_heads"] + config["num_key_value_heads"] if "qkv" in name else rows // head
                begins, length = [h * head for h in range(count)], int(head * config.get("partial_rotary_factor", 1.0))
            order = torch.arange(rows)
            inner = torch.arange(length).reshape(2, -1).T.reshape(-1)
            for begin in begins:
                order[begin:begin + length] = begin + inner
            tensors[name] = tensors[name][order]
    return change


def without(key):
    """A key of config.json becomes null."""
    def change(config, _):
        assert config[key] is not None, f"{key} is null already"
        config[key] = None
    change.keys = [key]
    return change


NORMS = {"attention norm of ones": one("input_layernorm"), "feed-forward norm of ones": one("post_attention_layernorm"),
         "last norm of ones": one("model.norm.")}
SPLIT = {**NORMS, "other rotary pairs": pairs("q_proj", "k_proj"), "other rotary base": setting(rope_theta=20000.0)}
WINDOW = {"window one shorter": setting(sliding_window=7), "window one longer": setting(sliding_window=9)}
QKV_BIAS = {f"no bias on {p}": zero(f"{p}_proj.bias") for p in "qkv"}
QK_NORM = {"query norm of ones": one("q_norm"), "key norm of ones": one("k_norm")}
EXPERTS = {"gate and up exchanged": exchanged("gate_proj", "up_proj")}
OLMOE = {**SPLIT, **QK_NORM, **EXPERTS}
HUNYUAN = {**SPLIT, "query norm of ones": one("query_layernorm"), "key norm of ones": one("key_layernorm"),
           "other alpha": setting(rope_scaling__alpha=2.0), **EXPERTS}
GRANITE = {**SPLIT, "embedding not scaled": setting(embedding_multiplier=1.0),
           "residual not scaled": setting(residual_multiplier=1.0), "logits not scaled": setting(logits_scaling=1.0),
           "attention scaled by the head's size": setting(attention_multiplier=20**-0.5)}
GEMMA = {**{f"{n} without weights": zero(n) for n in (
             "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm",
             "model.norm.", "q_norm", "k_norm")},
         "other rotary pairs": pairs("q_proj", "k_proj"), **WINDOW, **EXPERTS,
         "global rotary base in all layers": setting(rope_local_base_freq=1000000.0),
         "local rotary base in all layers": setting(rope_theta=10000.0),
         "attention scaled by the head's size": setting(query_pre_attn_scalar=20),
         "one layer more with a window": setting(sliding_window_pattern=4)}
PHI3 = {**NORMS, "other rotary pairs": pairs("qkv_proj"), "gate and up exchanged": halves_exchanged("gate_up_proj"),
        "other rotary base": setting(rope_theta=20000.0)}
GPT_OSS = {**SPLIT, **WINDOW, **QKV_BIAS, "no bias on o": zero("o_proj.bias"), "sinks of zero": zero("sinks"),
           "no sinks": filled("sinks", -60.0), "no bias on the router": zero("router.bias"),
           "no bias on gate and up": zero("gate_up_proj_bias"), "no bias on down": zero("down_proj_bias"),
           "gate and up not alternating in the bias": split_apart("gate_up_proj_bias", 1),
           "full attention first": setting(layer_types=["full_attention", "sliding_attention"] * 2),
           "ramp cut to whole dimensions": setting(rope_scaling__truncate=True),
           "scaling left out": setting(rope_scaling__factor=1.0)}
DEEPSEEK = {**NORMS, "compressed norm of ones": one("kv_a_layernorm"), "no shared experts": zero("shared_experts.down_proj"),
            "shared experts twice": lambda _, t: t.update({n: v * 2 for n, v in t.items() if "shared_experts.down" in n}),
            **EXPERTS}

FAULTS = {
    "llama2": {**SPLIT, **EXPERTS},
    "llama3": {**NORMS, "other rotary pairs": pairs("q_proj", "k_proj"), **EXPERTS, "scaling left out": without("rope_scaling"),
               "other rotary base": setting(rope_theta=10000.0)},
    "llama_linear": {**SPLIT, **QKV_BIAS, "no bias on o": zero("o_proj.bias"), "scaling left out": without("rope_scaling")},
    "qwen2": {**SPLIT, **QKV_BIAS},
    "qwen3": {**SPLIT, **QK_NORM},
    "qwen3_moe": {**SPLIT, **QK_NORM, **EXPERTS, "weights not renormalised": setting(norm_topk_prob=False)},
    "olmoe": {**OLMOE, "weights renormalised": setting(norm_topk_prob=True)},
    "olmoe_clip": {**OLMOE, "weights not renormalised": setting(norm_topk_prob=False), "not clipped": without("clip_qkv")},
    "hunyuan_v1_moe": {**HUNYUAN, "no shared expert": zero("shared_mlp.down_proj")},
    "hunyuan_v1_dense": HUNYUAN,
    "mixtral": {**SPLIT, "gate and up exchanged": exchanged("w1.", "w3."), "experts exchanged": exchanged("experts.0.", "experts.1.")},
    "mistral": {**SPLIT, **WINDOW, "no window": without("sliding_window")},
    "qwen2_moe": {**SPLIT, **QKV_BIAS, **EXPERTS, "weights renormalised": setting(norm_topk_prob=True),
                  "no shared expert": zero("shared_expert.down_proj"), "shared expert's gate open": zero("shared_expert_gate")},
    "granite": {**GRANITE, **EXPERTS},
    "granitemoe": {**GRANITE, "experts' gate and up exchanged": lambda _, t: t.update(
        {n: torch.cat(v.chunk(2, dim=1)[::-1], dim=1) for n, v in t.items() if "input_linear" in n})},
    "gemma3": GEMMA,
    "gemma3_linear": {**{k: v for k, v in GEMMA.items() if "head's size" not in k},
                      "attention scaled by the head's size": setting(query_pre_attn_scalar=36),
                      "scaling left out": without("rope_scaling")},
    "phi3": PHI3,
    "phi3_window": {**PHI3, **WINDOW, "whole heads rotated": setting(partial_rotary_factor=1.0)},
    "phi3_longrope": {**PHI3, "long factors left out": setting(rope_scaling__long_factor=[1.0] * 8),
                      "short factors left out": setting(rope_scaling__short_factor=[1.0] * 8),
                      "another attention factor": setting(max_position_embeddings=512)},
    "gpt_oss": GPT_OSS,
    "gpt_oss_bf16": {**GPT_OSS, "not clamped": setting(swiglu_limit=100.0),
                     "gate and up not alternating": split_apart("gate_up_proj", -1)},
    "deepseek_v2_lite": {**DEEPSEEK, "other rotary pairs": pairs("q_proj", "kv_a_proj", of=(20, 12)),
                         "scaling left out": without("rope_scaling"),
                         "attention factor left out": setting(rope_scaling__mscale_all_dim=0.0),
                         "experts exchanged in part": exchanged("experts.0.down", "experts.1.down")},
    "deepseek_v2": {**DEEPSEEK, "other rotary pairs": pairs("q_b_proj", "kv_a_proj", of=(20, 12)),
                    "query norm of ones": one("q_a_layernorm"), "experts not scaled": setting(routed_scaling_factor=1.0),
                    "groups left out": setting(topk_method="greedy")},
}


def named_by(sentence, change):
    """Whether a sentence that refuses a spoilt folder names what was changed: a value of config.json."""
    return any(f"“{key}”" in sentence for key in getattr(change, "keys", ()))


def spoil(folder, copy, change):
    """Writes a copy of a folder with a change in it."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors.update(safetensors.torch.load_file(file))
        (copy / file.name).unlink()
    (copy / "model.safetensors.index.json").unlink(missing_ok=True)
    change(config, tensors)
    (copy / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    safetensors.torch.save_file({n: t.contiguous() for n, t in tensors.items()}, copy / "model.safetensors",
                                metadata={"format": "pt"})


@torch.no_grad()
def difference(folder, golden):
    """Largest difference of what transformers computes from a folder from golden logits."""
    from families import Routers, load, run
    model = load(folder)
    routers, worst = Routers(model), 0.0
    for prompt in golden["prompts"]:
        logits, _, _ = run(model, routers, prompt["ids"])
        for position, entry in prompt["logits"].items():
            worst = max(worst, (logits[int(position)] - torch.tensor(entry["full"])).abs().max().item())
    return worst


def main():
    import tempfile

    import transformers
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=pathlib.Path, default=ROOT / "build/conformance/families")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS), metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    unseen = 0
    for name in arguments.only:
        folder = arguments.families / name
        golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
        right, least = difference(folder, golden), float("inf")
        if right > 1e-4:
            sys.exit(f"{name}: the folder itself is off its golden values by {right:.1e}")
        with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
            for fault, change in FAULTS[name].items():
                spoil(folder, pathlib.Path(scratch, "spoilt"), change)
                off = difference(pathlib.Path(scratch, "spoilt"), golden)
                least = min(least, off)
                if not off > SEEN:
                    unseen += 1
                    print(f"    {name}: “{fault}” changes logits by {off:.1e} only")
        print(f"{name}: {len(FAULTS[name])} faults, the least changes logits by {least:.1e}", flush=True)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
