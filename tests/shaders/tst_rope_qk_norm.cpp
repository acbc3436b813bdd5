// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"
#include "engine/inference/weight_layout.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/kv_row.h"
#include "tests/support/rope_qk_norm.h"

#include <cmath>

namespace moescope::test {

using inference::KvType;
using model::QkNorm;
using model::RopeStyle;
using enum inference::KvType;

struct RopeCase {
    uint32_t head_count, head_count_kv, head_dim;
    QkNorm norm;
    KvType kv;
    bool owner;
    RopeStyle style = RopeStyle::NeoX;
    uint32_t turning = 0; ///< 0: the whole head
    bool bias = false;
    uint32_t rope_first = 0; ///< rows of another table before this one
};

namespace {

constexpr uint32_t tokens = 3;
constexpr uint32_t position = 5;
constexpr uint32_t context = 11;
constexpr double base = 10000;

std::vector<float> ropeTable(uint32_t first, uint32_t turning) {
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

/** Floats of `token` among rows of `width`, plus a bias. */
std::vector<float> biasedRow(std::span<const float> values, uint32_t token, size_t width, std::span<const float> bias) {
    std::vector<float> row(width);
    for (size_t i = 0; i < width; ++i) {
        row[i] = values[token * width + i] + bias[i];
    }
    return row;
}

} // namespace

TEST_F(KernelsTest, rope_qk_norm) {
    for (const RopeCase& c : {RopeCase{4, 2, 16, QkNorm::AfterRope, F32, true},
                              {5, 1, 80, QkNorm::AfterRope, F16, true},
                              {3, 3, 36, QkNorm::None, F32, true},
                              {2, 1, 18, QkNorm::AfterRope, F16, true},
                              {8, 2, 32, QkNorm::AfterRope, F16, false},
                              {4, 2, 64, QkNorm::None, F32, true, RopeStyle::Interleaved},
                              {3, 1, 20, QkNorm::BeforeRope, F16, true, RopeStyle::NeoX, 0, true},
                              {4, 4, 36, QkNorm::WholeBeforeRope, F32, true},
                              {6, 2, 24, QkNorm::WholeBeforeRope, F16, true, RopeStyle::Interleaved, 8, true},
                              {4, 2, 96, QkNorm::None, F32, true, RopeStyle::NeoX, 72, true, 4},
                              {2, 2, 256, QkNorm::BeforeRope, F32, true, RopeStyle::NeoX, 0, false, 9},
                              {4, 2, 64, QkNorm::AfterRope, Q8_0, true},
                              {2, 1, 20, QkNorm::None, Q8_0, true, RopeStyle::Interleaved},
                              {5, 1, 80, QkNorm::BeforeRope, Q8_0, true}}) {
        const uint32_t headStride = inference::kvHeadStride(c.kv, c.head_dim);
        const uint32_t turning = c.turning != 0 ? c.turning : c.head_dim;
        const inference::AttentionShape shape{.head_count = c.head_count,
                                              .head_count_kv = c.head_count_kv,
                                              .head_dim = c.head_dim,
                                              .head_stride = headStride,
                                              .context = context,
                                              .epsilon = 1e-5F,
                                              .qk_norm = c.norm,
                                              .kv = c.kv,
                                              .rope_style = c.style,
                                              .rope_dimension_count = turning,
                                              .rope_first = c.rope_first};
        const twins::RopeQkNorm twin{c.head_dim, turning, base, c.style, c.norm, 1e-5F};
        const size_t q_width = size_t{c.head_count} * c.head_dim;
        const size_t kv_width = size_t{c.head_count_kv} * c.head_dim;
        const std::vector<float> q = random(tokens * q_width, 1, 2);
        const std::vector<float> k = random(tokens * kv_width, 2, 2);
        const std::vector<float> v = random(tokens * kv_width, 3, 2);
        const bool whole = c.norm == QkNorm::WholeBeforeRope;
        const std::vector<float> q_weight = random(whole ? q_width : c.head_dim, 4, 2);
        // Norms after RoPE: what multiplies the query stands for both.
        const std::vector<float> k_weight = c.norm == QkNorm::AfterRope ? std::vector<float>(c.head_dim, 1.0F)
                                                                        : random(whole ? kv_width : c.head_dim, 6, 2);
        std::vector<float> weight = q_weight;
        if (c.norm != QkNorm::AfterRope) {
            weight.insert(weight.end(), k_weight.begin(), k_weight.end());
        }
        const std::vector<float> bias = random(q_width + 2 * kv_width, 5, c.bias ? 1.0F : 0.0F);
        const auto q_bias = std::span(bias).first(q_width);
        const auto k_bias = std::span(bias).subspan(q_width, kv_width);
        const auto v_bias = std::span(bias).last(kv_width);

        std::vector<float> raw;
        for (size_t t = 0; t < tokens; ++t) {
            for (const auto& [heads, width] : {std::pair{&q, q_width}, {&k, kv_width}, {&v, kv_width}}) {
                const auto first = heads->begin() + static_cast<ptrdiff_t>(t * width);
                raw.insert(raw.end(), first, first + static_cast<ptrdiff_t>(width));
            }
        }
        const auto qkv = rows(raw, static_cast<uint32_t>(q_width + 2 * kv_width));
        const auto biases = floats(bias);
        const auto rope = floats(ropeTable(c.rope_first, turning));
        const auto qk_weight = floats(weight);
        const auto state = step(position, false, false);
        const auto q_out = zeroWords(uint64_t{tokens} * c.head_count * headStride);
        const size_t rowWords = size_t{inference::kvRowWords(c.kv, c.head_dim)} * 4;
        const size_t cacheWords = size_t{c.head_count_kv} * context * rowWords;
        const auto k_cache = zeroWords(cacheWords);
        const auto v_cache = zeroWords(cacheWords);
        run([&](auto& recorder) {
            kernels().ropeQkNorm(recorder, shape, *qkv, c.bias ? biases.get() : nullptr, c.owner, *rope,
                                 c.norm != QkNorm::None ? qk_weight.get() : nullptr, *state, *q_out, *k_cache, *v_cache,
                                 tokens);
        });
        const std::string what = "head_dim " + std::to_string(c.head_dim) + ", norm " +
                                 std::to_string(static_cast<int>(c.norm)) + ", turning " + std::to_string(turning);
        const std::vector<float> got_q = readFloats(*q_out, size_t{tokens} * c.head_count * headStride);
        for (uint32_t t = 0; t < tokens; ++t) {
            const std::vector<float> heads = biasedRow(q, t, q_width, q_bias);
            for (uint32_t h = 0; h < c.head_count; ++h) {
                const auto got = std::span(got_q).subspan((size_t{t} * c.head_count + h) * headStride, c.head_dim);
                expectNear(got, twins::ropeQkNorm(twin, heads, h, q_weight, position + t), 2e-6F, 1e-5F, what + ", q");
            }
        }
        const std::vector<uint32_t> k_words = readWords(*k_cache, cacheWords);
        const std::vector<uint32_t> v_words = readWords(*v_cache, cacheWords);
        if (!c.owner) {
            EXPECT_EQ(k_words, std::vector<uint32_t>(cacheWords, 0))
                << "a layer without a cache wrote to its owner's keys";
            EXPECT_EQ(v_words, std::vector<uint32_t>(cacheWords, 0))
                << "a layer without a cache wrote to its owner's values";
            continue;
        }
        // Values reach about 4 here: half of the least step of each type.
        const float tolerance = c.kv == F32 ? 4e-6F : c.kv == F16 ? 4e-3F : 0.04F;
        for (uint32_t t = 0; t < tokens; ++t) {
            const std::vector<float> keys = biasedRow(k, t, kv_width, k_bias);
            const std::vector<float> values = biasedRow(v, t, kv_width, v_bias);
            for (uint32_t h = 0; h < c.head_count_kv; ++h) {
                const size_t row = (size_t{h} * context + position + t) * rowWords;
                const auto stored = [&](const std::vector<uint32_t>& cache) {
                    return twins::unpackKvRow(c.kv, std::span(cache).subspan(row, rowWords), c.head_dim);
                };
                expectNear(stored(k_words), twins::ropeQkNorm(twin, keys, h, k_weight, position + t), tolerance, 1e-5F,
                           what + ", k");
                expectNear(stored(v_words), std::span(values).subspan(size_t{h} * c.head_dim, c.head_dim), tolerance,
                           1e-5F, what + ", v");
            }
        }
    }
}

} // namespace moescope::test
