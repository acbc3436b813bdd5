// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_token.h"

#include "tests/support/kv_row.h"

#include <algorithm>

namespace moescope::twins {

std::vector<float> attentionToken(const AttentionToken& token, std::span<const float> q, std::span<const float> k,
                                  std::span<const float> v, std::span<const float> q_weight,
                                  std::span<const float> k_weight, std::vector<float>& keys, std::vector<float>& values,
                                  std::span<const float> sinks) {
    const AttentionBatch& batch = token.batch;
    const size_t dim = batch.head_dim;
    std::vector<float> turned;
    for (uint32_t h = 0; h < batch.head_count; ++h) {
        const std::vector<float> head = ropeQkNorm(token.rope, q, h, q_weight, batch.position);
        turned.insert(turned.end(), head.begin(), head.end());
    }
    for (uint32_t h = 0; token.stores && h < batch.head_count_kv; ++h) {
        const auto store = [&](std::vector<float> row, std::vector<float>& cache) {
            std::vector<uint32_t> words(size_t{inference::kvRowWords(token.kv, batch.head_dim)} * 4);
            packKvRow(token.kv, row, words);
            std::copy(row.begin(), row.end(),
                      cache.begin() + static_cast<ptrdiff_t>((size_t{h} * batch.context + batch.position) * dim));
        };
        store(ropeQkNorm(token.rope, k, h, k_weight, batch.position), keys);
        const auto value = v.subspan(h * dim, dim);
        store({value.begin(), value.end()}, values);
    }
    return attentionTiles(batch, turned, keys, values, sinks);
}

} // namespace moescope::twins
