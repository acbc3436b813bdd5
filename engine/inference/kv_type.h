// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/kv_type.h"

#include <cstdint>
#include <string_view>

namespace moescope::inference {

using trace::KvType;
using trace::kvTypeName;

/** "f32", "f16" or "q8_0" → type; throws trace::Error{kv.type}. */
KvType parseKvType(std::string_view name);

/** Elements of one head's row that kernels read at a time round up to whole uvec4 of the narrowest load. */
constexpr uint32_t kvHeadStride(KvType type, uint32_t head_dim) {
    const uint32_t unit = type == KvType::Q8_0 ? 16 : 8;
    return (head_dim + unit - 1) / unit * unit;
}

/** uvec4 of one head's row in the cache. Q8_0: a byte an element, then a half a block of 32 elements. */
constexpr uint32_t kvRowWords(KvType type, uint32_t head_dim) {
    const uint32_t stride = kvHeadStride(type, head_dim);
    switch (type) {
    case KvType::F32: return stride / 4;
    case KvType::F16: return stride / 8;
    case KvType::Q8_0: return stride / 16 + ((head_dim + 31) / 32 + 7) / 8;
    }
    return 0;
}

/** Bytes that one head's row needs without any padding. */
constexpr uint32_t kvExactRowBytes(KvType type, uint32_t head_dim) {
    switch (type) {
    case KvType::F32: return 4 * head_dim;
    case KvType::F16: return 2 * head_dim;
    case KvType::Q8_0: return head_dim + (head_dim + 31) / 32 * 2;
    }
    return 0;
}

} // namespace moescope::inference
