// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_states.h"

#include "engine/trace/cancel.h"

#include <algorithm>
#include <utility>

namespace moescope::inference {

using session::BlockId;
using session::blockTokens;
using session::KvBlock;
using trace::Error;

void KvStates::refresh() {
    while (!m_known.empty() && (m_engine.cacheMark(m_known.back().end - 1) != m_known.back().mark ||
                                m_store.find(m_known.back().id) == nullptr)) {
        m_known.pop_back();
    }
}

void KvStates::remember(const BlockId& id, uint32_t end) { m_known.push_back({id, end, m_engine.cacheMark(end - 1)}); }

Restored KvStates::restore(std::span<const int32_t> prompt, trace::CancelFlag cancel) {
    Restored restored;
    const session::KvKey key = m_engine.kvKey(cancel);
    const std::span<const int32_t> cached = m_engine.cachedTokens();
    const auto held = static_cast<uint32_t>(
        std::mismatch(cached.begin(), cached.end(), prompt.begin(), prompt.end()).first - cached.begin());
    const session::StoredPrefix stored = m_store.longest(key, prompt);
    if (stored.tokens <= held) {
        return restored;
    }
    refresh();
    // Blocks that stand in the cache already stay: rows behind others of the same tokens would differ in their last bits.
    size_t next = 0;
    while (next < m_known.size() && next < stored.blocks.size() && m_known[next].id == stored.blocks[next] &&
           m_known[next].end <= held && m_known[next].end % blockTokens == 0) {
        ++next;
    }
    bool cut = false;
    try {
        for (; next < stored.blocks.size(); ++next) {
            trace::stopIfCancelled(cancel);
            const KvBlock block = m_store.read(stored.blocks[next], key.bytes_per_token);
            const auto common =
                std::min<uint32_t>(static_cast<uint32_t>(block.tokens.size()), stored.tokens - block.first);
            if (!std::exchange(cut, true)) {
                m_engine.truncate(block.first);
                m_known.resize(next);
            }
            m_engine.appendKv(std::span(block.tokens).first(common), block.rows,
                              static_cast<uint32_t>(block.tokens.size()), block.routing);
            if (common == block.tokens.size()) {
                remember(stored.blocks[next], block.first + common);
            }
            restored.tokens = block.first + common;
            restored.read += common;
            if (common < block.tokens.size() && restored.tokens < prompt.size()) {
                restored.reason = prefixDiffers(restored.tokens);
            }
        }
    } catch (const Error& error) {
        if (error.id() == "vulkan.device_lost" || error.id() == "work.cancelled") {
            throw;
        }
        restored.reason = error; // blocks before it are good
    }
    return restored;
}

uint64_t KvStates::bytesOfState() const {
    const uint64_t rowBytes = m_engine.kvKey().bytes_per_token;
    const auto ofBlock = [&](uint32_t count) {
        return session::encodedBytes(count, count * rowBytes, m_engine.routing().bytesFor(count));
    };
    const uint32_t rest = m_engine.position() % blockTokens;
    return m_engine.position() / blockTokens * ofBlock(blockTokens) + (rest == 0 ? 0 : ofBlock(rest));
}

std::optional<uint64_t> KvStates::saveNext() {
    refresh();
    const uint32_t tokens = m_engine.position();
    std::optional<BlockId> shorter;
    if (!m_known.empty() && m_known.back().end % blockTokens != 0 && m_known.back().end < tokens) {
        shorter = m_known.back().id;
    }
    const size_t before = m_known.size() - (shorter ? 1 : 0);
    const uint32_t first = before == 0 ? 0 : m_known[before - 1].end;
    if (first >= tokens) {
        for (Known& known : m_known) {
            known.used = false;
        }
        return std::nullopt;
    }
    if (const uint64_t bytes = bytesOfState(); bytes > m_budget) {
        throw Error(
            "session.budget",
            "This state of the KV cache takes {bytes} and all saved ones may take {budget}, so it is not saved.",
            {{"bytes", trace::bytesText(bytes)}, {"budget", trace::bytesText(m_budget)}});
    }
    const session::KvKey key = m_engine.kvKey();
    KvBlock block;
    block.parent = before == 0 ? session::rootOf(key) : m_known[before - 1].id;
    block.first = first;
    const std::span<const int32_t> rest = m_engine.cachedTokens().subspan(first);
    block.tokens.assign(rest.begin(), rest.begin() + std::min<size_t>(blockTokens, rest.size()));
    const auto count = static_cast<uint32_t>(block.tokens.size());
    block.rows.resize(size_t{count} * key.bytes_per_token);
    m_engine.readKv(first, count, block.rows);
    block.routing = m_engine.routing().bytesOf(first, count);
    for (Known& known : m_known) {
        if (!std::exchange(known.used, true)) {
            m_store.use(known.id); // what this builds on goes last
        }
    }
    const uint64_t needed = session::encodedBytes(block);
    m_store.shrinkTo(m_budget > needed ? m_budget - needed : 0);
    const uint64_t written = m_store.write(block, shorter);
    m_known.resize(before);
    remember(block.id(), first + count);
    return written;
}

std::optional<BlockId> KvStates::leaf() {
    refresh();
    return !m_known.empty() && m_known.back().end == m_engine.position() ? std::optional(m_known.back().id)
                                                                         : std::nullopt;
}

} // namespace moescope::inference
