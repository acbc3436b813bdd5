#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models for pictures.

    models.py FOLDER                           files whose heads are whole; their weights are holes that take no room
    models.py --template thinking|bare FOLDER  the small model of the tests to be converted, with a chat template that
                                               has a switch for its thinking, or with none
"""
import json
import pathlib
import shutil
import struct
import sys

TEMPLATES = {"bare": "", "thinking": "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
                                     "{{ 'assistant: <think>\\n' }}"
                                     "{% if enable_thinking is defined and not enable_thinking %}"
                                     "{{ '\\n</think>\\n\\n' }}{% endif %}"}

TYPES = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144), "Q6_K": (14, 256, 210)}
ALIGNMENT = 32
U32, F32, BOOL, TEXT = 4, 6, 7, 8


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key, kind, value):
    packed = {U32: lambda: struct.pack("<I", value), F32: lambda: struct.pack("<f", value),
              BOOL: lambda: struct.pack("<?", value), TEXT: lambda: text(value)}[kind]()
    return text(key) + struct.pack("<I", kind) + packed


def tensors(c, main, fine):
    width, queries, keys = c["width"], c["heads"] * c["head"], c["kv"] * c["head"]
    yield "token_embd", (width, c["vocabulary"]), fine
    for i in range(c["layers"]):
        block = f"blk.{i}."
        yield block + "attn_norm", (width,), "F32"
        yield block + "attn_q", (width, queries), main
        yield block + "attn_k", (width, keys), main
        yield block + "attn_v", (width, keys), main
        yield block + "attn_output", (queries, width), main
        yield block + "attn_q_norm", (c["head"],), "F32"
        yield block + "attn_k_norm", (c["head"],), "F32"
        yield block + "ffn_norm", (width,), "F32"
        if not c["experts"]:
            yield block + "ffn_gate", (width, c["ffn"]), main
            yield block + "ffn_up", (width, c["ffn"]), main
            yield block + "ffn_down", (c["ffn"], width), main
            continue
        yield block + "ffn_gate_inp", (width, c["experts"]), "F32"
        yield block + "ffn_gate_exps", (width, c["ffn"], c["experts"]), main
        yield block + "ffn_up_exps", (width, c["ffn"], c["experts"]), main
        yield block + "ffn_down_exps", (c["ffn"], width, c["experts"]), main
        yield block + "ffn_gate_shexp", (width, c["ffn"]), main
        yield block + "ffn_up_shexp", (width, c["ffn"]), main
        yield block + "ffn_down_shexp", (c["ffn"], width), main
    yield "output_norm", (width,), "F32"


def write(path, name, c, main, fine, licence="", synthetic=False, cut=0):
    architecture = "hunyuan-moe" if c["experts"] else "hunyuan-dense"
    pairs = [pair("general.architecture", TEXT, architecture), pair("general.name", TEXT, name)]
    if licence:
        pairs.append(pair("general.license", TEXT, licence))
    if synthetic:
        pairs.append(pair("moescope.synthetic", BOOL, True))
    numbers = {"block_count": c["layers"], "context_length": c["context"], "embedding_length": c["width"],
               "feed_forward_length": c["ffn"], "attention.head_count": c["heads"],
               "attention.head_count_kv": c["kv"], "attention.key_length": c["head"],
               "attention.value_length": c["head"]}
    if c["experts"]:
        numbers |= {"expert_count": c["experts"], "expert_used_count": c["used"], "expert_shared_count": 1,
                    "expert_feed_forward_length": c["ffn"], "expert_shared_feed_forward_length": c["ffn"]}
    pairs += [pair(f"{architecture}.{key}", U32, value) for key, value in numbers.items()]
    pairs.append(pair(f"{architecture}.attention.layer_norm_rms_epsilon", F32, 1e-5))
    infos, offset = [], 0
    for tensor, shape, kind in tensors(c, main, fine):
        number, weights, size = TYPES[kind]
        infos.append(text(tensor + ".weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, offset))
        elements = 1
        for length in shape:
            elements *= length
        offset += -(-elements // weights * size // ALIGNMENT) * ALIGNMENT
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    start = -(-len(head) // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(start + offset - cut)


def shape(layers, width, heads, kv, head, ffn, experts, used, context, vocabulary):
    return {"layers": layers, "width": width, "heads": heads, "kv": kv, "head": head, "ffn": ffn, "experts": experts,
            "used": used, "context": context, "vocabulary": vocabulary}


def with_template(name, folder):
    golden = pathlib.Path(__file__).parents[1] / "data/golden/large_like"
    shutil.copytree(golden, folder, copy_function=shutil.copyfile)
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"chat_template": TEMPLATES[name]}))


def main():
    if sys.argv[1] == "--template":
        with_template(sys.argv[2], pathlib.Path(sys.argv[3]))
        return
    folder = pathlib.Path(sys.argv[1])
    (folder / "more").mkdir(parents=True, exist_ok=True)
    write(folder / "Hunyuan-A13B-Instruct-Q4_K.gguf", "Hunyuan-A13B-Instruct",
          shape(32, 4096, 32, 8, 128, 3072, 64, 8, 262144, 128167), "Q4_K", "Q6_K", "tencent-hunyuan-a13b")
    write(folder / "more" / "Hunyuan-0.5B.gguf", "Hunyuan-0.5B-Instruct",
          shape(24, 1024, 8, 4, 128, 3584, 0, 0, 262144, 120818), "Q8_0", "Q8_0", "tencent-hunyuan")
    write(folder / "more" / "tiny-synthetic.gguf", "tiny-synthetic",
          shape(12, 1024, 8, 4, 128, 1024, 32, 2, 32768, 32000), "Q8_0", "Q8_0", "apache-2.0", synthetic=True)
    write(folder / "长名字.gguf", "混合专家模型：一个名字很长很长的模型，用来看看它在表格里怎样被截断 Instruct 2026",
          shape(4, 512, 8, 4, 64, 512, 16, 2, 8192, 8192), "F16", "F16")
    write(folder / "mixture-test.gguf", "mixture-test", shape(16, 1024, 8, 4, 128, 1024, 16, 2, 8192, 32000), "Q4_K",
          "Q6_K", cut=50_000_000)


main()
