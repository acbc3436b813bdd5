// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/grid.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace moescope::needle {

namespace {

/** Four places behind the point, whatever the locale. */
std::string shareText(double share) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), share, std::chars_format::fixed, 4).ptr;
    return {text.data(), end};
}

} // namespace

Grid::Grid(GridPlan plan) : m_plan(std::move(plan)) {
    if (!hasDepth(m_plan.kind)) {
        m_plan.depths.clear();
    }
    for (const uint32_t length : m_plan.lengths) {
        if (m_plan.depths.empty()) {
            m_cells.push_back({.length = length});
        }
        for (const uint32_t depth : m_plan.depths) {
            m_cells.push_back({.length = length, .depth = depth});
        }
    }
}

CaseId Grid::caseAt(size_t place) const {
    const Cell& cell = m_cells[place / m_plan.cases];
    return {m_plan.kind, cell.length, cell.depth, m_plan.seed, static_cast<uint32_t>(place % m_plan.cases)};
}

void Grid::add(CaseResult result) {
    Cell& cell = m_cells[done() / m_plan.cases];
    ++cell.n;
    cell.found += result.found ? 1 : 0;
    cell.seconds += result.seconds;
    m_results.push_back(std::move(result));
}

size_t Grid::currentCell() const { return std::min(done() / m_plan.cases, m_cells.size() - 1); }

std::string csvOf(const Grid& grid) {
    std::string csv = "length,depth,kind,found,n,low,high\n";
    for (const Cell& cell : grid.cells()) {
        const Interval interval = wilson(cell.found, cell.n);
        csv += std::to_string(cell.length) + ',';
        csv += (hasDepth(grid.plan().kind) ? std::to_string(cell.depth) : std::string()) + ',';
        csv += std::string(kindName(grid.plan().kind)) + ',' + std::to_string(cell.found) + ',' +
               std::to_string(cell.n) + ',' + shareText(interval.low) + ',' + shareText(interval.high) + '\n';
    }
    return csv;
}

} // namespace moescope::needle
