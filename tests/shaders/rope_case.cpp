// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"

#include "engine/inference/kv_cache.h"
#include "tests/support/kv_row.h"

#include <cmath>

namespace moescope::test {

using model::QkNorm;
using model::RopeStyle;
using enum inference::KvType;

namespace {

constexpr double base = 10000;

std::vector<float> ropeTable(uint32_t first, uint32_t turning, uint32_t context) {
    std::vector<float> table(size_t{first} * turning, 7); // rows of the table before: wrong for this layer
    for (uint32_t p = 0; p < context; ++p) {
        for (uint32_t j = 0; j < turning / 2; ++j) {
            const double angle = p * std::pow(base, -2.0 * j / turning);
            table.push_back(static_cast<float>(std::cos(angle)));
            table.push_back(static_cast<float>(std::sin(angle)));
        }
    }
    return table;
}

} // namespace

std::vector<RopeCase> ropeCases() {
    return {{4, 2, 16, QkNorm::AfterRope, F32, true},
            {5, 1, 80, QkNorm::AfterRope, F16, true},
            {3, 3, 36, QkNorm::None, F32, true},
            {2, 1, 18, QkNorm::AfterRope, F16, true},
            {8, 2, 32, QkNorm::AfterRope, F16, false},
            {4, 2, 64, QkNorm::None, F32, true, RopeStyle::Interleaved},
            {3, 1, 20, QkNorm::BeforeRope, F16, true, RopeStyle::NeoX, 0, true},
            {4, 4, 36, QkNorm::WholeBeforeRope, F32, true},
            {4, 2, 32, QkNorm::WholeBeforeRope, F16, true, RopeStyle::NeoX, 16, true},
            {6, 2, 24, QkNorm::WholeBeforeRope, F16, true, RopeStyle::Interleaved, 8, true},
            {4, 2, 96, QkNorm::None, F32, true, RopeStyle::NeoX, 72, true, 4},
            {2, 2, 256, QkNorm::BeforeRope, F32, true, RopeStyle::NeoX, 0, false, 9},
            {4, 2, 64, QkNorm::AfterRope, Q8_0, true},
            {2, 1, 20, QkNorm::None, Q8_0, true, RopeStyle::Interleaved},
            {5, 1, 80, QkNorm::BeforeRope, Q8_0, true}};
}

std::string describe(const RopeCase& c) {
    return "head_dim " + std::to_string(c.head_dim) + ", norm " + std::to_string(static_cast<int>(c.norm)) +
           ", turning " + std::to_string(c.turning);
}

RopeTest::Inputs RopeTest::inputs(const RopeCase& c, uint32_t tokens, uint32_t position) {
    const uint32_t context = position + 6;
    Inputs in{.c = c, .tokens = tokens, .position = position, .context = context};
    const uint32_t turning = c.turning != 0 ? c.turning : c.head_dim;
    in.shape = {.head_count = c.head_count,
                .head_count_kv = c.head_count_kv,
                .head_dim = c.head_dim,
                .head_stride = inference::kvHeadStride(c.kv, c.head_dim),
                .context = context,
                .epsilon = 1e-5F,
                .qk_norm = c.norm,
                .kv = c.kv,
                .rope_style = c.style,
                .rope_dimension_count = turning,
                .rope_first = c.rope_first,
                .scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim))};
    in.twin = {c.head_dim, turning, base, c.style, c.norm, 1e-5F};
    const size_t queries = size_t{c.head_count} * c.head_dim;
    const size_t keys = size_t{c.head_count_kv} * c.head_dim;
    const bool whole = c.norm == QkNorm::WholeBeforeRope;
    in.q_weight = random(whole ? queries : c.head_dim, 4, 2);
    // Norms after RoPE: what multiplies the query stands for both.
    in.k_weight =
        c.norm == QkNorm::AfterRope ? std::vector<float>(c.head_dim, 1.0F) : random(whole ? keys : c.head_dim, 6, 2);
    std::vector<float> weight = in.q_weight;
    if (c.norm != QkNorm::AfterRope) {
        weight.insert(weight.end(), in.k_weight.begin(), in.k_weight.end());
    }
    const size_t width = queries + 2 * keys;
    const std::vector<float> raw = random(tokens * width, 1, 2);
    const std::vector<float> bias = random(width, 5, c.bias ? 1.0F : 0.0F);
    for (size_t i = 0; i < raw.size(); ++i) {
        const size_t element = i % width;
        (element < queries ? in.q : element < queries + keys ? in.k : in.v).push_back(raw[i] + bias[element]);
    }
    in.qkv = rows(raw, static_cast<uint32_t>(width));
    in.bias_buffer = floats(bias);
    in.rope = floats(ropeTable(c.rope_first, turning, context));
    in.weight_buffer = floats(weight);
    in.step = step(position, false, false);
    in.q_out = zeroWords(uint64_t{tokens} * c.head_count * in.shape.head_stride);
    const uint64_t cacheWords = uint64_t{c.head_count_kv} * context * inference::kvRowWords(c.kv, c.head_dim) * 4;
    in.k_cache = zeroWords(cacheWords);
    in.v_cache = zeroWords(cacheWords);
    return in;
}

RopeTest::Cached RopeTest::fillCaches(Inputs& in) {
    const size_t elements = size_t{in.c.head_count_kv} * in.context * in.c.head_dim;
    Cached cached{random(elements, 7, 2), random(elements, 8, 2)};
    const auto packed = [&](std::vector<float>& rows) {
        const size_t rowWords = size_t{inference::kvRowWords(in.c.kv, in.c.head_dim)} * 4;
        std::vector<uint32_t> words(rows.size() / in.c.head_dim * rowWords);
        for (size_t row = 0; row < rows.size() / in.c.head_dim; ++row) {
            twins::packKvRow(in.c.kv, std::span(rows).subspan(row * in.c.head_dim, in.c.head_dim),
                             std::span(words).subspan(row * rowWords, rowWords));
        }
        return words;
    };
    in.k_cache = words(packed(cached.keys));
    in.v_cache = words(packed(cached.values));
    return cached;
}

void RopeTest::expectQueries(const Inputs& in) {
    const size_t stride = in.shape.head_stride;
    const std::vector<float> got = readFloats(*in.q_out, in.tokens * in.c.head_count * stride);
    for (uint32_t t = 0; t < in.tokens; ++t) {
        for (uint32_t h = 0; h < in.c.head_count; ++h) {
            expectNear(std::span(got).subspan((size_t{t} * in.c.head_count + h) * stride, in.c.head_dim),
                       in.turnedQuery(t, h), 2e-6F, 1e-5F, describe(in.c) + ", q");
        }
    }
}

void RopeTest::expectCaches(const Inputs& in) {
    const size_t rowWords = size_t{inference::kvRowWords(in.c.kv, in.c.head_dim)} * 4;
    const size_t words = in.c.head_count_kv * in.context * rowWords;
    const std::vector<uint32_t> keys = readWords(*in.k_cache, words);
    const std::vector<uint32_t> values = readWords(*in.v_cache, words);
    if (!in.c.owner) {
        EXPECT_EQ(keys, std::vector<uint32_t>(words, 0)) << "a layer without a cache wrote to its owner's keys";
        EXPECT_EQ(values, std::vector<uint32_t>(words, 0)) << "a layer without a cache wrote to its owner's values";
        return;
    }
    // Values reach about 4 here: half of the least step of each type.
    const float tolerance = in.c.kv == F32 ? 4e-6F : in.c.kv == F16 ? 4e-3F : 0.04F;
    for (uint32_t t = 0; t < in.tokens; ++t) {
        for (uint32_t h = 0; h < in.c.head_count_kv; ++h) {
            const size_t row = (size_t{h} * in.context + in.position + t) * rowWords;
            const auto stored = [&](const std::vector<uint32_t>& cache) {
                return twins::unpackKvRow(in.c.kv, std::span(cache).subspan(row, rowWords), in.c.head_dim);
            };
            expectNear(stored(keys), in.turnedKey(t, h), tolerance, 1e-5F, describe(in.c) + ", k");
            expectNear(stored(values), in.of(in.v, t).subspan(size_t{h} * in.c.head_dim, in.c.head_dim), tolerance,
                       1e-5F, describe(in.c) + ", v");
        }
    }
}

} // namespace moescope::test
