// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/attention_case.h"

#include "engine/inference/kv_cache.h"
#include "tests/support/kv_row.h"

#include <cmath>

namespace moescope::test {

using enum inference::KvType;

std::vector<AttentionCase> attentionCases() {
    return {{4, 2, 16, 0, 1, F32},
            {8, 2, 32, 0, 9, F16},
            {10, 1, 80, 3, 5, F32},
            {3, 3, 36, 130, 2, F16},
            {2, 1, 18, 300, 1, F32},
            {5, 1, 256, 7, 2, F16},
            {4, 4, 64, 260, 1, F32},
            {10, 2, 80, 2, 1, F16},
            {4, 2, 16, 0, 20, F32, 8},
            {6, 2, 20, 300, 3, F16, 130, true},
            {4, 1, 64, 5, 9, F32, 0, true},
            {4, 4, 32, 77, 1, F32, 40, true},
            {8, 2, 16, 2, 1, F32, 128, true},
            {8, 2, 64, 140, 3, Q8_0},
            {3, 1, 20, 5, 2, Q8_0},
            {10, 2, 80, 129, 1, Q8_0, 100, true},
            {2, 1, 256, 40, 1, Q8_0}};
}

std::string describe(const AttentionCase& c) {
    return "head_dim " + std::to_string(c.head_dim) + ", position " + std::to_string(c.position) + ", window " +
           std::to_string(c.window);
}

std::unique_ptr<vulkan::Buffer> AttentionTest::cache(inference::KvType kv, uint32_t head_dim,
                                                     std::vector<float>& elements) {
    const size_t rowWords = size_t{inference::kvRowWords(kv, head_dim)} * 4;
    const size_t rows = elements.size() / head_dim;
    std::vector<uint32_t> packed(rows * rowWords);
    for (size_t row = 0; row < rows; ++row) {
        twins::packKvRow(kv, std::span(elements).subspan(row * head_dim, head_dim),
                         std::span(packed).subspan(row * rowWords, rowWords));
    }
    return words(packed);
}

AttentionTest::Inputs AttentionTest::inputs(const AttentionCase& c) {
    const uint32_t headStride = inference::kvHeadStride(c.kv, c.head_dim);
    const uint32_t context = c.position + c.tokens + 2;
    const float scale = c.sinks ? 0.3F : 1.0F / std::sqrt(static_cast<float>(c.head_dim));
    Inputs made;
    made.shape = {.head_count = c.head_count,
                  .head_count_kv = c.head_count_kv,
                  .head_dim = c.head_dim,
                  .head_stride = headStride,
                  .context = context,
                  .kv = c.kv,
                  .window = c.window,
                  .scale = scale};
    const std::vector<float> sinks = c.sinks ? random(c.head_count, 9, 3) : std::vector<float>();
    made.sink_logits = c.sinks ? floats(sinks) : nullptr;
    const std::vector<float> q = random(size_t{c.tokens} * c.head_count * c.head_dim, 1, 2);
    const size_t elements = size_t{c.head_count_kv} * context * c.head_dim;
    std::vector<float> keys = random(elements, 2, 2);
    std::vector<float> values = random(elements, 3, 2);
    std::vector<float> padded((size_t{c.tokens} * c.head_count + inference::Kernels::spareHeads) * headStride);
    for (size_t row = 0; row < q.size() / c.head_dim; ++row) {
        std::copy_n(q.begin() + static_cast<ptrdiff_t>(row * c.head_dim), c.head_dim,
                    padded.begin() + static_cast<ptrdiff_t>(row * headStride));
    }
    made.q = floats(padded);
    made.k_cache = cache(c.kv, c.head_dim, keys);
    made.v_cache = cache(c.kv, c.head_dim, values);
    made.step = step(c.position, false, false);
    made.out = zeroRows(c.tokens, c.head_count * c.head_dim);
    made.want = twins::attentionTiles({.head_count = c.head_count,
                                       .head_count_kv = c.head_count_kv,
                                       .head_dim = c.head_dim,
                                       .position = c.position,
                                       .tokens = c.tokens,
                                       .context = context,
                                       .window = c.window,
                                       .scale = scale},
                                      q, keys, values, sinks);
    return made;
}

} // namespace moescope::test
