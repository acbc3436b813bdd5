#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seeds.py TARGET FOLDER DICTIONARY: small inputs for a fuzzer to begin with, and the words that its readers know, taken
from their sources."""
import base64
import json
import os
import pathlib
import re
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data"
LARGEST = 32 << 10  # bytes of a seed
# Sources whose string literals an input may hold.
WORDS = {
    "gguf": ("engine/gguf/header_parser.cpp", "engine/gguf/split_files.h", "engine/model/model_*.cpp",
             "engine/model/rope_config.cpp", "engine/model/config_keys.cpp", "engine/model/expected_tensors.cpp",
             "engine/model/family.cpp", "engine/model/tokenizer.cpp", "engine/model/vocabulary.cpp",
             "engine/model/pre_tokenizer_table.cpp", "engine/model/chat_template.cpp"),
    "safetensors": ("engine/model/safetensors.cpp", "engine/model/weight_folder.cpp"),
    "tokenizer_json": ("engine/model/hf_tokenizer.cpp", "engine/model/hf_splitting.cpp", "engine/model/hy_tiktoken.cpp",
                       "engine/model/pre_tokenizer_table.cpp"),
    "tokenizer": (),
    "chat_template": ("engine/model/jinja_*.cpp", "engine/model/chat_template.cpp"),
}
MARKS = {
    "gguf": (),
    "safetensors": ("18446744073709551615", "-1", "[0]", "model-00001-of-00002.safetensors", "1e400"),
    "tokenizer_json": ("null", "true", "-1", "4294967296", "1e400", "\\u0000", "\\ud800", "{}", "[]", "\u2581", "\u0120"),
    "tokenizer": ("<|im_start|>", "<tool>", "<tool> more", "<s>", "\u2581", "e\u0301", "\u00e9", "\u4f60", "  ", "\r\n", "'s",
                  "\u0344", "\u1e9b\u0323", "\uac00", "\u1100\u1161", "\u180e", "\ufeff", "\U0001f680", "\xb2"),
    "chat_template": ("{%-", "-%}", "{{-", "-}}", "{%", "%}", "{{", "}}", "{#", "#}", "**", "//", "~", "|", "==", "!=", "<=",
                      " is ", " in ", " if ", " else ", "not ", "and ", "or ", "endfor", "endif", "endmacro", "loop.",
                      "messages", "tools", "[::-1]", "namespace()", "range(", "9223372036854775807"),
}
# Sizes of a model of one layer, by the name after the architecture.
SIZES = {"block_count": 1, "context_length": 64, "embedding_length": 8, "feed_forward_length": 6, "attention.head_count": 2,
         "attention.head_count_kv": 1, "attention.key_length": 4, "attention.value_length": 4}
EXPERTS = {"expert_count": 3, "expert_used_count": 2, "expert_feed_forward_length": 6}
TOKENS = ["a", "b", "ab", "\u0120", "\u0120a", "1", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
TYPES = [1, 1, 1, 1, 1, 1, 3, 3, 3, 3]


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(key, value):
    """A metadata entry of the type that Python's value suggests."""
    if isinstance(value, bool):
        return text(key) + struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    kind, one = {str: (8, text), int: (5, lambda n: struct.pack("<i", n)),
                 float: (6, lambda n: struct.pack("<f", n))}[type(value[0])]
    return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + b"".join(map(one, value))


def gguf(metadata, tensors):
    """A GGUF file; `tensors` is [(name, shape, type, bytes)]."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(entry(*pair) for pair in metadata.items())
    offset = 0
    for name, shape, kind, size in tensors:
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        offset += -(-size // 32) * 32
    return head + bytes(-len(head) % 32 + offset)


def model(architecture, sizes, parts, layer, tokenizer):
    """A model of one layer in F32; `layer` and `parts` name tensors and their shapes."""
    metadata = {"general.architecture": architecture, "general.name": "Seed",
                f"{architecture}.attention.layer_norm_rms_epsilon": 1e-5, f"{architecture}.rope.freq_base": 10000.0}
    metadata |= {f"{architecture}.{key}": value for key, value in sizes.items()} | tokenizer
    shapes = {"token_embd.weight": [8, 10], "output_norm.weight": [8], **parts}
    shapes |= {f"blk.0.{name}": shape for name, shape in layer.items()}
    return gguf(metadata, [(name, shape, 0, 4 * product(shape)) for name, shape in shapes.items()])


def product(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def gguf_seeds():
    byte_level = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2", "tokenizer.ggml.tokens": TOKENS,
                  "tokenizer.ggml.token_type": TYPES, "tokenizer.ggml.merges": ["a b", "\u0120 a"],
                  "tokenizer.ggml.bos_token_id": 6, "tokenizer.ggml.eos_token_id": 7, "moescope.stop_token_ids": [7, 9],
                  "moescope.sampling.temperature": 0.7,
                  "tokenizer.chat_template": "{% for m in messages %}{{ '<|im_start|>' + m.role + m.content }}{% endfor %}"}
    pieces = {"tokenizer.ggml.model": "llama", "tokenizer.ggml.scores": [-1.0 * i for i in range(10)],
              "tokenizer.ggml.tokens": ["<unk>", "\u2581", "a", "b", "\u2581a", "<0x0A>", "<s>", "</s>", "ab", "<tool>"],
              "tokenizer.ggml.token_type": [2, 1, 1, 1, 1, 6, 3, 3, 1, 4], "tokenizer.ggml.bos_token_id": 6,
              "tokenizer.ggml.add_space_prefix": True, "tokenizer.ggml.add_bos_token": True}
    attention = {"attn_norm.weight": [8], "attn_q.weight": [8, 8], "attn_k.weight": [8, 4], "attn_v.weight": [8, 4],
                 "attn_output.weight": [8, 8]}
    norms = {"attn_q_norm.weight": [4], "attn_k_norm.weight": [4]}
    dense = {"ffn_norm.weight": [8], "ffn_gate.weight": [8, 6], "ffn_up.weight": [8, 6], "ffn_down.weight": [6, 8]}
    routed = {"ffn_norm.weight": [8], "ffn_gate_inp.weight": [8, 3], "ffn_gate_exps.weight": [8, 6, 3],
              "ffn_up_exps.weight": [8, 6, 3], "ffn_down_exps.weight": [6, 8, 3]}
    shared = {"ffn_gate_shexp.weight": [8, 6], "ffn_up_shexp.weight": [8, 6], "ffn_down_shexp.weight": [6, 8]}
    biases = {"attn_q.bias": [8], "attn_k.bias": [4], "attn_v.bias": [4]}
    untied = {"output.weight": [8, 10]}
    post = {"post_attention_norm.weight": [8], "post_ffw_norm.weight": [8]}
    window = {"attention.sliding_window": 8}
    yarn = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 16}
    sinks = {**attention, **biases, "attn_output.bias": [8], "attn_sinks.weight": [2], "post_attention_norm.weight": [8],
             **{name: shape for name, shape in routed.items() if name != "ffn_norm.weight"}, "ffn_gate_inp.bias": [3],
             "ffn_gate_exps.bias": [6, 3], "ffn_up_exps.bias": [6, 3], "ffn_down_exps.bias": [8, 3]}
    yield "llama", model("llama", SIZES, {"rope_freqs.weight": [2]}, {**attention, **dense}, pieces)
    yield "qwen3moe", model("qwen3moe", SIZES | EXPERTS, untied, {**attention, **norms, **routed}, byte_level)
    yield "hunyuan-large", model("hunyuan-large", SIZES | EXPERTS | {"expert_shared_count": 1,
                                 "expert_shared_feed_forward_length": 6, "attention.cla_share_factor": 2}, {},
                                 {**attention, **norms, **routed, **shared}, byte_level)
    yield "qwen2", model("qwen2", SIZES, untied, {**attention, **biases, **dense}, byte_level)
    yield "gemma3", model("gemma3", SIZES | window | {"rope.freq_base_swa": 10000.0}, {},
                          {**attention, **norms, **dense, **post}, pieces)
    yield "gpt-oss", model("gpt-oss", SIZES | EXPERTS | window | yarn, untied, sinks, byte_level)
    quantised = [(name, [256, 1], kind, size) for name, kind, size in
                 (("q4_0", 2, 144), ("q8_0", 8, 272), ("q2_k", 10, 84), ("q6_k", 14, 210), ("iq4_xs", 23, 136),
                  ("bf16", 30, 512), ("mxfp4", 39, 136))]
    yield "types", gguf({"general.architecture": "llama", "general.alignment": 32, "a.flags": [1, 2], "a.numbers": [1.5]},
                        quantised)
    yield "python", (DATA / "gguf/python.gguf").read_bytes()


def safetensors_seeds():
    header = {"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
              "b.weight": {"dtype": "F32", "shape": [2], "data_offsets": [12, 20]},
              "c": {"dtype": "F16", "shape": [], "data_offsets": [20, 22]}}
    for name, table in (("good", header), ("empty", {}), ("fp8", {"w": {"dtype": "F8_E4M3", "shape": [4],
                                                                         "data_offsets": [0, 4]}})):
        raw = json.dumps(table).encode()
        yield name, struct.pack("<Q", len(raw)) + raw + bytes(range(22))
    shards = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    yield "index", json.dumps({"metadata": {"total_size": 64}, "weight_map": {
        "a": shards[0], "b": shards[0], "c": shards[1], "d": shards[1]}}).encode()


def tokenizer_json_seeds():
    for path in sorted(DATA.glob("golden/*/tokenizer.json"))[:1]:
        yield "golden", path.read_bytes() + b"\0It's 12 lanterns\n\n <s>"
    vocabulary = {token: i for i, token in enumerate(TOKENS[:6])}
    added = [{"id": 6 + i, "content": name, "special": i < 3, "normalized": False} for i, name in
             enumerate(("<s>", "</s>", "<|im_end|>", "<tool>"))]
    cut = {"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Isolated", "invert": False}
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    first = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                     {"Sequence": {"id": "A", "type_id": 0}}]}
    bpe = {"type": "BPE", "vocab": vocabulary, "merges": ["a b", ["\u0120", "a"]]}
    for name, normalizer, pre in (
            ("bytes", None, bytes_only), ("nfc", {"type": "NFC"}, bytes_only),
            ("digits", None, {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, bytes_only]}),
            ("split", None, {"type": "Sequence", "pretokenizers": [cut, bytes_only]})):
        yield name, json.dumps({"added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre, "model": bpe,
                                "post_processor": first, "decoder": bytes_only}).encode() + b"\0ab 12"
    pieces = {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "fuse_unk": True, "merges": [["\u2581", "a"]],
              "vocab": {t: i for i, t in enumerate(["<unk>", "<0x0A>", "\u2581", "a", "\u2581a"])}}
    spaces = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                                                  {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    for name, normalizer, pre in (("prepend", spaces, None), ("metaspace", None, metaspace)):
        yield name, json.dumps({"added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre,
                                "model": pieces}, ensure_ascii=False).encode() + b"\0a a"
    yield "tiktoken", b"".join(base64.b64encode(bytes([b])) + f" {b}\n".encode() for b in range(256)) + b"YWI= 256\n"


def tokenizer_seeds():
    texts = ["It's 12:05; e\u0301 \u4f60\u597d, na\u00efve!\n\n  x\u00b2 = 9\t\U0001f680", "ab abab  aaa   ", "<|im_start|>a<tool> more<s>",
             "\u1100\u1161\u11a8 \u0344\u1e9b\u0323", "\xff"]
    for which in (*range(0, 40, 3), 28, 29, 128, 157):
        yield f"{which}", bytes([which]) + texts[which % len(texts)].encode("latin-1" if which % 5 == 4 else "utf-8")


def chat_template_seeds():
    cases = json.loads((DATA / "model/jinja_cases.json").read_text(encoding="utf-8"))["cases"]
    for i, one in enumerate(cases):
        yield f"{i}", one["template"].encode() + (b"\0Hello <|im_end|>" if i % 4 == 0 else b"")
    for path in sorted(DATA.glob("golden/*/tokenizer_config.json"))[:1]:
        yield "golden", json.loads(path.read_text(encoding="utf-8"))["chat_template"].encode() + b"\0Hello <|im_end|>"


def fixtures(target):
    """Small files of other people's models, where there are some."""
    folder = os.environ.get("MOESCOPE_FIXTURES")
    ending = {"gguf": "*.gguf", "tokenizer_json": "tokenizer.json", "safetensors": "*.safetensors"}.get(target)
    for path in sorted(pathlib.Path(folder).rglob(ending)) if folder and ending else ():
        if path.stat().st_size <= LARGEST:
            yield "fixture-" + path.parent.name + "-" + path.stem, path.read_bytes()


def dictionary(target):
    words = set(MARKS[target])
    for pattern in WORDS[target]:
        for path in ROOT.glob(pattern):
            literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text(encoding="utf-8"))
            words |= {word for word in literals if re.fullmatch(r"[\w.<>|%/-]{2,40}", word) and "engine/" not in word}
    for number, word in enumerate(sorted(words)):
        spelled = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in word.encode())
        yield f'w{number}="{spelled}"\n'


def main():
    target, folder, words = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for source in (globals()[target + "_seeds"](), fixtures(target)):
        for name, raw in source:
            (folder / f"seed-{name}").write_bytes(raw)
            count += 1
    for path in (DATA / "fuzz" / target).glob("*"):
        (folder / f"kept-{path.name}").write_bytes(path.read_bytes())
        count += 1
    words.write_text("".join(dictionary(target)), encoding="utf-8")
    print(f"{target}: {count} seeds")


main()
