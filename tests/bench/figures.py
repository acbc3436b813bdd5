# SPDX-License-Identifier: Apache-2.0
"""What the benchmark scripts compute and read, without running anything: expected lines, llama-bench's reports, .npy files."""
import array
import ast
import json
import re
import statistics
import struct


def kv_bytes_read(kv_bytes_per_token, layers, cla_share_factor):
    """Bytes that a decoded token reads for each token in the cache. Layers that share a cache store it once, and each of them
    reads it: between two of them lie the weights of an FFN, more than a cache of the device keeps."""
    owners = -(-layers // cla_share_factor)
    if kv_bytes_per_token % owners != 0:
        raise ValueError(f"{kv_bytes_per_token} bytes of KV cache a token are not {owners} equal layers.")
    return kv_bytes_per_token // owners * layers


def point(test, tokens, x):
    """Median, least and most over the runs of one test of `bench`: tok/s, and ms of `tokens` tokens: 1 for decode, the whole
    prompt for prefill."""
    speed = test["tokens_per_second"]
    return {"tokens": x, "n": len(test["runs"]), "tokens_per_second": speed,
            "ms": {"median": 1e3 * tokens / speed["median"], "min": 1e3 * tokens / speed["max"],
                   "max": 1e3 * tokens / speed["min"]}}


def attention_flop(layers, heads, head_dim):
    """Operations of a decoded token for each token in the cache: a score and a weighted value of each head."""
    return 4 * layers * heads * head_dim


def decode_growth(kv_bytes, copy_gb_per_second, flop, fma_gflop_per_second):
    """(ms, "bytes" or "operations"): what a decoded token takes for each token in the cache where the device does nothing else,
    and which of the two it is bound by: reading `kv_bytes` as fast as it copies, or `flop` operations as fast as it multiplies
    and adds."""
    bytes_ms = kv_bytes / (copy_gb_per_second * 1e9) * 1e3
    operations_ms = flop / (fma_gflop_per_second * 1e9) * 1e3
    return (bytes_ms, "bytes") if bytes_ms >= operations_ms else (operations_ms, "operations")


def decode_line(kv_bytes, gb_per_second, flop, fma_gflop_per_second):
    """ms that a decoded token takes for each token in the cache by a program that reads it as fast as it reads its weights
    (`gb_per_second`, measured without a cache), and then multiplies and adds as fast as the device can."""
    return kv_bytes / (gb_per_second * 1e9) * 1e3 + flop / (fma_gflop_per_second * 1e9) * 1e3


def decode_ms(depth, first, growth_ms):
    """Expected ms a token at `depth`. `first`: (depth, ms a token) of the shallowest measurement; the rest is what each token in
    the cache adds."""
    first_depth, first_ms = first
    return first_ms + (depth - first_depth) * growth_ms


def slope(points):
    """Of the line with the least squares through points (x, y)."""
    x, y = (statistics.fmean(each) for each in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def prefill_gflop(tokens, gflop_per_token, layers, heads, head_dim):
    """Operations of a prompt: the weights for each token, and scores and values over half of the prompt in the mean."""
    return tokens * gflop_per_token + 4 * layers * heads * head_dim * tokens**2 / 2 / 1e9


def prefill_ms(tokens, fit, gflop_of):
    """Expected ms of a prompt. `fit`: (tokens, ms) of the measurement that gives the rate; `gflop_of(tokens)`."""
    fit_tokens, fit_ms = fit
    return fit_ms * gflop_of(tokens) / gflop_of(fit_tokens)


def fit_point(lengths, wanted):
    """The length that the rate is taken from: `wanted` where it was measured, else the next longer, else the longest."""
    return min((n for n in lengths if n >= wanted), default=max(lengths))


def within_context(depths, prefill, decoded, context):
    """Depths and prompt lengths, ascending, that a model made for `context` tokens has room for, and a sentence for each change."""
    sentences = []
    deepest = context - decoded
    kept = sorted({min(depth, deepest) for depth in depths}) if deepest >= 0 else []
    if deepest < 0 and depths:
        sentences.append(f"The model was made for {context:,} tokens, fewer than the {decoded:,} to decode: decode is left out.")
    elif kept != sorted(set(depths)):
        sentences.append(f"The model was made for {context:,} tokens: with {decoded:,} decoded ones the depth ends at {deepest:,}.")
    short = sorted({n for n in prefill if n <= context})
    if any(n > context for n in prefill):
        sentences.append(f"The model was made for {context:,} tokens: longer prompts are left out.")
    return kept, short, sentences


def llama_bench(stdout, stderr, backend):
    """A report of `llama-bench -o json` as ({"commit", "device", "software"}, {test: tok/s}), tests named as Moescope's are.
    `backend`: "vulkan", "cuda" or "cpu". ValueError where the backend found no device: llama.cpp then computes on the CPU."""
    tests = json.loads(stdout)
    pattern = {"vulkan": r"ggml_vulkan: 0 = (.*)", "cuda": r"^ +Device 0: (.*)", "cpu": None}[backend]
    found = pattern and re.search(pattern, stderr, re.M)
    if pattern and not found:
        raise ValueError(f"llama-bench names no device of its backend {backend}, so it computed on the CPU.")
    about = {"commit": tests[0]["build_commit"], "device": found[1].strip() if found else tests[0]["cpu_info"],
             "software": backend == "vulkan" and "Device type is CPU" in stderr}

    def name(test):
        kind = f"pp{test['n_prompt']}" if test["n_prompt"] else f"tg{test['n_gen']}"
        return kind + (f"@d{test['n_depth']}" if test["n_depth"] else "")

    return about, {name(test): test["avg_ts"] for test in tests}


def device_fields(line):
    """Of llama.cpp's device line, "NAME | warp size: 32 | int dot: 1 | …": {"warp size": "32", "int dot": "1", …}."""
    return dict(part.split(": ", 1) for part in line.split(" | ")[1:])


def peer_sentence(about):
    """What a peer's device line limits, or "". A processor has no matrix cores to miss."""
    if about["software"] or device_fields(about["device"]).get("matrix cores") != "none":
        return ""
    return ("This llama.cpp computes without matrix cores: on a device that has them it was built by a glslc that does not know "
            "them, and then it counts for decode only, not for prefill.")


def gb_per_second(name, tokens_per_second, bytes_per_token):
    """Of weights, what a decode reads; None for a prefill, which reads a weight once for many tokens."""
    return tokens_per_second * bytes_per_token / 1e9 if name.startswith("tg") else None


def calls(prefill, decode, depths):
    """What one run of a side is asked for, [(prefill, decode, depth)]: prompts into an empty cache, decode at each depth."""
    asked = [([0], decode, depth) for depth in depths if depth > 0]
    if 0 in depths:
        return [(prefill, decode, 0), *asked]
    return ([(prefill, [0], 0)] if any(prefill) else []) + asked


def side_name(side):
    return "Moescope" if side == "ours" else f"llama.cpp {side}"


def comparison(about, runs):
    """Lines of the table of medians, ratios and shares of a copy. `about` and `runs`, {side: {test: [tok/s]}}, of the sides that
    are to be shown: "ours" or not, the peers after it."""
    report = about.get("ours")
    peers = [side for side in runs if side != "ours"]

    def share(name, speed):
        rate = gb_per_second(name, speed, report["bytes_per_token"]) if report else None
        return f"{100 * rate / report['copy_gb_per_second']:8.1f}" if rate is not None else " " * 8

    lines = [f"{'tok/s':14}" + (f"{'Moescope':>10}{'% copy':>8}" if report else "") +
             "".join(f"{side_name(side):>18}{'% copy':>8}{'ratio':>8}" for side in peers)]
    for name in dict.fromkeys(name for speeds in runs.values() for name in speeds):
        medians = {side: statistics.median(speeds[name]) for side, speeds in runs.items() if name in speeds}
        mine = medians.get("ours")
        row = f"{name:14}"
        if report:
            row += f"{mine:10.1f}{share(name, mine)}" if mine else " " * 18
        for side in peers:
            other = medians.get(side)
            ratio = f"{mine / other:8.2f}" if mine and other else " " * 8
            row += f"{other:18.2f}{share(name, other)}{ratio}" if other else " " * 34
        lines.append(row.rstrip())
    return lines


def interval_sums(intervals):
    """(kernels, ms, share of all, number of intervals) of a profile, summed over the layers, longest first."""
    sums = {}
    for interval in intervals:
        ms, count = sums.get(interval["kernels"], (0, 0))
        sums[interval["kernels"]] = ms + interval["ms"], count + 1
    whole = sum(ms for ms, _ in sums.values()) or 1
    return sorted(((kernels, ms, ms / whole, count) for kernels, (ms, count) in sums.items()), key=lambda row: -row[1])


def read_npy(path):
    """(shape, flat array) of a little-endian .npy file of int32 or float32 in C order."""
    data = path.read_bytes()
    if data[:6] != b"\x93NUMPY":
        raise ValueError(f"{path} is no .npy file.")
    wide = data[6] > 1
    length, = struct.unpack_from("<I" if wide else "<H", data, 8)
    start = (12 if wide else 10) + length
    header = ast.literal_eval(data[start - length:start].decode("latin-1").strip())
    kind = {"<i4": "i", "<f4": "f"}.get(header["descr"])
    if kind is None or header["fortran_order"]:
        raise ValueError(f"{path} holds {header['descr']}, fortran_order {header['fortran_order']}.")
    values = array.array(kind)
    values.frombytes(data[start:])
    return header["shape"], values
