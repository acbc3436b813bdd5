// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"
#include "engine/inference/weight_layout.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/rope_qk_norm.h"

#include <cmath>

namespace moescope::test {

struct RopeCase {
    uint32_t head_count, head_count_kv, head_dim;
    bool qk_norm, kv_f16, owner;
};

TEST_F(KernelsTest, rope_qk_norm) {
    constexpr double base = 10000;
    for (const RopeCase& c : {RopeCase{4, 2, 16, true, false, true},
                              {5, 1, 80, true, true, true},
                              {3, 3, 36, false, false, true},
                              {2, 1, 18, true, true, true},
                              {8, 2, 32, true, true, false}}) {
        const uint32_t tokens = 3;
        const uint32_t position = 5;
        const uint32_t context = 11;
        const uint32_t headStride = inference::kvHeadStride(c.head_dim);
        const inference::AttentionShape shape{c.head_count, c.head_count_kv, c.head_dim, headStride,
                                              context,      1e-5F,           c.qk_norm,  c.kv_f16};
        std::vector<float> table;
        for (uint32_t p = 0; p < context; ++p) {
            for (uint32_t j = 0; j < c.head_dim / 2; ++j) {
                const double angle = p * std::pow(base, -2.0 * j / c.head_dim);
                table.push_back(static_cast<float>(std::cos(angle)));
                table.push_back(static_cast<float>(std::sin(angle)));
            }
        }
        const std::vector<float> q = random(size_t{tokens} * c.head_count * c.head_dim, 1, 2);
        const std::vector<float> k = random(size_t{tokens} * c.head_count_kv * c.head_dim, 2, 2);
        const std::vector<float> v = random(size_t{tokens} * c.head_count_kv * c.head_dim, 3, 2);
        const std::vector<float> weight = random(c.head_dim, 4, 2);
        const std::vector<float> ones(c.head_dim, 1.0F);
        const size_t q_width = size_t{c.head_count} * c.head_dim;
        const size_t kv_width = size_t{c.head_count_kv} * c.head_dim;
        std::vector<float> raw;
        for (size_t t = 0; t < tokens; ++t) {
            for (const auto& [heads, width] : {std::pair{&q, q_width}, {&k, kv_width}, {&v, kv_width}}) {
                const auto first = heads->begin() + static_cast<ptrdiff_t>(t * width);
                raw.insert(raw.end(), first, first + static_cast<ptrdiff_t>(width));
            }
        }
        const auto qkv = rows(raw, static_cast<uint32_t>(q_width + 2 * kv_width));
        const auto rope = floats(table);
        const auto qk_weight = rows(weight, c.head_dim);
        const auto state = step(position, false, false);
        const auto q_out = zeroWords(uint64_t{tokens} * c.head_count * headStride);
        const uint64_t cacheElements = uint64_t{c.head_count_kv} * context * headStride;
        const auto k_cache = zeroWords(cacheElements);
        const auto v_cache = zeroWords(cacheElements);
        run([&](auto& recorder) {
            kernels().ropeQkNorm(recorder, shape, *qkv, c.owner, *rope, *qk_weight, *state, *q_out, *k_cache, *v_cache,
                                 tokens);
        });
        const std::vector<float> got_q = readFloats(*q_out, size_t{tokens} * c.head_count * headStride);
        const std::string what = "head_dim " + std::to_string(c.head_dim);
        for (uint32_t t = 0; t < tokens; ++t) {
            for (uint32_t h = 0; h < c.head_count; ++h) {
                const auto head = std::span(q).subspan((size_t{t} * c.head_count + h) * c.head_dim, c.head_dim);
                const auto got = std::span(got_q).subspan((size_t{t} * c.head_count + h) * headStride, c.head_dim);
                expectNear(got,
                           twins::ropeQkNorm(head, c.qk_norm ? weight : ones, position + t, base, c.qk_norm, 1e-5F),
                           2e-6F, 1e-5F, what + ", q");
            }
        }
        const std::vector<uint32_t> k_words = readWords(*k_cache, cacheElements);
        const std::vector<uint32_t> v_words = readWords(*v_cache, cacheElements);
        const auto element = [&](const std::vector<uint32_t>& cache, size_t index) {
            if (c.kv_f16) {
                return gguf::halfToFloat(static_cast<uint16_t>(cache[index / 2] >> (16 * (index & 1))));
            }
            return std::bit_cast<float>(cache[index]);
        };
        if (!c.owner) {
            EXPECT_EQ(k_words, std::vector<uint32_t>(cacheElements, 0))
                << "a layer without a cache wrote to its owner's keys";
            EXPECT_EQ(v_words, std::vector<uint32_t>(cacheElements, 0))
                << "a layer without a cache wrote to its owner's values";
            continue;
        }
        const float tolerance = c.kv_f16 ? 2e-3F : 2e-6F;
        for (uint32_t t = 0; t < tokens; ++t) {
            for (uint32_t h = 0; h < c.head_count_kv; ++h) {
                const size_t from = (size_t{t} * c.head_count_kv + h) * c.head_dim;
                const size_t row = (size_t{h} * context + position + t) * headStride;
                const std::vector<float> key = twins::ropeQkNorm(std::span(k).subspan(from, c.head_dim), ones,
                                                                 position + t, base, c.qk_norm, 1e-5F);
                for (uint32_t i = 0; i < c.head_dim; ++i) {
                    ASSERT_NEAR(element(k_words, row + i), key[i], tolerance) << what << ", k";
                    ASSERT_NEAR(element(v_words, row + i), v[from + i], tolerance) << what << ", v";
                }
            }
        }
    }
}

} // namespace moescope::test
