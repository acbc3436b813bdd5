// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/vulkan/buffer.h"

namespace moescope::inference {

/** Bytes of K and V of one token in one owner layer. */
uint64_t kvBytesPerOwnerToken(const model::ModelConfig& config, KvType type);
/** Bytes of the keys, or values, of one token and KV head. */
uint64_t kvBytesPerHeadToken(const model::ModelConfig& config, KvType type);
/** KV heads that a buffer of keys, or values, holds: as many as fit `most` bytes. 0: not even one does. */
uint32_t kvHeadsPerBuffer(const model::ModelConfig& config, uint32_t context, KvType type, uint64_t most);

/** Keys and values of the layers that own a cache; the others read their owner's (CLA).
 *
 *  Where the norm comes after RoPE, K holds û = rope(k) / rms(k), without the norm's weights, so that it serves every layer
 *  that shares it. Keys and values lie in one buffer each, or where a device cannot bind as much, in several of whole heads:
 *  [heads][context] rows of kvRowWords(). */
class KvCache {
public:
    /** Some KV heads of a layer. */
    struct Part {
        uint32_t first = 0; ///< KV head
        uint32_t heads = 0;
        std::unique_ptr<vulkan::Buffer> keys;
        std::unique_ptr<vulkan::Buffer> values;
    };

    /** Buffers of at most `most` bytes. Throws trace::Error{kv.range} where a single head needs more, {vulkan.memory}. */
    KvCache(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, KvType type, uint64_t most);

    /** All heads of the cache that a layer reads. */
    std::span<const Part> parts(uint32_t layer) const { return m_owners[layer / m_shareFactor]; }
    uint64_t bytes() const { return use().bytes; }
    /** Of K and V of one token in all owner layers, as read() gives them. */
    uint32_t bytesPerToken() const { return static_cast<uint32_t>(m_owners.size()) * 2 * m_heads * m_rowBytes; }
    /** The rows of tokens [first, first + count): [owner layer][K, V][KV head][token]. `rows`: count × bytesPerToken(). */
    void read(uint32_t first, uint32_t count, std::span<uint8_t> rows) const;
    /** Puts the first `count` of `tokens` tokens' rows, laid out as read() does, at `first`. */
    void write(uint32_t first, uint32_t count, std::span<const uint8_t> rows, uint32_t tokens);
    trace::MemoryUse use() const;

private:
    using Owner = std::vector<Part>;

    /** Calls `run` with buffer and offset of each head's rows, in the order of read(). */
    template <typename Run>
    void forRuns(Run run) const;

    vulkan::Device& m_device;
    uint32_t m_shareFactor;
    uint32_t m_context; ///< tokens
    uint32_t m_heads;   ///< of keys and values
    uint32_t m_rowBytes;
    std::vector<Owner> m_owners;
};

} // namespace moescope::inference
