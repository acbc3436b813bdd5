#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares moescope-cli with what transformers computed for the models of families.py: tokens, experts and their weights,
logits, greedy continuations. One line a model.

    check_families.py [--cli build/release/bin/moescope-cli] [--families build/conformance/families] [--only NAME…]
    check_families.py --faults …      models spoilt on purpose (faults.py), each of which must be told from the right one
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-3  # logits
WEIGHT_TOLERANCE = 1e-4  # of an expert's weight
SECONDS = 300


class Different(Exception):
    """The program answers otherwise than the reference; the text says where."""


class Refused(Exception):
    """A command failed; the text is what it said."""


def call(cli, *arguments, seconds=SECONDS):
    """Standard output of a command that must work."""
    result = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True, timeout=seconds, check=False)
    if result.returncode != 0:
        raise Refused(f"{arguments[0]} ended with {result.returncode}: {result.stderr.strip()[-300:]}")
    return result.stdout


def need(holds, sentence):
    if not holds:
        raise Different(sentence)


def check_tokenizer(cli, model, golden):
    for case in golden["tokenizer"]:
        if not case["text"]:
            continue
        for key, options in (("ids", []), ("special_ids", ["--special"])):
            if key in case:
                ids = json.loads(call(cli, "tokenize", "-m", model, "-p", case["text"], "--json", *options))["tokens"]
                need(ids == case[key], f"the tokens of {case['text']!r} {options} are {ids} and not {case[key]}")


def check_routing(folder, prompt):
    """Expert ids of each token and layer (as sets: equal weights may change places), and their weights."""
    routed = {name: [layer for layer in prompt[name] if layer is not None] for name in ("router_ids", "router_weights")}
    if not routed["router_ids"]:
        return
    ids, weights = (np.load(folder / f"{name}.npy") for name in ("routed_experts", "router_weights"))
    wanted, wanted_weights = (np.array(layers).swapaxes(0, 1) for layers in routed.values())
    need(ids.shape == wanted.shape, f"{prompt['name']}: routing of shape {ids.shape} and not {wanted.shape}")
    order, wanted_order = ids.argsort(-1), wanted.argsort(-1)
    sorted_ids, sorted_wanted = (np.take_along_axis(*pair, -1) for pair in ((ids, order), (wanted, wanted_order)))
    wrong = np.argwhere((sorted_ids != sorted_wanted).any(-1))
    if len(wrong):
        token, layer = wrong[0]
        raise Different(f"{prompt['name']}: {len(wrong)} routings differ, first token {token} in MoE layer {layer}: "
                        f"{ids[token, layer].tolist()} and not {wanted[token, layer].tolist()}")
    off = np.abs(np.take_along_axis(weights, order, -1) - np.take_along_axis(wanted_weights, wanted_order, -1)).max()
    need(off < WEIGHT_TOLERANCE, f"{prompt['name']}: an expert's weight is off by {off:.1e}")


def check_logits(folder, prompt):
    """Largest difference over the positions that the golden file has."""
    logits = np.load(folder / "logits.npy")
    need(len(logits) == len(prompt["ids"]), f"{prompt['name']}: logits of shape {logits.shape}")
    worst = 0.0
    for position, entry in prompt["logits"].items():
        wanted = np.array(entry["full"])
        row = logits[int(position)][:len(wanted)].astype(np.float64)
        need(len(row) == len(wanted) and np.isfinite(row).all(), f"{prompt['name']}: logits of shape {logits.shape}")
        worst = max(worst, float(np.abs(row - wanted).max()))
    need(worst < TOLERANCE, f"{prompt['name']}: logits are off by {worst:.1e}")
    return worst


def check(cli, folder, golden, scratch, tokenizer=True):
    """Converts a folder and compares it with golden values; gives the largest difference in logits."""
    model = scratch / "model.gguf"
    call(cli, "convert", folder, model, "--type", "f32")
    if tokenizer:
        check_tokenizer(cli, model, golden)
    worst = 0.0
    for prompt in golden["prompts"]:
        if tokenizer and "messages" in prompt:
            chat = scratch / "chat.json"
            chat.write_text(json.dumps(prompt["messages"]), encoding="utf-8")
            ids = json.loads(call(cli, "template", "-m", model, "--chat", chat, "--json"))["tokens"]
            need(ids == prompt["ids"], f"the chat template gives {ids} and not {prompt['ids']}")
        ids, trace = ",".join(map(str, prompt["ids"])), scratch / "trace"
        shutil.rmtree(trace, ignore_errors=True)
        call(cli, "trace", "-m", model, "--tokens", ids, "--out", trace, "--logits", "all", "--kv", "f32")
        check_routing(trace, prompt)
        worst = max(worst, check_logits(trace, prompt))
    for prompt in golden["prompts"]:
        wanted = prompt["greedy"]
        answer = json.loads(call(cli, "run", "-m", model, "--tokens", ",".join(map(str, prompt["ids"])), "-n", len(wanted),
                                 "--temp", "0", "--ignore-eos", "--kv", "f32", "--json"))["tokens"]
        same = next((i for i, (a, b) in enumerate(zip(answer, wanted)) if a != b), min(len(answer), len(wanted)))
        need(answer == wanted, f"{prompt['name']}: {same} of {len(wanted)} greedy tokens agree")
    return worst


def check_faults(cli, name, folder, golden, scratch):
    """(found, all): how many spoilt copies differ from the golden values; what was not found is printed."""
    from faults import FAULTS, spoil
    found = 0
    for fault in FAULTS[name]:
        copy = scratch / "spoilt"
        spoil(folder, copy, FAULTS[name][fault])
        try:
            check(cli, copy, golden, scratch, tokenizer=False)
            print(f"    {name}: nothing tells the model with “{fault}” from the right one")
        except Different:
            found += 1
        except Refused as refusal:
            print(f"    {name} with “{fault}”: {refusal}")
    return found, len(FAULTS[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/moescope-cli"))
    parser.add_argument("--families", type=pathlib.Path, default=ROOT / "build/conformance/families")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--faults", action="store_true")
    arguments = parser.parse_args()
    names = sorted(p.parent.name for p in arguments.families.glob("*/golden.json"))
    names = [n for n in names if n in arguments.only] if arguments.only else names
    if not names or (arguments.only and len(names) != len(set(arguments.only))):
        sys.exit(f"{arguments.families} has not all the models asked for: tests/conformance/families.py makes them.")
    bad = 0
    for name in names:
        folder = arguments.families / name
        golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory(prefix="families-") as scratch:
            try:
                if arguments.faults:
                    found, count = check_faults(arguments.cli, name, folder, golden, pathlib.Path(scratch))
                    bad += found != count
                    print(f"{'right' if found == count else 'WRONG'}  {name}: {found} of {count} faults are found", flush=True)
                else:
                    worst = check(arguments.cli, folder, golden, pathlib.Path(scratch))
                    print(f"right  {name}: logits off by {worst:.1e}", flush=True)
            except (Different, Refused, subprocess.TimeoutExpired) as error:
                bad += 1
                print(f"WRONG  {name}: {error}", flush=True)
    print(f"{len(names) - bad} of {len(names)} models are right.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
