// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/filter.h"

#include <QList>

#include <memory>
#include <vector>

namespace moescope::ui {

/** Where an answer matches a filter: by token, by layer, and where they cross. */
class FilterMask {
public:
    /** Null where the filter is empty: all matches. `layers` have routers; what was not recorded matches nothing. */
    static std::shared_ptr<const FilterMask> of(const QList<trace::TokenTracePtr>& tokens, int layers,
                                                const Filter& filter);

    int tokens() const { return static_cast<int>(m_ofToken.size()); }
    bool matches(int token, int layer) const {
        return token < tokens() && layer < layers() && m_cells[size_t(token) * size_t(layers()) + size_t(layer)] != 0;
    }
    /** In any layer. */
    bool matchesToken(int token) const { return token < tokens() && m_ofToken[size_t(token)] != 0; }
    /** For any token. */
    bool matchesLayer(int layer) const { return layer < layers() && m_ofLayer[size_t(layer)] != 0; }

private:
    int layers() const { return static_cast<int>(m_ofLayer.size()); }

    std::vector<uint8_t> m_cells; ///< [tokens][layers]
    std::vector<uint8_t> m_ofToken;
    std::vector<uint8_t> m_ofLayer;
};

} // namespace moescope::ui
