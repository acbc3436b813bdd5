// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moescope::inference {

/** What a pass over a batch takes, in ms. */
struct PassCost {
    double attention_ms = 0; ///< grows with the positions that a token looks back at
    double rest_ms = 0;      ///< of all else: the same for every token
};

/** How long the rest of a prompt takes, from how long its beginning took. A token looks back at all before it, so a plain mean
 *  promises too little: what is left is weighed as attention and the rest of the last batch were. */
class PrefillEstimate {
public:
    explicit PrefillEstimate(const model::ModelConfig& config);

    /** `count` tokens from position `first` on were read, for which a pass costs so much. */
    void add(uint32_t first, uint32_t count, const PassCost& cost);
    /** Of the `count` tokens behind those that were read; unset before anything was. `elapsed_ms`: what these took. */
    std::optional<double> leftMs(uint32_t count, double elapsed_ms) const;

    /** Positions that tokens [first, first + count) look back at, in the mean over layers, with what a query costs by itself
     *  counted as Pacer does. */
    double lookedBack(uint32_t first, uint32_t count) const;

private:
    double costOf(uint32_t first, uint32_t count) const {
        return m_restEach * count + m_attentionEach * lookedBack(first, count);
    }

    std::vector<uint32_t> m_windows; ///< of each layer; 0: all
    std::optional<uint32_t> m_first; ///< position that was read first
    uint32_t m_end = 0;              ///< position behind the last one that was read
    double m_restEach = 0;           ///< ms a token
    double m_attentionEach = 0;      ///< ms a position looked back at
};

} // namespace moescope::inference
