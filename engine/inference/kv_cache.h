// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/vulkan/buffer.h"

namespace moescope::inference {

/** Elements of one head's row in the cache: head_dim rounded up to 8, so that rows of halves are whole uvec4. */
constexpr uint32_t kvHeadStride(uint32_t head_dim) { return (head_dim + 7) / 8 * 8; }
constexpr uint32_t kvElementBytes(KvType type) { return type == KvType::F16 ? 2 : 4; }

/** Bytes of K and V of one token in one owner layer. */
uint64_t kvBytesPerOwnerToken(const model::ModelConfig& config, KvType type);

/** Keys and values of the layers that own a cache; the others read their owner's (CLA).
 *
 *  K holds û = rope(k) / rms(k), without the key norm's weights, so that it serves every layer that shares it; V is raw.
 *  Each buffer: [head_count_kv][context][kvHeadStride(head_dim)]. */
class KvCache {
public:
    KvCache(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, KvType type);

    const vulkan::Buffer& keys(uint32_t layer) const { return *m_owners[layer / m_shareFactor].keys; }
    const vulkan::Buffer& values(uint32_t layer) const { return *m_owners[layer / m_shareFactor].values; }
    uint64_t bytes() const;

private:
    struct Owner {
        std::unique_ptr<vulkan::Buffer> keys;
        std::unique_ptr<vulkan::Buffer> values;
    };
    uint32_t m_shareFactor;
    std::vector<Owner> m_owners;
};

} // namespace moescope::inference
