#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The golden models of tests/data on a device, by moescope-cli alone: experts, logits and greedy tokens, in F32 and F16, as
chosen for the device, then with each way to compute (--variant) forced on and off.

F32 must give the same experts and tokens and logits within 0.001; F16 logits within 0.05 (0.1 where cooperative matrices may have
multiplied), at most 1 % other experts and 5 of 60 other texts, what tests/engine/inference/tst_golden.cpp asks of the engine.
Exit code 1 where one does not hold. A way to compute that the device or the build does not have is told and counts as neither."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import figures

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data"


class Sum:
    """What the prompts of some models showed, against their goldens."""

    def __init__(self):
        self.decisions = self.other_experts = self.texts = self.same_texts = 0
        self.worst_logit = 0.0

    def holds(self, type, most=0.05):
        """`most`: how far a logit in F16 may be off."""
        if type == "f32":
            return self.other_experts == 0 and self.worst_logit < 1e-3 and self.same_texts == self.texts
        other_texts = self.texts - self.same_texts
        return (self.other_experts * 100 <= self.decisions and self.worst_logit < most and
                other_texts <= max(1, self.texts * 5 // 60))

    def add(self, other):
        self.decisions += other.decisions
        self.other_experts += other.other_experts
        self.texts += other.texts
        self.same_texts += other.same_texts
        self.worst_logit = larger(self.worst_logit, other.worst_logit)


def larger(a, b):
    """The larger; NaN, which compares as neither, if there is one."""
    return a if a != a or a > b else b


def add_routing(total, prompt, shape, experts):
    """`experts`: flat [tokens][MoE layers][experts a token]. Order within a token does not count."""
    tokens, layers, used = shape
    golden = [by_token for by_token in prompt["router_ids"] if by_token is not None]
    if tokens != len(prompt["ids"]) or layers != len(golden):
        raise ValueError(f"The trace of {prompt['name']} is of shape {shape}, for {len(prompt['ids'])} tokens, {len(golden)} layers.")
    for token in range(tokens):
        for layer in range(layers):
            at = (token * layers + layer) * used
            total.decisions += 1
            total.other_experts += set(experts[at:at + used]) != set(golden[layer][token])


def add_logits(total, prompt, shape, logits):
    """`logits`: flat [tokens][rows]. A golden has all of some positions and the largest of others."""
    rows = shape[1]
    for position, golden in prompt["logits"].items():
        start = int(position) * rows
        for id, value in enumerate(golden["full"]) if "full" in golden else golden["top"]:
            total.worst_logit = larger(total.worst_logit, abs(logits[start + id] - value))


def add_text(total, prompt, tokens):
    total.texts += 1
    total.same_texts += tokens == prompt["greedy"]


def variant_names(help_text):
    """The ways to compute that `run --help` names. ValueError where it names none."""
    named = re.search(r"--variant.*?NAME=on\|off:(.*?)(?:\n\s+--|\n\[|\Z)", help_text, re.S)
    names = re.findall(r"“(\w+)”", named[1]) if named else []
    if not names:
        raise ValueError("“moescope-cli run --help” names no way to compute at --variant, so none can be forced.")
    return names


def not_here(message):
    """The sentence with which the engine refuses a way to compute that the device or the build does not have, or None."""
    refusal = re.search(r"^(?:.*: )?(The variants? “\w+” .*)", message, re.M)
    return refusal[1] if refusal else None


def f16_limit(variant, absent):
    """How far a logit may be off with `variant`, "NAME=on", "NAME=off" or "as chosen". Cooperative matrices round activations too;
    the device may choose them unless they are `absent`, forced off, or another way to multiply a batch is forced on."""
    without = absent or variant in ("coopmat=off", "texels=on", "integer_dot=on")
    return 0.05 if without else 0.1


class Cli:
    def __init__(self, program, device):
        self.program, self.on = program, ["--device", device] if device else []

    def __call__(self, *arguments):
        result = subprocess.run([str(part) for part in (self.program, *arguments)], capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"moescope-cli {arguments[0]}: {result.stderr.strip()}")
        return result.stdout

    def run_prompt(self, model, prompt, options):
        total = Sum()
        ids = ",".join(map(str, prompt["ids"]))
        with tempfile.TemporaryDirectory() as folder:
            self("trace", "-m", model, "--tokens", ids, "--out", folder, "--logits", "all", *options, *self.on)
            add_routing(total, prompt, *figures.read_npy(pathlib.Path(folder, "routed_experts.npy")))
            add_logits(total, prompt, *figures.read_npy(pathlib.Path(folder, "logits.npy")))
        answer = self("run", "-m", model, "--tokens", ids, "-n", len(prompt["greedy"]), "--temp", "0", "--ignore-eos", "--json",
                      *options, *self.on)
        add_text(total, prompt, json.loads(answer)["tokens"])
        return total


def compare(cli, models, options, longest_only, jobs):
    """Several programs at once: most of the time of each is its start."""
    work = []
    for file, golden in models:
        prompts = golden["prompts"]
        work += [(file, prompt) for prompt in ([max(prompts, key=lambda p: len(p["ids"]))] if longest_only else prompts)]
    total = Sum()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for one in pool.map(lambda each: cli.run_prompt(*each, options), work):
            total.add(one)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="folder of moescope-cli")
    parser.add_argument("--device", default="", help="index or part of the name")
    parser.add_argument("--only", default="", help="golden models whose name holds this")
    parser.add_argument("--jobs", type=int, default=min(8, os.cpu_count()), help="programs at once")
    options = parser.parse_args()
    cli = Cli(options.bin / "moescope-cli", options.device)
    folders = sorted(folder for folder in (DATA / "golden").iterdir() if folder.is_dir() and options.only in folder.name)
    if not folders:
        sys.exit(f"No golden model's name holds “{options.only}”.")
    try:
        names = variant_names(cli("run", "--help"))
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(str(error))
    variants = [[]] + [["--variant", f"{name}={value}"] for name in names for value in ("on", "off")]
    failed = no_coopmat = False
    print(f"{len(folders)} golden models; forced ways to compute run the longest prompt of each\n"
          f"{'weights, cache':16}{'variant':16}{'other experts':>20}{'worst logit':>13}{'same texts':>12}{'s':>7}")
    with tempfile.TemporaryDirectory() as scratch:
        for type in ("f32", "f16"):  # in this order: F32 tells whether there are cooperative matrices, for the limit of F16
            models = []
            for folder in folders:
                file = pathlib.Path(scratch, f"{folder.name}.{type}.gguf")
                try:
                    cli("convert", folder, file, "--type", type, "--json")
                except RuntimeError as error:
                    sys.exit(str(error))
                models.append((file, json.loads((folder / "golden.json").read_text())))
            for variant in variants:
                start = time.monotonic()
                name = variant[1] if variant else "as chosen"
                try:
                    total = compare(cli, models, ["--kv", type, *variant], bool(variant), options.jobs)
                except (OSError, RuntimeError, ValueError) as error:
                    refusal = not_here(str(error))
                    print(f"{type:16}{name:16}  {f'not here: {refusal}' if refusal else f'FAILED: {error}'}", flush=True)
                    failed |= refusal is None
                    no_coopmat |= refusal is not None and name == "coopmat=on"
                    continue
                fine = total.holds(type, f16_limit(name, no_coopmat))
                failed |= not fine
                print(f"{type:16}{name:16}{total.other_experts:12} of {total.decisions:4}{total.worst_logit:13.6f}"
                      f"{total.same_texts:6} of {total.texts:2}{time.monotonic() - start:7.1f}{'' if fine else '  FAILED'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
