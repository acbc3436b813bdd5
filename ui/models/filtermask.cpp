// SPDX-License-Identifier: Apache-2.0
#include "ui/models/filtermask.h"

#include <algorithm>

namespace moescope::ui {

std::shared_ptr<const FilterMask> FilterMask::of(const QList<trace::TokenTracePtr>& tokens, int layers,
                                                 const Filter& filter) {
    if (filter.isEmpty()) {
        return nullptr;
    }
    auto mask = std::make_shared<FilterMask>();
    mask->m_cells.assign(size_t(tokens.size()) * size_t(layers), 0);
    mask->m_ofToken.assign(size_t(tokens.size()), 0);
    mask->m_ofLayer.assign(size_t(layers), 0);
    for (int token = 0; token < tokens.size(); ++token) {
        const trace::TokenTrace& trace = *tokens.at(token);
        const int routed = trace.router.experts.empty() ? 0 : std::min(layers, int(trace.router.moe_layers));
        for (int layer = 0; layer < routed; ++layer) {
            if (filter.matchesAny(trace, token, layer)) {
                mask->m_cells[size_t(token) * size_t(layers) + size_t(layer)] = 1;
                mask->m_ofToken[size_t(token)] = 1;
                mask->m_ofLayer[size_t(layer)] = 1;
            }
        }
    }
    return mask;
}

} // namespace moescope::ui
