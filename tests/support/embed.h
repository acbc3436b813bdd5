// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** x[t] = table[token[t]]; table [rows][width]. */
std::vector<float> embed(std::span<const float> table, uint32_t width, std::span<const uint32_t> tokens);

} // namespace moescope::twins
