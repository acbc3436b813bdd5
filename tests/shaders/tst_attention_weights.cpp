// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/attention_weights.h"
#include "tests/support/kv_row.h"

#include <cmath>
#include <numeric>

namespace moescope::test {

using inference::KvType;
using enum inference::KvType;

struct AttentionWeightsCase {
    uint32_t head_count, head_count_kv, head_dim, position;
    KvType kv;
    uint32_t window = 0;
    bool sinks = false;
};

TEST_F(KernelsTest, attention_weights) {
    for (const AttentionWeightsCase& c : {AttentionWeightsCase{4, 2, 16, 0, F32},
                                          {8, 2, 32, 8, F16},
                                          {10, 1, 80, 63, F32},
                                          {3, 3, 36, 130, F16},
                                          {2, 1, 18, 300, F32},
                                          {5, 1, 256, 64, F16},
                                          {4, 4, 64, 1000, Q8_0},
                                          {10, 2, 80, 129, Q8_0, 100, true},
                                          {3, 1, 20, 5, Q8_0},
                                          {2, 1, 256, 40, Q8_0},
                                          {4, 2, 16, 19, F32, 8},
                                          {6, 2, 20, 300, F16, 130, true},
                                          {4, 1, 64, 13, F32, 0, true},
                                          {8, 2, 16, 2, F32, 128, true},
                                          {4, 2, 8, 262'143, F16}}) {
        const std::string what = "head_dim " + std::to_string(c.head_dim) + ", position " + std::to_string(c.position) +
                                 ", window " + std::to_string(c.window);
        const uint32_t headStride = inference::kvHeadStride(c.kv, c.head_dim);
        const uint32_t length = c.position + 1;
        const uint32_t context = length + 2;
        const float scale = c.sinks ? 0.3F : 1.0F / std::sqrt(static_cast<float>(c.head_dim));
        const inference::AttentionShape shape{.head_count = c.head_count,
                                              .head_count_kv = c.head_count_kv,
                                              .head_dim = c.head_dim,
                                              .head_stride = headStride,
                                              .context = context,
                                              .kv = c.kv,
                                              .window = c.window,
                                              .scale = scale};
        const std::vector<float> sinks = random(c.head_count, 9, 3);
        const auto sink_logits = floats(sinks);
        const std::vector<float> q = random(size_t{c.head_count} * c.head_dim, 1, 2);
        std::vector<float> q_padded(size_t{c.head_count} * headStride);
        for (size_t head = 0; head < c.head_count; ++head) {
            std::copy_n(q.begin() + static_cast<ptrdiff_t>(head * c.head_dim), c.head_dim,
                        q_padded.begin() + static_cast<ptrdiff_t>(head * headStride));
        }
        const size_t rowsInAll = size_t{c.head_count_kv} * context;
        std::vector<float> keys = random(rowsInAll * c.head_dim, 2, 2);
        const size_t rowWords = size_t{inference::kvRowWords(c.kv, c.head_dim)} * 4;
        std::vector<uint32_t> packed(rowsInAll * rowWords);
        for (size_t row = 0; row < rowsInAll; ++row) {
            twins::packKvRow(c.kv, std::span(keys).subspan(row * c.head_dim, c.head_dim),
                             std::span(packed).subspan(row * rowWords, rowWords));
        }
        const auto k_cache = words(packed);
        const auto caches = cutCache(shape, *k_cache, *k_cache, 1);
        const auto q_in = floats(q_padded);
        const auto state = step(c.position, false, false);
        const uint32_t stride = length + 4; // what lies between two rows stays as it is
        const std::vector<float> before(size_t{c.head_count} * stride, -7.0F);
        const auto out = floats(before);
        const auto by_heads = floats(before);
        const vulkan::Buffer* const logits = c.sinks ? sink_logits.get() : nullptr;
        run([&](auto& recorder) {
            kernels().attentionWeights(recorder, shape, *q_in, *k_cache, *state, logits, *out, stride);
            for (const CachePart& kv : caches) { // and one by one, the last head first
                for (uint32_t skipped = shape.queriesEach(); skipped-- > 0;) {
                    kernels().attentionWeights(recorder, kv.shape, *q_in, *kv.keys, *state, logits, *by_heads, stride,
                                               {skipped, 1, kv.shape.kv_first * shape.queriesEach() + skipped});
                }
            }
        });
        const std::vector<float> got = readFloats(*out, size_t{c.head_count} * stride);
        EXPECT_EQ(readFloats(*by_heads, got.size()), got) << what;
        const size_t first = c.window == 0 || c.window >= length ? 0 : length - c.window;
        for (uint32_t h = 0; h < c.head_count; ++h) {
            const size_t begin = size_t{h / (c.head_count / c.head_count_kv)} * context * c.head_dim;
            const std::vector<float> want =
                twins::attentionWeights(std::span(q).subspan(size_t{h} * c.head_dim, c.head_dim),
                                        std::span(keys).subspan(begin, size_t{length} * c.head_dim), first, scale,
                                        c.sinks ? sinks[h] : -INFINITY);
            const auto row = got.begin() + static_cast<ptrdiff_t>(size_t{h} * stride);
            expectNear({row, row + length + 1}, want, 1e-6F, 1e-4F, what + ", head " + std::to_string(h));
            EXPECT_NEAR(std::accumulate(row, row + length + 1, 0.0), 1.0, 1e-5) << what;
            EXPECT_EQ(row[length + 1], -7.0F) << what;
            EXPECT_EQ(first > 0 ? row[static_cast<ptrdiff_t>(first) - 1] : 0.0F, 0.0F) << what;
        }
    }
}

} // namespace moescope::test
