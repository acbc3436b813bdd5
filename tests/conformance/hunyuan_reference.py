# SPDX-License-Identifier: Apache-2.0
"""The forward pass of a Hunyuan model with experts, in float64 with NumPy alone, and the rule of interventions: a forced
expert's logit becomes the row's maximum + 0.01, a banned one's its minimum − 0.01, then biases are added; softmax over all
experts, top-k. One chosen expert keeps its probability, several are divided by their sum."""
import dataclasses
import json

import numpy as np

MARGIN = 0.01  # of a forced logit above the row, of a banned one below it


@dataclasses.dataclass(frozen=True)
class Intervention:
    """Places are (MoE layer, expert); biases (MoE layer, expert, bias)."""
    banned: tuple = ()
    forced: tuple = ()
    biases: tuple = ()
    without_shared: bool = False
    experts_used: int = 0  # 0: the model's


def read_safetensors(path):
    """Name → float64 array; F32 and BF16."""
    data = path.read_bytes()
    head = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:8 + head]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[8 + head + begin:8 + head + end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] == "F32":
            values = np.frombuffer(raw, "<f4")
        else:
            raise ValueError(f"{path.name}: {name} is {entry['dtype']}, which this reader does not know")
        tensors[name] = values.reshape(entry["shape"]).astype(np.float64)
    return tensors


def first(value):
    """Of a scalar, or of a list with one value a layer."""
    values = set(value) if isinstance(value, list) else {value}
    if len(values) != 1:
        raise ValueError(f"layers differ: {value}")
    return values.pop()


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


class Model:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {name.removeprefix("model."): value
                        for name, value in read_safetensors(folder / "model.safetensors").items()}
        c = self.config
        self.layers, self.experts, self.used = c["num_hidden_layers"], c["num_experts"], first(c["moe_topk"])
        self.heads, self.kv_heads = c["num_attention_heads"], c["num_key_value_heads"]
        self.head_dim = c["head_dim"]
        self.skipped = c.get("moe_layer_num_skipped", 0)  # first layers without experts
        self.share = c["cla_share_factor"] if c["use_cla"] else 1

    def weight(self, name):
        return self.weights[name + ".weight"]

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.config["rms_norm_eps"]) * self.weight(name)

    def rope(self, x):
        """x: [tokens][heads][head_dim]; pairs (j, j + d/2)."""
        scaling, d = self.config["rope_scaling"] or {}, self.head_dim
        if scaling and (scaling["type"] != "dynamic" or not scaling.get("alpha")):
            raise ValueError(f"rope_scaling {scaling} is not known here")
        base = self.config["rope_theta"] * scaling.get("alpha", 1)**(d / (d - 2))
        angle = np.arange(x.shape[0])[:, None] * base**(-2 * np.arange(d // 2) / d)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        low, high = x[..., :d // 2], x[..., d // 2:]
        return np.concatenate([low * cos - high * sin, high * cos + low * sin], axis=-1)

    def attention(self, x, layer, shared):
        """(output, raw keys and values for the layers that share them, weights [heads][queries][keys])."""
        name, tokens = f"layers.{layer}.self_attn.", x.shape[0]
        q = (x @ self.weight(name + "q_proj").T).reshape(tokens, self.heads, self.head_dim)
        if layer % self.share == 0:
            shared = tuple((x @ self.weight(name + part).T).reshape(tokens, self.kv_heads, self.head_dim)
                           for part in ("k_proj", "v_proj"))
        k, v = shared
        q, k = self.rope(q), self.rope(k)
        if self.config["use_qk_norm"]:
            q, k = self.norm(q, name + "query_layernorm"), self.norm(k, name + "key_layernorm")
        k, v = (np.repeat(each, self.heads // self.kv_heads, axis=1) for each in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(self.head_dim)
        scores[:, np.triu_indices(tokens, 1)[0], np.triu_indices(tokens, 1)[1]] = -np.inf
        weights = softmax(scores)
        out = np.einsum("hqk,khd->qhd", weights, v).reshape(tokens, -1)
        return out @ self.weight(name + "o_proj").T, shared, weights

    def mlp(self, x, name):
        gate, up = x @ self.weight(name + ".gate_proj").T, x @ self.weight(name + ".up_proj").T
        return (silu(gate) * up) @ self.weight(name + ".down_proj").T

    def route(self, x, layer, intervention):
        """(ids, weights), both [tokens][used], and all probabilities."""
        moe_layer = layer - self.skipped
        logits = x @ self.weight(f"layers.{layer}.mlp.gate.wg").T
        high, low = logits.max(axis=1) + MARGIN, logits.min(axis=1) - MARGIN
        for places, value in ((intervention.banned, low), (intervention.forced, high)):
            for at, expert in places:
                if at == moe_layer:
                    logits[:, expert] = value
        for at, expert, bias in intervention.biases:
            if at == moe_layer:
                logits[:, expert] += bias
        probs = softmax(logits)
        used = intervention.experts_used or self.used
        ids = np.argsort(-logits, axis=1, kind="stable")[:, :used]
        weights = np.take_along_axis(probs, ids, axis=1)
        return ids, weights / weights.sum(axis=1, keepdims=True) if used > 1 else weights, probs

    def moe(self, x, layer, intervention):
        name = f"layers.{layer}.mlp."
        ids, weights, probs = self.route(x, layer, intervention)
        shared = self.config["use_mixed_mlp_moe"] and not intervention.without_shared
        out = self.mlp(x, name + "shared_mlp") if shared else np.zeros_like(x)
        for expert in np.unique(ids):
            token, slot = np.nonzero(ids == expert)
            out[token] += weights[token, slot, None] * self.mlp(x[token], f"{name}experts.{expert}")
        return out, (ids, weights, probs)

    def forward(self, tokens, intervention=Intervention()):
        """logits [tokens][vocabulary]; ids and weights [tokens][MoE layers][used]; probs [tokens][MoE layers][experts]; attention
        [layers][heads][queries][keys]."""
        x, shared, routes, attention = self.weight("embed_tokens")[tokens], None, [], []
        for layer in range(self.layers):
            out, shared, seen = self.attention(self.norm(x, f"layers.{layer}.input_layernorm"), layer, shared)
            attention.append(seen)
            x = x + out
            normed = self.norm(x, f"layers.{layer}.post_attention_layernorm")
            if layer < self.skipped:
                x = x + self.mlp(normed, f"layers.{layer}.mlp")
            else:
                out, route = self.moe(normed, layer, intervention)
                x = x + out
                routes.append(route)
        tied = self.config["tie_word_embeddings"]
        output = self.weights["embed_tokens.weight" if tied else "lm_head.weight"]
        ids, weights, probs = (np.stack(each, axis=1) for each in zip(*routes))
        return {"logits": self.norm(x, "norm") @ output.T, "ids": ids, "weights": weights, "probs": probs,
                "attention": np.stack(attention)}
