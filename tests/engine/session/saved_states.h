// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/session/kv_store.h"

#include <random>
#include <vector>

/** States that tests save and know again. */
namespace moescope::session::testing {

constexpr uint32_t bytesPerToken = 16;

inline KvKey keyOf(const std::string& model) { return {.model = model, .bytes_per_token = bytesPerToken}; }

inline std::vector<int32_t> someTokens(size_t count, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<int32_t> tokens;
    while (tokens.size() < count) {
        tokens.push_back(static_cast<int32_t>(random() % 200));
    }
    return tokens;
}

/** Rows follow from the tokens. */
inline KvBlock blockOf(const BlockId& parent, uint32_t first, std::vector<int32_t> tokens) {
    KvBlock block{parent, first, std::move(tokens), {}, {}};
    for (const int32_t token : block.tokens) {
        block.rows.insert(block.rows.end(), bytesPerToken, static_cast<uint8_t>(token));
    }
    return block;
}

/** Writes the state of these tokens; its last block, and the bytes written. `before`: its last block when it was shorter. */
inline std::pair<BlockId, uint64_t> save(KvStore& store, const KvKey& key, std::span<const int32_t> tokens,
                                         const std::optional<BlockId>& before = std::nullopt) {
    BlockId parent = rootOf(key);
    uint64_t bytes = 0;
    for (uint32_t first = 0; first < tokens.size(); first += blockTokens) {
        const auto part = tokens.subspan(first, std::min<size_t>(blockTokens, tokens.size() - first));
        const KvBlock block = blockOf(parent, first, {part.begin(), part.end()});
        bytes += store.write(block, before);
        parent = block.id();
    }
    return {parent, bytes};
}

} // namespace moescope::session::testing
