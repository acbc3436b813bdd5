// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_down_tiles.h"

#include "tests/support/half_bound.h"
#include "tests/support/matvec.h"

#include <algorithm>

namespace moescope::twins {

std::vector<float> ffnDownTiles(std::span<const float> down, uint32_t rows, uint32_t width,
                                std::span<const uint32_t> experts, std::span<const uint32_t> order,
                                std::span<const float> h, std::span<const float> bias) {
    const size_t size = size_t{rows} * width;
    std::vector<float> y(order.size() * rows);
    for (size_t place = 0; place < order.size(); ++place) {
        const uint32_t pair = order[place];
        std::vector<float> row = matvec(down.subspan(experts[pair] * size, size), h.subspan(place * width, width));
        for (size_t r = 0; r < rows && !bias.empty(); ++r) {
            row[r] += bias[size_t{experts[pair]} * rows + r];
        }
        std::copy(row.begin(), row.end(), y.begin() + size_t{pair} * rows);
    }
    return y;
}

std::vector<float> ffnDownTilesHalfBound(std::span<const float> down, uint32_t rows, uint32_t width,
                                         std::span<const uint32_t> experts, std::span<const uint32_t> order,
                                         std::span<const float> h) {
    const size_t size = size_t{rows} * width;
    const float largest_w = largestOf(down);
    const float largest_x = largestOf(h);
    std::vector<float> bounds(order.size() * rows);
    for (size_t place = 0; place < order.size(); ++place) {
        const uint32_t pair = order[place];
        const std::vector<float> row =
            halfBound(down.subspan(experts[pair] * size, size), h.subspan(place * width, width), largest_w, largest_x);
        std::copy(row.begin(), row.end(), bounds.begin() + size_t{pair} * rows);
    }
    return bounds;
}

} // namespace moescope::twins
