#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders chat templates with jinja2 and with the engine, and compares the texts.

    pip install jinja2
    cmake --build build/release --target render_template
    tests/conformance/chat_templates.py build/release/bin/render_template FOLDER

FOLDER holds *.jinja. Each is rendered for a table of conversations and of variables. Equal is: the same text, or an
error in both. Ends with 1 if a template differs.
"""
import argparse
import copy
import datetime
import itertools
import json
import pathlib
import subprocess

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Says the weather of a place, \"now\" <or> later & 'soon'.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": "A town"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                    "days": {"type": "integer", "minimum": 1},
                    "details": {"type": "array", "items": {"type": "string"}},
                    "where": {"type": "object", "properties": {"lat": {"type": "number"}}, "required": ["lat"]},
                    "exact": {"type": ["boolean", "null"]},
                },
                "required": ["place", "unit"],
            },
            "return": {"type": "string"},
        },
    },
    {"type": "function", "function": {"name": "now", "description": "Says the time",
                                      "parameters": {"type": "object", "properties": {}}}},
]


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


def call(arguments, content="", **more):
    return turn("assistant", content, tool_calls=[
        {"id": "call00001", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}], **more)


PLACE = {"place": "Zürich", "days": 2, "exact": True, "where": {"lat": 47.25}, "details": ["wind", "rain"]}
RESULT = turn("tool", "{\"temperature\": 21.5}", tool_call_id="call00001", name="get_weather")
TWO_CALLS = turn("assistant", None, tool_calls=[
    {"id": "call00001", "type": "function", "function": {"name": "get_weather", "arguments": {"place": "Bern"}}},
    {"id": "call00002", "type": "function", "function": {"name": "now", "arguments": {}}}])
SYSTEM = turn("system", "You are terse.\n")
HI = turn("user", "  Hi, what's <up>?\n")

CONVERSATIONS = {
    "user": [HI],
    "system": [SYSTEM, HI],
    "several": [HI, turn("assistant", "Not much."), turn("user", "Ünïcödé 😀 {{ 1 }} {% x %}\n\n"),
                turn("assistant", "<b>\"yes\"</b>"), turn("user", "More")],
    "system several": [SYSTEM, turn("user", "One"), turn("assistant", "Two"), turn("user", "Three")],
    "empty": [turn("system", ""), turn("user", ""), turn("assistant", ""), turn("user", " ")],
    "ends with answer": [HI, turn("assistant", "Done. ")],
    "think in content": [HI, turn("assistant", "<think>\nHm.\n</think>\n\nAnswer"), turn("user", "Again")],
    "reasoning": [SYSTEM, HI, turn("assistant", "Answer", reasoning_content="Let me see.\n"), turn("user", "And?")],
    "reasoning last": [HI, turn("assistant", "Answer", reasoning_content="Let me see.", reasoning="Let me see.")],
    "no think": [turn("user", "Hi /no_think")],
    "parts": [turn("system", [{"type": "text", "text": "Be kind."}]),
              turn("user", [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}])],
    "two users": [turn("user", "a"), turn("user", "b")],
    "assistant first": [turn("assistant", "a"), turn("user", "b")],
    "unknown role": [turn("wizard", "a")],
    "developer": [turn("developer", "Short answers."), HI],
    "none": [turn("user", "a"), turn("assistant", None), turn("user", "b")],
    "nothing": [],
}
TOOL_CONVERSATIONS = {
    "tools": [HI],
    "tools system": [SYSTEM, HI],
    "call": [SYSTEM, HI, call(PLACE), RESULT],
    "call in text": [HI, call(json.dumps(PLACE)), RESULT, turn("assistant", "Warm."), turn("user", "Thanks")],
    "call with thinking": [HI, call(PLACE, "Let me look.", reasoning_content="A tool."), RESULT],
    "two calls": [HI, TWO_CALLS, RESULT, turn("tool", "12:00", tool_call_id="call00002", name="now"),
                  turn("assistant", "Warm noon."), turn("user", "Ok")],
    "call last": [HI, call(PLACE)],
    "call and think": [HI, call({"place": "Bern"}, "<think>\nHm\n</think>\n"), RESULT, call({"place": "Basel"}), RESULT],
    "result as dict": [HI, call(PLACE), turn("tool", {"temperature": 21.5, "sky": None}, tool_call_id="call00001")],
}
VARIABLES = [
    {},
    {"enable_thinking": True, "thinking": True, "reasoning_effort": "high", "thinking_mode": "thinking"},
    {"enable_thinking": False, "thinking": False, "reasoning_effort": "low", "thinking_mode": "chat"},
    {"reasoning_effort": "none", "preserve_thinking": True, "thinking_budget": 512, "clear_thinking": False,
     "keep_past_thinking": True, "custom_instructions": "Be brief.", "date_string": "1 May 2024",
     "documents": [{"title": "T", "text": "A document.", "doc_id": 3}], "builtin_tools": ["python"]},
]


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller):
        return caller()


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def environment():
    """As Hugging Face's tokenizers have it; the clock stands at what render_template says."""
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                         extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    made.globals["raise_exception"] = refuse
    made.globals["strftime_now"] = lambda form: datetime.datetime(2025, 3, 2, 12).strftime(form)
    return made


def cases():
    for (name, messages), more, prompt in itertools.product(CONVERSATIONS.items(), VARIABLES, (True, False)):
        yield name, {"messages": messages, "tools": None, "add_generation_prompt": prompt, **more}
    for (name, messages), more, prompt in itertools.product(TOOL_CONVERSATIONS.items(), VARIABLES, (True, False)):
        yield name, {"messages": messages, "tools": TOOLS, "add_generation_prompt": prompt, **more}


def expected(template, variables):
    try:
        return {"text": template.render(**copy.deepcopy(variables))}
    except Exception as error:  # whatever Python raises while it renders
        return {"error": f"{type(error).__name__}: {error}"}


def compare(program, file):
    """Count of cases, of those that rendered, and the first that differ."""
    source = file.read_text(encoding="utf-8")
    jobs = [(name, {"bos_token": "<bos>", "eos_token": "<eos>", **variables}) for name, variables in cases()]
    lines = [json.dumps({"template": source, "variables": variables}) for _, variables in jobs]
    answers = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    got = [json.loads(line) for line in answers.stdout.splitlines()]
    try:
        template = environment().from_string(source)
    except jinja2.exceptions.TemplateError as error:
        wants = [{"error": str(error)}] * len(jobs)
    else:
        wants = [expected(template, variables) for _, variables in jobs]
    differ = [(name, variables, want, have) for (name, variables), want, have in zip(jobs, wants, got, strict=True)
              if want.get("text") != have.get("text")]
    return len(jobs), sum("text" in want for want in wants), differ


def show(name, variables, want, have):
    said = {key: value for key, value in variables.items() if key not in ("messages", "tools")}
    print(f"  {name} {json.dumps(said)[:160]}")
    texts = [answer.get("text", answer.get("sentence", answer.get("error", ""))) for answer in (want, have)]
    at = next((i for i, (a, b) in enumerate(zip(*texts)) if a != b), min(map(len, texts)))
    for label, text in zip(("jinja2", "engine"), texts):
        print(f"    {label}: {text[max(0, at - 60):at + 100]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=1, help="differences to show of each template")
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.jinja"))
    if not files:
        parser.error(f"{options.folder} holds no *.jinja")
    equal = total = rendered = 0
    for file in files:
        count, texts, differ = compare(options.program, file)
        total += count
        rendered += texts
        equal += not differ
        print(f"{file.name}: {count - len(differ)} of {count} equal, {texts} of them texts")
        for difference in differ[:options.show]:
            show(*difference)
    print(f"{equal} of {len(files)} templates are equal in all of {total} cases, {rendered} of them texts")
    return 0 if equal == len(files) else 1


if __name__ == "__main__":
    raise SystemExit(main())
