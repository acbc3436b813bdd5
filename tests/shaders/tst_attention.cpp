// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/attention.h"
#include "tests/support/kv_row.h"

#include <cmath>

namespace moescope::test {

using inference::KvType;
using enum inference::KvType;

struct AttentionCase {
    uint32_t head_count, head_count_kv, head_dim, position, tokens, splits;
    KvType kv;
    uint32_t window = 0;
    bool sinks = false;
};

TEST_F(KernelsTest, attention) {
    for (const AttentionCase& c : {AttentionCase{4, 2, 16, 0, 1, 1, F32},
                                   {8, 2, 32, 0, 9, 1, F16},
                                   {10, 1, 80, 3, 5, 1, F32},
                                   {3, 3, 36, 130, 2, 1, F16},
                                   {2, 1, 18, 300, 1, 1, F32},
                                   {5, 1, 256, 7, 2, 1, F16},
                                   {4, 4, 64, 260, 1, 3, F32},
                                   {10, 2, 80, 2, 1, 8, F16},
                                   {4, 2, 16, 0, 20, 1, F32, 8},
                                   {6, 2, 20, 300, 3, 1, F16, 130, true},
                                   {4, 1, 64, 5, 9, 1, F32, 0, true},
                                   {4, 4, 32, 77, 1, 3, F32, 40, true},
                                   {8, 2, 16, 2, 1, 8, F32, 128, true},
                                   {8, 2, 64, 140, 3, 1, Q8_0},
                                   {3, 1, 20, 5, 2, 1, Q8_0},
                                   {10, 2, 80, 129, 1, 4, Q8_0, 100, true},
                                   {2, 1, 256, 40, 1, 1, Q8_0}}) {
        const uint32_t headStride = inference::kvHeadStride(c.kv, c.head_dim);
        const uint32_t context = c.position + c.tokens + 2;
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
        const auto* used_sinks = c.sinks ? sink_logits.get() : nullptr;
        const std::vector<float> q = random(size_t{c.tokens} * c.head_count * c.head_dim, 1, 2);
        const size_t rowsInAll = size_t{c.head_count_kv} * context;
        std::vector<float> keys = random(rowsInAll * c.head_dim, 2, 2);
        std::vector<float> values = random(rowsInAll * c.head_dim, 3, 2);
        std::vector<float> q_padded((size_t{c.tokens} * c.head_count + inference::Kernels::spareHeads) * headStride);
        for (size_t row = 0; row < q.size() / c.head_dim; ++row) {
            std::copy_n(q.begin() + static_cast<ptrdiff_t>(row * c.head_dim), c.head_dim,
                        q_padded.begin() + static_cast<ptrdiff_t>(row * headStride));
        }
        const auto cache = [&](std::vector<float>& elements) {
            const size_t rowWords = size_t{inference::kvRowWords(c.kv, c.head_dim)} * 4;
            std::vector<uint32_t> packed(rowsInAll * rowWords);
            for (size_t row = 0; row < rowsInAll; ++row) {
                twins::packKvRow(c.kv, std::span(elements).subspan(row * c.head_dim, c.head_dim),
                                 std::span(packed).subspan(row * rowWords, rowWords));
            }
            return words(packed);
        };
        const auto k_cache = cache(keys);
        const auto v_cache = cache(values);
        const auto q_in = floats(q_padded);
        const auto state = step(c.position, false, false);
        const uint32_t width = c.head_count * c.head_dim;
        const auto out = zeroRows(c.tokens, width);
        const auto partial = zeroWords(uint64_t{c.tokens} * c.head_count * c.splits * (2 + headStride));
        run([&](auto& recorder) {
            kernels().attention(recorder, shape, *q_in, *k_cache, *v_cache, *state, used_sinks, *out, *partial,
                                c.tokens, c.splits);
            if (c.splits > 1) {
                recorder.barrier();
                kernels().attentionReduce(recorder, shape, *partial, used_sinks, *out, c.tokens, c.splits);
            }
        });
        const auto tiled = zeroRows(c.tokens, width);
        run([&](auto& recorder) {
            kernels().attentionTiles(recorder, shape, *q_in, *k_cache, *v_cache, *state, used_sinks, *tiled, c.tokens);
        });
        std::vector<float> want;
        for (uint32_t t = 0; t < c.tokens; ++t) {
            const size_t length = size_t{c.position} + t + 1;
            const size_t seen = c.window == 0 ? length : std::min<size_t>(length, c.window);
            for (uint32_t h = 0; h < c.head_count; ++h) {
                const size_t first =
                    (size_t{h / (c.head_count / c.head_count_kv)} * context + length - seen) * c.head_dim;
                const auto head = std::span(q).subspan((size_t{t} * c.head_count + h) * c.head_dim, c.head_dim);
                const std::vector<float> row = twins::attention(head, std::span(keys).subspan(first, seen * c.head_dim),
                                                                std::span(values).subspan(first, seen * c.head_dim),
                                                                scale, c.sinks ? sinks[h] : -INFINITY);
                want.insert(want.end(), row.begin(), row.end());
            }
        }
        expectNear(readRows(*tiled, c.tokens, width), want, 1e-5F, 1e-4F, "tiles, head_dim " + std::to_string(c.head_dim));
        expectNear(readRows(*out, c.tokens, width), want, 1e-5F, 1e-4F,
                   "head_dim " + std::to_string(c.head_dim) + ", position " + std::to_string(c.position) + ", splits " +
                       std::to_string(c.splits) + ", window " + std::to_string(c.window));
    }
}

} // namespace moescope::test
