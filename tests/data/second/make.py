#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes second.gguf and golden.json: a tiny random Qwen3 MoE with a tokenizer and a template of its own, stored in BF16,
which are the very weights that transformers computed golden.json with. The environment of tests/conformance runs it:

    "$(tests/conformance/environment.sh)" tests/data/second/make.py [--cli build/release/bin/moescope-cli]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))
import families  # noqa: E402
import tokenizers  # noqa: E402
import tokenizers_of_families as kinds  # noqa: E402
import transformers  # noqa: E402
from family_cases import QWEN3, case, dense  # noqa: E402

ROUTING = {"num_experts": 16, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": True,
           "decoder_sparse_step": 1, "mlp_only_layers": [], "output_router_logits": False, "router_aux_loss_coef": 0.001}
CASE = case("second", dense("Qwen3MoeForCausalLM", "qwen3_moe", head_dim=16, num_hidden_layers=4, **ROUTING,
                            **{**QWEN3, "max_window_layers": 4}) | {"hidden_size": 32, "max_position_embeddings": 1024})
TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and not enable_thinking %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
CHAT = [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Where is the small boat?"},
        {"role": "assistant", "content": "Harbour"}, {"role": "user", "content": "And the <|im_end|>lantern?"}]


def vocabulary(kind):
    """Qwen2's pipeline over a vocabulary of our text, with the marks of the thinking as tokens that a person may read."""
    tokenizer, config, special = kinds.make("qwen2")
    vocab, merges = kinds.byte_vocabulary(kinds.QWEN, 512)
    tokenizer["model"].update(vocab=vocab, merges=merges)
    names = [*kinds.QWEN_SPECIALS, "<think>", "</think>"]
    tokenizer["added_tokens"] = [kinds.added(len(vocab) + i, name, special=name in kinds.QWEN_SPECIALS)
                                 for i, name in enumerate(names)]
    ids = {name: len(vocab) + i for i, name in enumerate(names)}
    config.update(chat_template=TEMPLATE, model_max_length=1024,
                  added_tokens_decoder={str(t["id"]): {k: v for k, v in t.items() if k != "id"}
                                        for t in tokenizer["added_tokens"]})
    return tokenizer, config, {"pad": ids["<|endoftext|>"], "eos": [ids["<|im_end|>"], ids["<|endoftext|>"]]}


def chats(folder):
    """What transformers makes of one conversation with the switch left alone, on and off. The control token in what a
    person says is text: the ids are those of the text between the template's own control tokens, and these."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    plain = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.encode_special_tokens = True
    mark = "\x1f"  # stands for the token that a person wrote, and is in no message
    assert mark not in json.dumps(CHAT, ensure_ascii=False)
    hidden = [{**m, "content": m["content"].replace("<|im_end|>", mark)} for m in CHAT]
    found = []
    for thinking in (None, True, False):
        options = {"add_generation_prompt": True, "tokenize": False}
        if thinking is not None:
            options["enable_thinking"] = thinking
        parts = re.split(r"(<\|im_start\|>|<\|im_end\|>)", tokenizer.apply_chat_template(hidden, **options))
        ids = []
        for part in parts:
            control = part in ("<|im_start|>", "<|im_end|>")
            ids += [plain.token_to_id(part)] if control else plain.encode(part.replace(mark, "<|im_end|>"),
                                                                          add_special_tokens=False).ids
        found.append({"messages": CHAT, "enable_thinking": thinking,
                      "text": tokenizer.apply_chat_template(CHAT, **options), "ids": ids})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/moescope-cli"))
    arguments = parser.parse_args()
    families.torch.set_num_threads(1)  # one order of summation, whatever the machine
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    families.vocabulary = vocabulary
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "Second")
        golden, seed = families.make("qwen3_moe", CASE, folder)
        golden["chats"] = chats(folder)
        for prompt in golden["prompts"]:  # the last position has seen them all
            last = str(len(prompt["ids"]) - 1)
            prompt["logits"] = {last: prompt["logits"][last]}
            del prompt["router_weights"], prompt["argmax"]
        golden["about"] = {**families.ABOUT, "router_ids": "[layer][token][k], best first"}
        del golden["about"]["router_ids/router_weights"]
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps({**config, "_name_or_path": "Second", "license": "apache-2.0"}),
                                           encoding="utf-8")
        subprocess.run([arguments.cli, "convert", folder, HERE / "second.gguf", "--type", "bf16"], check=True)
    text = json.dumps(golden, ensure_ascii=False, separators=(",", ":"))
    (HERE / "golden.json").write_text(text + "\n", encoding="utf-8")
    print(f"seed {seed}, margins {golden['margins']}, noise {golden['noise']:.1e}")


if __name__ == "__main__":
    main()
