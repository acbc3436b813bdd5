// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"

#include "engine/trace/error.h"

#include <algorithm>

namespace moescope::inference {

uint64_t kvBytesPerOwnerToken(const model::ModelConfig& config, KvType type) {
    return uint64_t{2} * config.head_count_kv * kvRowWords(type, config.head_dim) * 16;
}

uint64_t kvBytesPerHeadToken(const model::ModelConfig& config, KvType type) {
    return uint64_t{kvRowWords(type, config.head_dim)} * 16;
}

uint32_t kvHeadsPerBuffer(const model::ModelConfig& config, uint32_t context, KvType type, uint64_t most) {
    const uint64_t fitting = most / (kvBytesPerHeadToken(config, type) * context);
    return static_cast<uint32_t>(std::min<uint64_t>(fitting, config.head_count_kv));
}

KvCache::KvCache(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, KvType type, uint64_t most)
    : m_device(device), m_shareFactor(config.cla_share_factor), m_context(context), m_heads(config.head_count_kv),
      m_rowBytes(kvRowWords(type, config.head_dim) * 16) {
    const uint64_t headBytes = uint64_t{m_rowBytes} * context;
    const uint32_t heads = kvHeadsPerBuffer(config, context, type, most);
    if (heads == 0) {
        throw trace::Error(
            "kv.range",
            "A KV cache of {context} tokens needs {bytes} for the keys of one head and {device} can bind "
            "at most {most} at once, which hold {fitting} tokens; choose a shorter context.",
            {{"context", trace::grouped(context)},
             {"bytes", trace::bytesText(headBytes)},
             {"device", device.info().name},
             {"most", trace::bytesText(most)},
             {"fitting", trace::grouped(most / m_rowBytes)}});
    }
    for (uint32_t layer = 0; layer < config.block_count; layer += config.cla_share_factor) {
        Owner& owner = m_owners.emplace_back();
        for (uint32_t first = 0; first < m_heads; first += heads) {
            const uint32_t count = std::min(heads, m_heads - first);
            std::string name = "kv." + std::to_string(layer);
            if (heads < m_heads) {
                name.append(".").append(std::to_string(first));
            }
            const auto make = [&](const char* what) {
                return std::make_unique<vulkan::Buffer>(device, count * headBytes, vulkan::MemoryKind::DeviceLocal,
                                                        name + what);
            };
            owner.push_back({first, count, make(".keys"), make(".values")});
        }
    }
}

template <typename Run>
void KvCache::forRuns(Run run) const {
    for (const Owner& owner : m_owners) {
        for (const auto side : {&Part::keys, &Part::values}) {
            for (const Part& part : owner) {
                for (uint32_t head = 0; head < part.heads; ++head) {
                    run(*(part.*side), uint64_t{head} * m_context * m_rowBytes);
                }
            }
        }
    }
}

void KvCache::read(uint32_t first, uint32_t count, std::span<uint8_t> rows) const {
    const uint64_t run = uint64_t{count} * m_rowBytes;
    std::vector<vulkan::Download> downloads;
    forRuns([&](const vulkan::Buffer& buffer, uint64_t head) {
        downloads.push_back({&buffer, head + uint64_t{first} * m_rowBytes, rows.first(run)});
        rows = rows.subspan(run);
    });
    vulkan::download(m_device, downloads);
}

void KvCache::write(uint32_t first, uint32_t count, std::span<const uint8_t> rows, uint32_t tokens) {
    std::vector<vulkan::Upload> uploads;
    forRuns([&](vulkan::Buffer& buffer, uint64_t head) {
        uploads.push_back({&buffer, head + uint64_t{first} * m_rowBytes, rows.first(uint64_t{count} * m_rowBytes)});
        rows = rows.subspan(uint64_t{tokens} * m_rowBytes);
    });
    vulkan::upload(m_device, uploads);
}

trace::MemoryUse KvCache::use() const {
    trace::MemoryUse use;
    for (const Owner& owner : m_owners) {
        for (const Part& part : owner) {
            use += part.keys->use();
            use += part.values->use();
        }
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
