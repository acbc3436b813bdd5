#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/model/chat_template_cases.json: what Jinja renders from the golden models' chat template.

    pip install jinja2
    tests/conformance/chat_template_cases.py

Every sequence of one to six roles, and those that begin with an empty system message. A sequence is a string of
letters, s(ystem), u(ser), a(ssistant), e(mpty system); message i says its letter in upper case and i ("U1").
"""
import itertools
import json
import pathlib

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROLES = {"s": "system", "e": "system", "u": "user", "a": "assistant"}
ROOT = pathlib.Path(__file__).resolve().parent.parent


def messages(sequence):
    return [{"role": ROLES[c], "content": "" if c == "e" else f"{c.upper()}{i}"} for i, c in enumerate(sequence)]


def main():
    config = json.loads((ROOT / "data/golden/large_like/tokenizer_config.json").read_text(encoding="utf-8"))
    # As Hugging Face's tokenizers render it.
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = lambda text: (_ for _ in ()).throw(jinja2.exceptions.TemplateError(text))
    template = environment.from_string(config["chat_template"])
    sequences = ["".join(s) for n in range(1, 7) for s in itertools.product("sua", repeat=n)]
    sequences += ["e" + "".join(s) for n in range(0, 6) for s in itertools.product("sua", repeat=n)]
    cases = {s: template.render(messages=messages(s), add_generation_prompt=True) for s in sequences}
    target = ROOT / "data/model/chat_template_cases.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(cases, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases in {target.name}")


if __name__ == "__main__":
    main()
