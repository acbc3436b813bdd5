// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace moescope::trace {

/** How keys and values are stored; the order is that of shaders/common/kv_row.glsl. */
enum class KvType : uint8_t { F32, F16, Q8_0 };

inline constexpr std::array kvTypes{KvType::F32, KvType::F16, KvType::Q8_0};

/** "f32", "f16" or "q8_0". */
constexpr std::string_view kvTypeName(KvType type) {
    constexpr std::array<std::string_view, kvTypes.size()> names{"f32", "f16", "q8_0"};
    return names.at(static_cast<size_t>(type));
}

} // namespace moescope::trace
