// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/needle/needle_case.h"
#include "engine/needle/scoring.h"

#include <string>
#include <vector>

namespace moescope::needle {

/** All that the results of a grid follow from. */
struct GridPlan {
    std::string model;    ///< fingerprint of its bytes
    std::string device;   ///< with its driver, and what of the kernels' choice results depend on
    std::string haystack; ///< of its bytes
    std::string kv_type;
    NeedleKind kind = NeedleKind::Single;
    std::vector<uint32_t> lengths;
    std::vector<uint32_t> depths; ///< %; of kinds without a depth none
    uint32_t cases = 0;           ///< in a cell
    uint64_t seed = 0;

    bool operator==(const GridPlan&) const = default;
};

/** What one case gave. */
struct CaseResult {
    bool found = false;
    double seconds = 0;
    std::vector<int32_t> answer;
};

struct Cell {
    uint32_t length = 0;
    uint32_t depth = 0; ///< nothing to kinds without a depth
    uint32_t found = 0;
    uint32_t n = 0; ///< cases that are over
    double seconds = 0;
};

/** Results of a plan's cases, which are run in order: lengths, within them depths, within them cases. */
class Grid {
public:
    explicit Grid(GridPlan plan);

    const GridPlan& plan() const { return m_plan; }
    size_t size() const { return m_cells.size() * m_plan.cases; } ///< cases
    size_t done() const { return m_results.size(); }
    bool isDone() const { return done() == size(); }
    /** Of the case at a place in that order. */
    CaseId caseAt(size_t place) const;
    /** Of the case at done(). */
    void add(CaseResult result);
    const std::vector<CaseResult>& results() const { return m_results; }
    /** A row a length, in order; within it a cell a depth, or one. */
    const std::vector<Cell>& cells() const { return m_cells; }
    /** Of the cell whose cases are run now; the last one's if all are. */
    size_t currentCell() const;

private:
    GridPlan m_plan;
    std::vector<Cell> m_cells;
    std::vector<CaseResult> m_results;
};

/** length,depth,kind,found,n,low,high: a line a cell, without times; depth is empty for kinds without one. */
std::string csvOf(const Grid& grid);

} // namespace moescope::needle
