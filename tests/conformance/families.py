#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a tiny random model of each family with transformers' own classes, and what it computes: Hugging Face folders
with golden.json beside, for check_families.py, and config.saved.json: the same configuration as transformers 5 writes it,
with rope_parameters in place of rope_theta and rope_scaling.

    families.py [--out build/conformance/families] [--only NAME…]

Everything is computed in float32 with eager attention, without a cache: each token of the greedy continuation is a pass
over all before it. A seed is taken when no decision (expert, greedy token) is closer than MARGIN.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import tempfile

import jinja2.sandbox
import numpy as np
import safetensors.torch
import tokenizers
import torch
import transformers

import tokenizers_of_families
from family_cases import CASES

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREEDY = 64
# transformers' plain loops: one matrix product after the other, as the formulas have them
PLAIN = {"dtype": torch.float32, "attn_implementation": "eager", "experts_implementation": "eager"}
MARGIN = 5e-4  # in logits; some ten times the float32 noise of these models
DEVIATION = 4.0  # of the logits, at which differences show
NOISE = 3e-4  # of float32 in the logits, a third of what check_families.py lets pass
ECHO = 0.4  # share of tokens that predict themselves, where a tied head drowns what the layers add
SEEDS = 60
ABOUT = {
    "prompts[].ids": "token ids fed to the model",
    "logits": "{position: {full: […]}} float32, as the model's head gives them",
    "router_ids/router_weights": "[MoE layer][token][k], best first; weights as multiplied onto the experts' outputs",
    "tokenizer": "special_ids: names of special tokens in the text are those tokens; ids: they are text like any other",
    "greedy": "argmax continuation of the ids, not stopped at eos",
    "margins": "smallest gap in logits between chosen and next: of the routers, of the greedy tokens",
    "noise": "largest |float32 - float64| over all logits of the reference",
    "deviation": "standard deviation of the logits",
}
TEXTS = ["Hello", " Hello world", "It's 12:05; 你好, naïve café!\n\n  x² = 9\t🚀", "lanterns and lanterns", "a    b  c",
         "1234567 3.14 1,000", "I'M SURE they'Ll we've", "\n\n\n  def f(x):\n    return x\n", "e\u0301clair Ünïcödé ﬁ",
         "<s><|endoftext|></s><eos>", "<|user|>\n Hi<|end|>\n\n\u3000<s> a</s>  b <|system|> <|endoftext|> c<bos> d", "안녕하세요 山の上 Утром", "", " ", "   tail   "]
LONG = ("Once upon a time there was a small lantern in a window over the harbour. Every evening the keeper's daughter lit "
        "it, and every morning she put it out again. The boats came home: one, two, three; 12 of them in 1987, and 305 in "
        "2024. What is 10 * 10? It is 100, they said, and wept; the sea, which heard it, never answered anybody at all.")


def vocabulary(kind):
    """(tokenizer.json, tokenizer_config.json, ids of the special tokens)."""
    if kind != "hunyuan":
        return tokenizers_of_families.make(kind)
    folder = ROOT / "tests/data/golden/a13b_like"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    special = {"bos": config["bos_token_id"], "pad": config["pad_token_id"], "eos": [config["eos_token_id"]]}
    return (*(json.loads((folder / name).read_text(encoding="utf-8"))
              for name in ("tokenizer.json", "tokenizer_config.json")), special)


def draw(model, case, generator):
    """Random weights at which every part of the model matters: no norm weight near 1, no bias near 0."""
    offset = 1.0 if case["config"]["model_type"] == "gemma3_text" else 0.0  # that family adds 1 to its norm weights
    for name, parameter in model.named_parameters():
        shape = parameter.shape
        stretch = float(np.prod([f for part, f in case["stretch"].items() if part in name]))
        if "norm" in name:
            values = (torch.rand(shape, generator=generator) + 0.5) * stretch - offset
        elif "sinks" in name:
            values = torch.randn(shape, generator=generator) + 1.0
        elif "bias" in name:
            values = torch.randn(shape, generator=generator) * 0.5 * stretch
        elif "embed_tokens" in name:
            values = torch.randn(shape, generator=generator) * 0.5
        else:
            fused = case["config"]["model_type"] == "gpt_oss" and "experts" in name  # stored [experts, in, out]
            fan_in = shape[-2] if fused else shape[-1]
            router = any(part in name for part in ("mlp.gate.", "router", "block_sparse_moe.gate", "shared_expert_gate"))
            sharp = 3.0 if router else 2.0 if any(p in name for p in ("q_proj", "k_proj", "qkv", "q_b_proj")) else 1.5
            values = torch.randn(shape, generator=generator) * sharp / fan_in**0.5 * stretch
        parameter.data.copy_(values)


def store_as(model, dtype):
    """Rounds the weights to what the file can hold."""
    for parameter in model.parameters():
        parameter.data.copy_(parameter.data.to(dtype).float())


FP4 = torch.tensor([0, .5, 1, 1.5, 2, 3, 4, 6, -0.0, -.5, -1, -1.5, -2, -3, -4, -6])


def to_mxfp4(weights):
    """[experts, in, out] -> (blocks [experts, out, in/32, 16] of two values a byte, low first; scales: 127 + exponent),
    and the weights that they stand for."""
    rows = weights.transpose(1, 2)
    groups = rows.reshape(*rows.shape[:2], -1, 32)
    exponents = torch.floor(torch.log2(groups.abs().amax(-1, keepdim=True))) - 2
    codes = (groups[..., None] / torch.exp2(exponents)[..., None] - FP4).abs().argmin(-1)
    blocks = (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8)
    stored = (FP4[codes] * torch.exp2(exponents)).reshape(rows.shape).transpose(1, 2)
    return blocks, (exponents[..., 0] + 127).to(torch.uint8), stored


@contextlib.contextmanager
def double_precision(model):
    """transformers casts to float32 by name in norms, softmax and rotary tables; here those names mean float64."""
    kept = torch.float32, torch.float, torch.Tensor.float
    try:
        torch.float32 = torch.float = torch.float64
        torch.Tensor.float = torch.Tensor.double
        yield model.double()
    finally:
        torch.float32, torch.float, torch.Tensor.float = kept
        model.float()


class Routers:
    """Notes what the routers of a model decide: (router logits, weights, ids) a layer, in the layers' order."""

    def __init__(self, model):
        self.calls = []
        modules = [m for _, m in model.named_modules() if type(m).__name__.endswith(("Router", "Gate"))]
        self.count = len(modules)
        for module in modules:
            module.register_forward_hook(lambda _, __, out: self.calls.append(out))

    def take(self):
        calls, self.calls = self.calls, []
        assert len(calls) == self.count, f"{len(calls)} calls of {self.count} routers"
        return calls


def chosen(call):
    """(ids, weights) best first, and the smallest gap between a chosen expert's logit and the best other's."""
    logits, weights, ids = call
    order = logits.gather(1, ids).argsort(dim=1, descending=True, stable=True)
    ids, weights = ids.gather(1, order), weights.gather(1, order)
    if not torch.equal(ids, logits.topk(ids.shape[1], 1).indices):  # limited to groups: compare what is allowed
        return ids, weights, gap_of_groups(logits, ids)
    top = logits.topk(ids.shape[1] + 1, 1).values
    return ids, weights, (top[:, :-1] - top[:, 1:]).min().item()


def gap_of_groups(logits, ids):
    """Gaps between all pairs of experts bound every decision, of groups and of experts."""
    del ids
    values = logits.sort(1, descending=True).values
    return (values[:, :-1] - values[:, 1:]).min().item()


@torch.no_grad()
def run(model, routers, ids):
    """(logits [tokens, vocabulary], [(ids, weights) a MoE layer], smallest router gap) of one pass."""
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    layers = [chosen(call) for call in routers.take()]
    return logits, [layer[:2] for layer in layers], min([layer[2] for layer in layers], default=np.inf)


def tokenizer_cases(tokenizer):
    """The texts with their ids: with special tokens' names as text like any other, and as special tokens."""
    cases = [{"text": text} for text in TEXTS]
    for key, as_text in (("ids", True), ("special_ids", False)):
        tokenizer.encode_special_tokens = as_text
        for case in cases:
            case[key] = tokenizer.encode(case["text"], add_special_tokens=False).ids
    return cases


def prompts_of(tokenizer, config, special, long):
    """The prompts of a case: name, ids, and messages or text."""
    bos = [special["bos"]] if config.get("add_bos_token") else []

    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    messages = [{"role": "user", "content": "Where is the boat?"}]
    rendered = environment.from_string(config["chat_template"]).render(
        messages=messages, add_generation_prompt=True, bos_token=config.get("bos_token"), eos_token=config.get("eos_token"))
    prompts = [{"name": "plain", "text": "Once upon a time there was", "ids": bos + encode("Once upon a time there was")},
               {"name": "mixed", "text": TEXTS[2], "ids": bos + encode(TEXTS[2])},
               {"name": "chat", "messages": messages, "rendered": rendered, "ids": encode(rendered)},
               {"name": "long", "text": LONG, "ids": (bos + encode(LONG))[:120]}]
    if long is not None:  # a session that crosses the limit has two truths: one prompt well below it, one above
        prompts = [{**p, "ids": p["ids"][:long - GREEDY]} if p["name"] in ("plain", "mixed") else p for p in prompts]
        prompts = [p for p in prompts if len(p["ids"]) + GREEDY <= long or p["name"] == "long"]
        assert len(prompts) >= 3 and len(prompts[-1]["ids"]) > long
    return prompts


def golden_of(model, routers, prompts):
    """Fills the prompts with logits, routing and greedy tokens; None as soon as a decision is too close or the model too dull."""
    margins, deviation = {"router_logit": np.inf, "greedy": np.inf}, []
    for prompt in prompts:
        logits, layers, gap = run(model, routers, prompt["ids"])
        margins["router_logit"] = min(margins["router_logit"], gap)
        if gap < MARGIN:
            return None
        at = sorted({0, len(logits) // 2, len(logits) - 1})
        prompt["logits"] = {str(i): {"full": numbers(logits[i])} for i in at}
        prompt["argmax"] = logits.argmax(1).tolist()
        if np.mean(np.array(prompt["argmax"]) == prompt["ids"]) > ECHO:
            return None
        prompt["router_ids"] = [ids.tolist() for ids, _ in layers]
        prompt["router_weights"] = [[numbers(row) for row in weights] for _, weights in layers]
        deviation.append(logits.std().item())
        prompt["_logits"] = logits
    with double_precision(model) as exact:
        noise = max((run(exact, routers, p["ids"])[0] - p["_logits"]).abs().max().item() for p in prompts)
    if noise > NOISE:
        return None
    for prompt in prompts:
        del prompt["_logits"]
        ids = list(prompt["ids"])
        for _ in range(GREEDY):
            logits, _, gap = run(model, routers, ids)
            best = logits[-1].topk(2)
            margins["router_logit"] = min(margins["router_logit"], gap)
            margins["greedy"] = min(margins["greedy"], (best.values[0] - best.values[1]).item())
            if min(margins.values()) < MARGIN:
                return None
            ids.append(best.indices[0].item())
        prompt["greedy"] = ids[-GREEDY:]
    if routers.count == 0:
        margins["router_logit"] = None
    return {"margins": margins, "noise": noise, "deviation": min(deviation), "prompts": prompts}


def numbers(row):
    return [float(f"{v:.9g}") for v in row.tolist()]


def save(model, case, config, folder):
    """The folder as the family is published: its names of tensors, its config.json, the case's type and shards."""
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        tensors = {}
        for file in sorted(pathlib.Path(scratch).glob("*.safetensors")):
            tensors.update(safetensors.torch.load_file(file))
    dtype = getattr(torch, case["dtype"])
    tensors = {name: t.to(dtype).contiguous() for name, t in tensors.items()}
    if "quantization_config" in config:
        for name in [n for n in tensors if n.endswith(("experts.gate_up_proj", "experts.down_proj"))]:
            blocks, scales, stored = to_mxfp4(tensors.pop(name).float())
            tensors[f"{name}_blocks"], tensors[f"{name}_scales"] = blocks, scales
            assert torch.equal(stored, to_mxfp4(stored)[2])
    write_tensors(folder, tensors, case["shards"])
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        transformers.AutoConfig.from_pretrained(folder).save_pretrained(scratch)
        saved = json.loads(pathlib.Path(scratch, "config.json").read_text(encoding="utf-8"))
    assert "rope_parameters" in saved and not {"rope_theta", "rope_scaling"} & saved.keys()
    (folder / "config.saved.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")


def write_tensors(folder, tensors, shards=1):
    names = sorted(tensors)
    if shards == 1:
        safetensors.torch.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    where = {}
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        part = names[i::shards]
        where.update({name: file for name in part})
        safetensors.torch.save_file({n: tensors[n] for n in part}, folder / file, metadata={"format": "pt"})
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(where.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")


def load(folder):
    """The model of a folder, in float32 with eager attention."""
    config = transformers.AutoConfig.from_pretrained(folder)
    packed = getattr(config, "quantization_config", None) is not None
    if not packed:
        return transformers.AutoModelForCausalLM.from_pretrained(folder, **PLAIN).eval()
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors  # not ours: the other reading of the blocks
    del config.quantization_config
    model = transformers.AutoModelForCausalLM.from_config(config, **PLAIN)
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    state = {n: t.float() for n, t in tensors.items() if not n.endswith(("_blocks", "_scales"))}
    for name in [n[:-len("_blocks")] for n in tensors if n.endswith("_blocks")]:
        state[name] = convert_moe_packed_tensors(tensors[f"{name}_blocks"], tensors[f"{name}_scales"], dtype=torch.float32)
    model.load_state_dict(state)
    return model.eval()


def make(name, case, folder):
    """Writes one case's folder; returns its golden values."""
    tokenizer_json, tokenizer_config, special = vocabulary(case["tokenizer"])
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(tokenizer_json))
    config = {**case["config"], "vocab_size": tokenizer.get_vocab_size(), "torch_dtype": case["dtype"],
              "transformers_version": "4.57.1", "bos_token_id": special.get("bos"), "eos_token_id": special["eos"][0],
              "pad_token_id": special.get("pad")}
    text = json.dumps({k: v for k, v in config.items() if k != "quantization_config"})
    with tempfile.TemporaryDirectory() as scratch:
        pathlib.Path(scratch, "config.json").write_text(text, encoding="utf-8")
        parsed = transformers.AutoConfig.from_pretrained(scratch)
    model = transformers.AutoModelForCausalLM.from_config(parsed, **PLAIN).eval()
    routers = Routers(model)
    for seed in range(1, SEEDS + 1):
        draw(model, case, torch.Generator().manual_seed(seed))
        prompts = prompts_of(tokenizer, tokenizer_config, special, case["long"])
        for _ in range(6):  # a tied head is the embedding too, so that its scale is found by steps
            deviation = run(model, routers, prompts[-1]["ids"])[0].std().item()
            model.lm_head.weight.data.mul_(DEVIATION / deviation)
        store_as(model, getattr(torch, case["dtype"]))
        if "quantization_config" in config:
            for module_name, parameter in model.named_parameters():
                if module_name.endswith(("experts.gate_up_proj", "experts.down_proj")):
                    parameter.data.copy_(to_mxfp4(parameter.data)[2])
        golden = golden_of(model, routers, prompts)
        if golden is not None:
            break
    else:
        raise SystemExit(f"{name}: no seed up to {SEEDS} decides clearly enough")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save(model, case, config, folder)
    for file, value in (("tokenizer.json", tokenizer_json), ("tokenizer_config.json", tokenizer_config),
                        ("generation_config.json", {"bos_token_id": special.get("bos"), "eos_token_id": special["eos"],
                                                    "pad_token_id": special.get("pad"), "do_sample": True,
                                                    "temperature": 0.7, "top_p": 0.9})):
        (folder / file).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    golden = {"about": ABOUT, "note": f"random {name}, seed {seed}, transformers {transformers.__version__}",
              "n_vocab": tokenizer.get_vocab_size(), "vocab_rows": config["vocab_size"], **golden,
              "tokenizer": tokenizer_cases(tokenizer)}
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False), encoding="utf-8")
    again = load(folder)
    off = (run(again, Routers(again), prompts[-1]["ids"])[0] - run(model, routers, prompts[-1]["ids"])[0]).abs().max()
    if off > 1e-4:
        raise SystemExit(f"{name}: the folder holds another model than the one that was run: logits differ by {off:.1e}")
    return golden, seed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/conformance/families")
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # one order of summation, whatever the machine
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in arguments.only:
        golden, seed = make(name, CASES[name], arguments.out / name)
        margins = ", ".join(f"{k} {v:.1e}" for k, v in golden["margins"].items() if v is not None)
        print(f"{name}: seed {seed}, deviation {golden['deviation']:.1f}, noise {golden['noise']:.1e}, margins: {margins}",
              flush=True)


if __name__ == "__main__":
    main()
