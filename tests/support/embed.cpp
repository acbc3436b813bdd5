// SPDX-License-Identifier: Apache-2.0
#include "tests/support/embed.h"

namespace moescope::twins {

std::vector<float> embed(std::span<const float> table, uint32_t width, std::span<const uint32_t> tokens) {
    std::vector<float> x;
    for (const uint32_t token : tokens) {
        const auto row = table.subspan(size_t{token} * width, width);
        x.insert(x.end(), row.begin(), row.end());
    }
    return x;
}

} // namespace moescope::twins
