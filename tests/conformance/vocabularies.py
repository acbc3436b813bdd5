#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares moescope-cli's tokenizer with the vectors beside vocabulary files.

    tests/conformance/vocabularies.py FOLDER... [--cli build/release/bin/moescope-cli]

A folder holds NAME.gguf with NAME.gguf.inp (texts, a line __ggml_vocab_test__ between them) and NAME.gguf.out (a line
of ids a text, without special tokens), as llama.cpp publishes them. A vocabulary without vectors must be read or
refused with one sentence. Where the model's own tokenizer composes its text (NFC) and llama.cpp does not, vectors of
texts that NFC changes cannot agree: they are counted apart, and must be those of the composed text.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

SEPARATOR = "\n__ggml_vocab_test__\n"


def run(cli, *arguments):
    return subprocess.run([cli, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=120)


def tokens(cli, gguf, text, scratch):
    path = scratch / "text"
    path.write_bytes(text.encode())
    result = run(cli, "tokenize", "-m", str(gguf), "--file", str(path), "--json")
    return json.loads(result.stdout)["tokens"] if result.returncode == 0 else result.stderr.strip()


def check(cli, gguf, scratch):
    """-> number of vectors, of composed ones, and what differs."""
    texts = pathlib.Path(f"{gguf}.inp").read_bytes().decode().split(SEPARATOR)
    lines = pathlib.Path(f"{gguf}.out").read_text(encoding="utf-8").split("\n")
    composed, bad = 0, []
    count = min(len(texts), len(lines))
    for text, line in list(zip(texts, lines))[:count]:
        wanted, got = [int(x) for x in line.split()], tokens(cli, gguf, text, scratch)
        if got == wanted:
            continue
        nfc = unicodedata.normalize("NFC", text)
        if nfc != text and got == tokens(cli, gguf, nfc, scratch):
            composed += 1
        else:
            bad.append(f"{text!r} gives {got if isinstance(got, str) else got[:12]} for {wanted[:12]}")
    return count, composed, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--cli", default="build/release/bin/moescope-cli")
    options = parser.parse_args()
    vectors, failures = 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for gguf in sorted(path for folder in options.folders for path in folder.glob("*.gguf")):
            if not pathlib.Path(f"{gguf}.inp").exists():
                result = run(options.cli, "tokenize", "-m", str(gguf), "-p", "text", "--json")
                refused = result.returncode == 1 and len(result.stderr.strip().splitlines()) == 1
                failures += not (result.returncode == 0 or refused)
                print(f"{gguf.name}: no vectors; {result.stderr.strip() if refused else 'read'}")
                continue
            probe = run(options.cli, "tokenize", "-m", str(gguf), "-p", "text", "--json")
            if probe.returncode == 1 and "is not supported" in probe.stderr:
                print(f"{gguf.name}: refused; {probe.stderr.strip()}")
                continue
            count, composed, bad = check(options.cli, gguf, pathlib.Path(scratch))
            vectors += count - composed
            failures += len(bad)
            note = f", {composed} of composed text" if composed else ""
            print(f"{gguf.name}: {count - composed - len(bad)} of {count} equal{note}")
            for line in bad[:5]:
                print("   ", line)
    print(f"{vectors} vectors, {failures} failures")
    return 1 if failures or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
