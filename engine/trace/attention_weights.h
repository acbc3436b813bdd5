// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moescope::trace {

/** How the query of one position weighed the positions up to its own, in one layer: what attention multiplied the values
 *  with. */
struct AttentionWeights {
    uint32_t position = 0; ///< of the query in the context, from 0
    uint32_t layer = 0;    ///< of the model, from 0
    uint32_t heads = 0;
    std::vector<float> weights; ///< [heads][position + 1]; 0 outside a layer's window
    /** [heads]: share of a learned sink, which has no value; empty where the model has none. With it a head's weights sum
     *  to 1. */
    std::vector<float> sinks;

    std::span<const float> of(uint32_t head) const {
        const size_t positions = size_t{position} + 1;
        return std::span(weights).subspan(head * positions, positions);
    }
};

} // namespace moescope::trace
