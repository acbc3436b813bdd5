# SPDX-License-Identifier: Apache-2.0
"""Small tokenizers with the pipelines of published ones: a vocabulary of our own, the family's normalizer,
pre-tokenizer, model options, added tokens, post-processor and decoder.

make(kind) gives (tokenizer.json as a dict, names of its special tokens {"bos": …, "eos": […], …}).
"""
import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

TEXT = """Once upon a time there was a small lantern in a window over the harbour. Every evening the keeper's daughter lit
it, and every morning she put it out again. "Isn't it odd," she asked, "that the sea never answers?" The sea didn't.
The boats came home: one, two, three; 12 of them in 1987, 305 in 2024, and they'll come back, we've heard, at 12:05.
He said: "I'm sure you're right; we'd better wait." She'd waited since the 3rd of May, and the 21st, and 4,096 days.
def keep(lantern, hours=12):\n    for hour in range(hours):\n        if lantern.is_lit():\n            return hour * 60\n
The router gives each token to a few of its experts; the experts answer, and their answers are weighted and added.
Там, где кончается улица, стоит старый дом. Утром над ним летают птицы. 从前有一个小灯笼,挂在海港的窗前。你好,世界!
Über den Dächern hängt der Nebel, naïve café, façade, señor, Ærø, Łódź. 山の上に 小さな 家が ある。 안녕하세요 세계.
What is 1 + 2? It is 3. What is 10 * 10? It is 100. Where is the small boat? The boat is in the harbour over there.
"""
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTIONS + "?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTIONS + "?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def added(index, content, special=True, normalized=False, rstrip=False):
    return {"id": index, "content": content, "single_word": False, "lstrip": False, "rstrip": rstrip,
            "normalized": normalized, "special": special}


def split(pattern, behavior="Isolated"):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": False}


def byte_level(use_regex, add_prefix_space=False, trim_offsets=True):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets,
            "use_regex": use_regex}


def sequence(kind, parts):
    return {"type": "Sequence", kind: parts}


def with_first(token, index):
    """A post-processor that puts `token` first."""
    return {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": token, "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [index], "tokens": [token]}}}


def document(model, added_tokens, normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
            "decoder": decoder, "model": model}


def bpe(vocabulary, merges, **options):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            **options, "vocab": vocabulary, "merges": merges}


def byte_vocabulary(pattern, size):
    """BPE over bytes, trained on TEXT cut by `pattern` (None: GPT-2's): ({token: id}, merges)."""
    tokenizer = Tokenizer(models.BPE())
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    if pattern is not None:
        from tokenizers import Regex
        cut = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), cut])
    tokenizer.pre_tokenizer = cut
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(TEXT.split("\n\n"), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [m if isinstance(m, list) else m.split(" ") for m in model["merges"]]


def piece_vocabulary(heads, size, tail=()):
    """SentencePiece's layout: `heads`, 256 bytes, `tail`, pieces by rank, then single characters."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False)
    tokenizer.train_from_iterator([line for line in TEXT.replace("\n", " ").split(". ")], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [m if isinstance(m, list) else m.split(" ") for m in model["merges"]]
    made = ["".join(m) for m in merges]
    characters = [token for token in model["vocab"] if token not in set(made)]
    pieces = list(heads) + [f"<0x{b:02X}>" for b in range(256)] + list(tail) + made + characters
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return vocabulary, [merge for piece in made for merge in splits(piece, vocabulary)]


def splits(piece, vocabulary):
    """All merges that make a piece: what Hugging Face writes for SentencePiece's, which joins whatever makes a piece."""
    halves = [(piece[:i], piece[i:]) for i in range(1, len(piece))]
    return [list(h) for h in sorted((h for h in halves if h[0] in vocabulary and h[1] in vocabulary),
                                    key=lambda h: (vocabulary[h[0]], vocabulary[h[1]]))]


def byte_kind(pattern, specials, size=448, first=None, normalizer=None, digits=False, spaces=(), **options):
    """A byte-level tokenizer: `specials` after the vocabulary, `first` of them put first, runs of `spaces` as NeoX."""
    vocabulary, merges = byte_vocabulary(pattern, size)
    if options.get("ignore_merges"):
        vocabulary = {**vocabulary, "Ġlanterns": len(vocabulary)}  # no merges lead to it: only the whole word does
    base = len(vocabulary)
    tokens = [added(base + i, s) for i, s in enumerate(specials)]
    tokens += [added(base + len(specials) + i, s, special=False, normalized=True) for i, s in enumerate(spaces)]
    if pattern is not None:
        pre = sequence("pretokenizers", [split({"Regex": pattern}), byte_level(False)])
    elif digits:
        pre = sequence("pretokenizers", [{"type": "Digits", "individual_digits": True}, byte_level(True)])
    else:
        pre = byte_level(True)
    post = byte_level(True, trim_offsets=False)
    if first is not None:
        post = sequence("processors", [post, with_first(first, base + specials.index(first))])
    return document(bpe(vocabulary, merges, **options), tokens, normalizer, pre, post,
                    byte_level(True, add_prefix_space=True))


def piece_decoder(strip):
    parts = [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
    if strip:
        parts.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return sequence("decoders", parts)


def llama2(metaspace=False, more=(), phi3=False, tail=()):
    """SentencePiece as Llama 2's; `metaspace` as Mistral's later files; `more` special tokens after the vocabulary;
    `phi3`: all that begin or end something in a chat take the white space behind them along."""
    vocabulary, merges = piece_vocabulary(("<unk>", "<s>", "</s>"), 200, tail)
    model = bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokens = [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>", special=not phi3, rstrip=phi3)]
    tokens += [added(vocabulary[s], s) for s in tail]
    tokens += [added(len(vocabulary) + i, s, rstrip=phi3 and s != "<|endoftext|>") for i, s in enumerate(more)]
    normalizer = sequence("normalizers", [{"type": "Prepend", "prepend": "▁"},
                                          {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}])
    pre = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    return document(model, tokens, None if metaspace else normalizer, pre if metaspace else None,
                    with_first("<s>", 1), piece_decoder(True))


def gemma():
    heads = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>", "\n\n", "▁▁")
    vocabulary, merges = piece_vocabulary(heads, 210)
    model = bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokens = [added(i, s, special=i < 7) for i, s in enumerate(heads)]
    return document(model, tokens, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                    split({"String": " "}, "MergedWithPrevious"), with_first("<bos>", 2), piece_decoder(False))


NFC = {"type": "NFC"}
QWEN_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
LLAMA3_SPECIALS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
O200K_SPECIALS = ("<|startoftext|>", "<|endoftext|>", "<|return|>", "<|start|>", "<|message|>", "<|end|>", "<|call|>")
GRANITE_SPECIALS = ("<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>")
DEEPSEEK_SPECIALS = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")

# Roles of the special tokens, then what opens and closes a turn in our template: ({role}, {text}).
KINDS = {
    "qwen2": (lambda: byte_kind(QWEN, QWEN_SPECIALS, normalizer=NFC),
              {"eos": ["<|im_end|>", "<|endoftext|>"], "pad": "<|endoftext|>"},
              ("<|im_start|>{role}\n", "<|im_end|>\n")),
    "llama3": (lambda: byte_kind(LLAMA3, LLAMA3_SPECIALS, first="<|begin_of_text|>", ignore_merges=True),
               {"bos": "<|begin_of_text|>", "eos": ["<|end_of_text|>", "<|eot_id|>"]},
               ("<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>")),
    "o200k": (lambda: byte_kind(O200K, O200K_SPECIALS),
              {"bos": "<|startoftext|>", "eos": ["<|return|>", "<|endoftext|>", "<|call|>"], "pad": "<|endoftext|>"},
              ("<|start|>{role}<|message|>", "<|end|>")),
    "neox": (lambda: byte_kind(None, ("<|padding|>", "<|endoftext|>"), normalizer=NFC, spaces=("    ", "   ", "  ")),
             {"eos": ["<|endoftext|>"], "pad": "<|padding|>"}, ("<|{role}|>\n", "\n")),
    "granite": (lambda: byte_kind(None, GRANITE_SPECIALS, digits=True),
                {"bos": "<|end_of_text|>", "eos": ["<|end_of_text|>"], "pad": "<|end_of_text|>"},
                ("<|start_of_role|>{role}<|end_of_role|>", "<|end_of_text|>\n")),
    "llama2": (llama2, {"bos": "<s>", "eos": ["</s>"], "unk": "<unk>"}, ("{role}: ", "</s>")),
    "mistral": (lambda: llama2(metaspace=True, tail=("[INST]", "[/INST]")),
                {"bos": "<s>", "eos": ["</s>"], "unk": "<unk>"}, ("[INST]{role} ", "[/INST]")),
    "phi3": (lambda: llama2(more=("<|endoftext|>", "<|assistant|>", "<|end|>", "<|system|>", "<|user|>"), phi3=True),
             {"bos": "<s>", "eos": ["<|end|>", "<|endoftext|>"], "unk": "<unk>", "pad": "<|endoftext|>"},
             ("<|{role}|>\n", "<|end|>\n")),
    "gemma": (gemma, {"bos": "<bos>", "eos": ["<eos>", "<end_of_turn>"], "unk": "<unk>", "pad": "<pad>"},
              ("<start_of_turn>{role}\n", "<end_of_turn>\n")),
}


def template(opening, closing, bos):
    """A chat template: bos, then every message between opening and closing, then the assistant's opening."""
    def literal(text):
        return json.dumps(text, ensure_ascii=False)

    before, role, after = opening.partition("{role}")
    head = " + ".join(([literal(before)] if before else []) + ["message['role']"] + ([literal(after)] if after else []))
    start = "{{- bos_token -}}" if bos else ""
    return (f"{start}{{%- for message in messages -%}}{{{{- {head} + message['content'] + {literal(closing)} -}}}}"
            f"{{%- endfor -%}}{{%- if add_generation_prompt -%}}{{{{- {literal(opening.replace('{role}', 'assistant'))}"
            f" -}}}}{{%- endif -%}}")


def make(kind):
    """(tokenizer.json, tokenizer_config.json, {"bos", "eos", "pad": ids}) of a kind."""
    maker, roles, (opening, closing) = KINDS[kind]
    tokenizer = maker()
    ids = {**tokenizer["model"]["vocab"], **{t["content"]: t["id"] for t in tokenizer["added_tokens"]}}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False,
              "model_max_length": 256, "add_bos_token": "bos" in roles and kind not in ("o200k", "granite"),
              "added_tokens_decoder": {str(t["id"]): {k: v for k, v in t.items() if k != "id"}
                                       for t in tokenizer["added_tokens"]}}
    for role in ("bos", "pad", "unk"):
        config[f"{role}_token"] = roles.get(role)
    config["eos_token"] = roles["eos"][0]
    config["chat_template"] = template(opening, closing, config["add_bos_token"])
    special = {role: ids[token] for role, token in roles.items() if role != "eos"}
    return tokenizer, config, {**special, "eos": [ids[token] for token in roles["eos"]]}
