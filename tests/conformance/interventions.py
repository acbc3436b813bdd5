#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what-ifs of moescope-cli with the NumPy forward pass of hunyuan_reference.py on four goldens: experts, their
weights, logits. First the reference must reproduce the goldens untouched, and each what-if must change what it computes.

    interventions.py [--cli build/release/bin/moescope-cli] [--goldens tests/data/golden]
"""
import argparse
import json
import pathlib
import sys
import tempfile

import numpy as np

from check_families import TOLERANCE, WEIGHT_TOLERANCE, Different, Refused, call, need
from hunyuan_reference import Intervention, Model

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDENS = ("large_alpha", "a13b_like", "top2_cla", "odd_head80")
LEAST_CHANGE = 0.05  # of the logits, by any of the what-ifs
PROMPTS = ("mixed", "chat_turns")


def check_reference(model, golden):
    """The largest difference of a logit."""
    worst = 0
    for prompt in golden["prompts"]:
        got = model.forward(prompt["ids"])
        for key, tolerance in (("ids", 0), ("weights", WEIGHT_TOLERANCE)):
            want = [layer for layer in prompt[f"router_{key}"] if layer is not None]
            difference = np.abs(got[key] - np.array(want).transpose(1, 0, 2)).max()
            need(difference <= tolerance, f"the reference's {key} of “{prompt['name']}” are off by {difference}")
        for position, want in prompt["logits"].items():
            row = got["logits"][int(position)]
            for token, logit in enumerate(want["full"]) if "full" in want else want["top"]:
                worst = max(worst, abs(row[token] - logit))
    need(worst <= TOLERANCE, f"the reference's logits are off by {worst}")
    return worst


def cases(model, routed):
    """Name → what-if. `routed`: the untouched ids, [tokens][MoE layers][used]."""
    layers, experts, used = routed.shape[1], model.experts, model.used
    times = [np.bincount(routed[:, layer].ravel(), minlength=experts) for layer in range(layers)]
    by_use = [[int(expert) for expert in np.argsort(-each, kind="stable")] for each in times]
    busiest = tuple((layer, by_use[layer][0]) for layer in range(layers))
    idlest = tuple((layer, by_use[layer][-1]) for layer in range(layers))
    last = layers - 1
    more = min(used + 2, experts)
    return {
        "ban in the first layer": Intervention(banned=busiest[:1]),
        "ban in the last layer": Intervention(banned=busiest[last:]),
        "ban in all layers": Intervention(banned=busiest),
        "ban all but as many as answer": Intervention(banned=tuple((0, expert) for expert in by_use[0][:experts - used])),
        "force in one layer": Intervention(forced=idlest[1:2]),
        "force in all layers": Intervention(forced=idlest),
        "force as many as answer": Intervention(forced=tuple((last, expert) for expert in by_use[last][experts - used:])),
        "a bias up": Intervention(biases=((0, by_use[0][-1], 2.5),)),
        "a bias down": Intervention(biases=((1, by_use[1][0], -1.25),)),
        "biases": Intervention(biases=tuple((*place, 0.75 - layer) for layer, place in enumerate(busiest))),
        "a bias on a ban and on a force": Intervention(banned=busiest[:1], forced=idlest[1:2],
                                                       biases=((*busiest[0], 1.5), (*idlest[1], -0.5))),
        "no shared expert": Intervention(without_shared=True),
        "one expert": Intervention(experts_used=1, forced=idlest[:1]),
        "more experts": Intervention(experts_used=more),
        "all experts": Intervention(experts_used=experts),
        "everything": Intervention(banned=busiest[:1], forced=idlest[1:2], biases=((last, by_use[last][-1], 0.5),),
                                   without_shared=True, experts_used=max(used - 1, 2)),
    }


def options(what_if):
    """As moescope-cli takes it."""
    listed = {"--ban": what_if.banned, "--force": what_if.forced, "--bias": what_if.biases}
    words = [word for name, places in listed.items() if places
             for word in (name, ",".join(":".join(map(str, place)) for place in places))]
    words += ["--no-shared"] if what_if.without_shared else []
    return words + (["--experts-used", what_if.experts_used] if what_if.experts_used else [])


def traced(cli, file, tokens, what_if):
    with tempfile.TemporaryDirectory() as folder:
        call(cli, "trace", "-m", file, "--tokens", ",".join(map(str, tokens)), "--out", folder, "--logits", "all",
             "--probs", "--kv", "f32", *options(what_if))
        return {key: np.load(pathlib.Path(folder, name + ".npy"))
                for key, name in (("logits", "logits"), ("ids", "routed_experts"), ("weights", "router_weights"),
                                  ("probs", "router_probs"))}


def check_case(cli, file, model, tokens, untouched, what_if):
    """Largest differences of logits and of weights."""
    want = model.forward(tokens, what_if)
    need(np.abs(want["logits"] - untouched["logits"]).max() > LEAST_CHANGE, "the what-if changes nothing")
    got = traced(cli, file, tokens, what_if)
    need(got["ids"].shape == want["ids"].shape, f"ids are {got['ids'].shape} and not {want['ids'].shape}")
    other = np.argwhere(got["ids"] != want["ids"])
    need(len(other) == 0, f"{len(other)} experts differ, first at token, layer, choice {other[:1].tolist()}")
    off = {key: np.abs(got[key] - want[key]).max() for key in ("logits", "weights", "probs")}
    for key, tolerance in (("logits", TOLERANCE), ("weights", WEIGHT_TOLERANCE), ("probs", WEIGHT_TOLERANCE)):
        need(off[key] <= tolerance, f"{key} are off by {off[key]}")
    return off["logits"], max(off["weights"], off["probs"])


def check_golden(cli, folder, work):
    """Lines of what differs; the number of cases; the largest differences."""
    model, golden = Model(folder), json.loads((folder / "golden.json").read_text())
    reference = check_reference(model, golden)
    file = work / f"{folder.name}.gguf"
    call(cli, "convert", folder, file, "--type", "f32")
    bad, count, worst = [], 0, np.zeros(2)
    for name in PROMPTS:
        tokens = next(prompt["ids"] for prompt in golden["prompts"] if prompt["name"] == name)
        untouched = model.forward(tokens)
        for case, what_if in cases(model, untouched["ids"]).items():
            if what_if.experts_used == model.used:
                continue
            count += 1
            try:
                worst = np.maximum(worst, check_case(cli, file, model, tokens, untouched, what_if))
            except (Different, Refused) as error:
                bad.append(f"{folder.name}, {name}, {case}: {error}")
    print(f"{folder.name:12} {count} what-ifs, logits within {worst[0]:.1e}, weights within {worst[1]:.1e}; untouched the "
          f"reference within {reference:.1e}", flush=True)
    return bad, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=ROOT / "build/release/bin/moescope-cli")
    parser.add_argument("--goldens", type=pathlib.Path, default=ROOT / "tests/data/golden")
    arguments = parser.parse_args()
    bad, count = [], 0
    with tempfile.TemporaryDirectory() as work:
        for name in GOLDENS:
            try:
                differences, some = check_golden(arguments.cli, arguments.goldens / name, pathlib.Path(work))
                bad, count = bad + differences, count + some
            except (Different, Refused) as error:
                bad.append(f"{name}: {error}")
    print("\n".join(bad) if bad else f"{count} what-ifs as the reference computes them")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
