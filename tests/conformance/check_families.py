#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares moescope-cli with what transformers computed for the models of families.py: tokens, experts and their weights,
logits, greedy continuations. One line a model. What the program refuses on purpose must be refused by the sentence that
family_cases.py knows.

    check_families.py [--cli build/release/bin/moescope-cli] [--families build/conformance/families] [--only NAME…]
    check_families.py --faults …      models spoilt on purpose (faults.py), each of which must be told from the right one,
                                      or refused by the name of what was changed
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from family_cases import CASES

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
        raise Refused(f"{arguments[0]} ended with {result.returncode}: {result.stderr.strip()[-2000:]}")
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


def check_template(cli, model, golden, scratch):
    for prompt in golden["prompts"]:
        if "messages" in prompt:
            chat = scratch / "chat.json"
            chat.write_text(json.dumps(prompt["messages"]), encoding="utf-8")
            ids = json.loads(call(cli, "template", "-m", model, "--chat", chat, "--json"))["tokens"]
            need(ids == prompt["ids"], f"the chat template gives {ids} and not {prompt['ids']}")


def check_prompt(cli, model, prompt, scratch):
    """Routing and logits of one prompt; gives the largest difference in logits."""
    ids, trace = ",".join(map(str, prompt["ids"])), scratch / "trace"
    shutil.rmtree(trace, ignore_errors=True)
    call(cli, "trace", "-m", model, "--tokens", ids, "--out", trace, "--logits", "all", "--kv", "f32")
    check_routing(trace, prompt)
    return check_logits(trace, prompt)


def check_saved(cli, folder, scratch, model):
    """The configuration as transformers 5 writes it must make the same file."""
    copy, again = scratch / folder.name, scratch / "saved.gguf"
    shutil.copytree(folder, copy)
    shutil.copyfile(folder / "config.saved.json", copy / "config.json")
    call(cli, "convert", copy, again, "--type", "f32")
    need(again.read_bytes() == model.read_bytes(), "config.saved.json makes another file than config.json")


def check(cli, folder, golden, scratch):
    """Converts a folder and compares it with golden values; gives the largest difference in logits."""
    model = scratch / "model.gguf"
    call(cli, "convert", folder, model, "--type", "f32")
    check_saved(cli, folder, scratch, model)
    check_tokenizer(cli, model, golden)
    check_template(cli, model, golden, scratch)
    worst = max(check_prompt(cli, model, prompt, scratch) for prompt in golden["prompts"])
    for prompt in golden["prompts"]:
        wanted = prompt["greedy"]
        answer = json.loads(call(cli, "run", "-m", model, "--tokens", ",".join(map(str, prompt["ids"])), "-n", len(wanted),
                                 "--temp", "0", "--ignore-eos", "--kv", "f32", "--json"))["tokens"]
        same = next((i for i, (a, b) in enumerate(zip(answer, wanted)) if a != b), min(len(answer), len(wanted)))
        need(answer == wanted, f"{prompt['name']}: {same} of {len(wanted)} greedy tokens agree")
    return worst


def check_refusal(cli, folder, scratch, part):
    """Whether `convert` refuses a folder by a sentence with `part` in it."""
    try:
        call(cli, "convert", folder, scratch / "model.gguf")
    except Refused as refusal:
        need(part in str(refusal), f"refused otherwise than by {part}: {refusal}")
        return
    raise Different(f"converted, though it should be refused by {part}")


def check_faults(cli, name, folder, golden, scratch):
    """(seen, refused, all): how many spoilt copies differ from the golden values or are refused by name; what is neither
    is printed. One prompt that differs suffices, and the longest shows most. A copy without a fault must not differ."""
    from faults import FAULTS, named_by, spoil
    seen, refused = 0, 0
    prompts = sorted(golden["prompts"], key=lambda prompt: -len(prompt["ids"]))
    copy, model = scratch / "spoilt", scratch / "model.gguf"

    def check_copy(change):
        spoil(folder, copy, change)
        call(cli, "convert", copy, model, "--type", "f32")
        for prompt in prompts:
            check_prompt(cli, model, prompt, scratch)

    check_copy(lambda *_: None)
    for fault, change in FAULTS[name].items():
        try:
            check_copy(change)
            print(f"    {name}: nothing tells the model with “{fault}” from the right one")
        except Different:
            seen += 1
        except Refused as refusal:
            refused += named_by(str(refusal), change)
            if not named_by(str(refusal), change):
                print(f"    {name} with “{fault}”: {refusal}")
    return seen, refused, len(FAULTS[name])


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
                if refused := CASES[name]["refused"]:
                    check_refusal(arguments.cli, folder, pathlib.Path(scratch), refused)
                    print(f"right  {name}: refused by {refused}", flush=True)
                elif arguments.faults:
                    seen, named, count = check_faults(arguments.cli, name, folder, golden, pathlib.Path(scratch))
                    bad += seen + named != count
                    print(f"{'right' if seen + named == count else 'WRONG'}  {name}: of {count} faults {seen} are seen and "
                          f"{named} refused", flush=True)
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
