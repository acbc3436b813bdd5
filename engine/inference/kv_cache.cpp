// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"

#include "engine/trace/error.h"

namespace moescope::inference {

uint64_t kvBytesPerOwnerToken(const model::ModelConfig& config, KvType type) {
    return uint64_t{2} * config.head_count_kv * kvRowWords(type, config.head_dim) * 16;
}

KvCache::KvCache(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, KvType type)
    : m_shareFactor(config.cla_share_factor), m_context(context), m_heads(config.head_count_kv),
      m_rowBytes(kvRowWords(type, config.head_dim) * 16) {
    const uint64_t bytes = kvBytesPerOwnerToken(config, type) / 2 * context;
    const uint64_t most = device.limits().max_storage_range;
    if (bytes > most) {
        throw trace::Error("kv.range",
                           "A KV cache of {context} tokens needs {bytes} a layer and {device} can bind at most {most} "
                           "at once; choose a shorter context.",
                           {{"context", trace::grouped(context)},
                            {"bytes", trace::bytesText(bytes)},
                            {"device", device.info().name},
                            {"most", trace::bytesText(most)}});
    }
    for (uint32_t layer = 0; layer < config.block_count; layer += config.cla_share_factor) {
        const std::string name = "kv." + std::to_string(layer);
        m_owners.push_back(
            {std::make_unique<vulkan::Buffer>(device, bytes, vulkan::MemoryKind::DeviceLocal, name + ".keys"),
             std::make_unique<vulkan::Buffer>(device, bytes, vulkan::MemoryKind::DeviceLocal, name + ".values")});
    }
}

void KvCache::read(uint32_t first, uint32_t count, std::span<uint8_t> rows) const {
    const uint64_t run = uint64_t{count} * m_rowBytes;
    for (const Owner& owner : m_owners) {
        for (const vulkan::Buffer* buffer : {owner.keys.get(), owner.values.get()}) {
            for (uint32_t head = 0; head < m_heads; ++head) {
                buffer->download((uint64_t{head} * m_context + first) * m_rowBytes, rows.first(run));
                rows = rows.subspan(run);
            }
        }
    }
}

void KvCache::write(uint32_t first, uint32_t count, std::span<const uint8_t> rows, uint32_t tokens) {
    for (const Owner& owner : m_owners) {
        for (vulkan::Buffer* buffer : {owner.keys.get(), owner.values.get()}) {
            for (uint32_t head = 0; head < m_heads; ++head) {
                buffer->upload((uint64_t{head} * m_context + first) * m_rowBytes,
                               rows.first(uint64_t{count} * m_rowBytes));
                rows = rows.subspan(uint64_t{tokens} * m_rowBytes);
            }
        }
    }
}

trace::MemoryUse KvCache::use() const {
    trace::MemoryUse use;
    for (const Owner& owner : m_owners) {
        use += owner.keys->use();
        use += owner.values->use();
    }
    return use;
}

KvType parseKvType(std::string_view name) {
    for (const KvType type : trace::kvTypes) {
        if (name == kvTypeName(type)) {
            return type;
        }
    }
    throw trace::Error("kv.type", "“{name}” is no type of KV cache; f32, f16 and q8_0 are.",
                       {{"name", std::string(name)}});
}

} // namespace moescope::inference
