// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_tiles.h"

#include "tests/support/attention.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> attentionTiles(const AttentionBatch& b, std::span<const float> q, std::span<const float> keys,
                                  std::span<const float> values, std::span<const float> sinks) {
    const size_t dim = b.head_dim;
    std::vector<float> result;
    for (size_t t = 0; t < b.tokens; ++t) {
        const size_t length = b.position + t + 1;
        const size_t seen = b.window == 0 ? length : std::min<size_t>(length, b.window);
        for (size_t h = 0; h < b.head_count; ++h) {
            const size_t first = (h / (b.head_count / b.head_count_kv) * b.context + length - seen) * dim;
            const std::vector<float> row =
                attention(q.subspan((t * b.head_count + h) * dim, dim), keys.subspan(first, seen * dim),
                          values.subspan(first, seen * dim), b.scale, sinks.empty() ? -INFINITY : sinks[h]);
            result.insert(result.end(), row.begin(), row.end());
        }
    }
    return result;
}

} // namespace moescope::twins
