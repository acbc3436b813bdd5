// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Joins splits of one head: each entry is maximum, sum, then the unscaled values; [splits][2 + head_stride]. `sink` as
 *  attention()'s. */
std::vector<float> attentionReduce(std::span<const float> partial, uint32_t splits, uint32_t head_stride,
                                   uint32_t head_dim, float sink);

} // namespace moescope::twins
