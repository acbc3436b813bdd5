// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routingstatistics.h"

namespace moescope::ui {

/** How many tokens fall into a row and a column at once, against what would be expected if the one had nothing to do
 *  with the other: row total × column total ÷ n, unless setExpected() knows better. */
class LiftMatrix {
public:
    LiftMatrix() = default;
    LiftMatrix(int rows, int columns);

    int rows() const { return m_rows; }
    int columns() const { return m_columns; }
    int n() const { return m_n; } ///< tokens counted
    int observed(int row, int column) const { return m_observed[index(row, column)]; }
    int rowTotal(int row) const { return m_rowTotals[size_t(row)]; } ///< tokens in the row, whatever the column
    int columnTotal(int column) const { return m_columnTotals[size_t(column)]; }
    /** Tokens of the cell that the filter leaves. */
    int matched(int row, int column) const { return m_matched[index(row, column)]; }
    bool isFilteredOut(int row, int column) const { return observed(row, column) > 0 && matched(row, column) == 0; }
    double expected(int row, int column) const;
    /** Observed ÷ expected; −1 where nothing is expected, so that there is nothing to say. */
    double lift(int row, int column) const;
    /** Tokens that chance alone gives in 95 of 100 cases, with the totals as they are. */
    ChanceInterval chance(int row, int column) const;
    bool isOutsideChance(int row, int column) const { return !chance(row, column).contains(observed(row, column)); }

    void addToken() { ++m_n; }
    void addRow(int row) { ++m_rowTotals[size_t(row)]; }
    void addColumn(int column) { ++m_columnTotals[size_t(column)]; }
    void addCell(int row, int column, bool matches) {
        ++m_observed[index(row, column)];
        m_matched[index(row, column)] += int(matches);
    }
    /** [rows][columns], tokens. */
    void setExpected(std::vector<double> expected) { m_expected = std::move(expected); }

private:
    size_t index(int row, int column) const { return size_t(row) * size_t(m_columns) + size_t(column); }

    int m_rows = 0;
    int m_columns = 0;
    int m_n = 0;
    std::vector<int> m_observed; ///< [rows][columns]
    std::vector<int> m_matched;  ///< [rows][columns]
    std::vector<int> m_rowTotals;
    std::vector<int> m_columnTotals;
    std::vector<double> m_expected; ///< empty: by the totals
};

} // namespace moescope::ui
