// SPDX-License-Identifier: Apache-2.0
#include "ui/models/liftmatrix.h"

namespace moescope::ui {

LiftMatrix::LiftMatrix(int rows, int columns)
    : m_rows(rows), m_columns(columns), m_observed(size_t(rows) * size_t(columns), 0), m_matched(m_observed),
      m_rowTotals(size_t(rows), 0), m_columnTotals(size_t(columns), 0) {}

double LiftMatrix::expected(int row, int column) const {
    if (!m_expected.empty()) {
        return m_expected[index(row, column)];
    }
    return m_n > 0 ? double(rowTotal(row)) * columnTotal(column) / m_n : 0;
}

double LiftMatrix::lift(int row, int column) const {
    const double expected = this->expected(row, column);
    return expected > 0 ? observed(row, column) / expected : -1;
}

ChanceInterval LiftMatrix::chance(int row, int column) const {
    return ChanceInterval::ofOverlap(m_n, rowTotal(row), columnTotal(column),
                                     m_expected.empty() ? -1 : m_expected[index(row, column)]);
}

} // namespace moescope::ui
