// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/kv_type.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Stores one head's row as the KV cache does, in kvRowWords() × 4 words that are zero, and leaves in `elements` what
 *  kernels read back. */
void packKvRow(inference::KvType type, std::span<float> elements, std::span<uint32_t> words);

/** The elements of such a row. */
std::vector<float> unpackKvRow(inference::KvType type, std::span<const uint32_t> words, uint32_t head_dim);

} // namespace moescope::twins
