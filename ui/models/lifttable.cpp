// SPDX-License-Identifier: Apache-2.0
#include "ui/models/lifttable.h"

#include "ui/models/conversation.h"

#include <cmath>

namespace moescope::ui {

QString liftText(double lift) {
    return lift < 0 ? QStringLiteral("–") : QString::number(lift, 'f', lift < 9.995 ? 2 : 1);
}

QString chanceText(const ChanceInterval& chance) {
    return chance.low == chance.high ? groupedText(chance.low)
                                     : groupedText(chance.low) + QStringLiteral("–") + groupedText(chance.high);
}

int LiftTable::rowOf(int row, int column) const { return row * matrix().columns() + column; }

QPair<int, int> LiftTable::cellOf(int tableRow) const {
    return {tableRow / matrix().columns(), tableRow % matrix().columns()};
}

int LiftTable::cells() const { return matrix().rows() * matrix().columns(); }

void LiftTable::announce() {
    const int rows = cells();
    if (rows != rowCount()) {
        resetTo(rows);
    } else {
        setRows(rows, true);
    }
}

QVariant LiftTable::raw(int row, int column) const {
    const LiftMatrix& counts = matrix();
    const auto [at, across] = cellOf(row);
    switch (column) {
    case Row: return rowName(at);
    case Across: return across;
    case Observed: return counts.observed(at, across);
    case Expected: return counts.expected(at, across);
    case Lift: return counts.lift(at, across) < 0 ? QVariant() : QVariant(counts.lift(at, across));
    case Chance: return chanceText(counts.chance(at, across));
    case OutsideChance: return counts.isOutsideChance(at, across) ? QStringLiteral("yes") : QStringLiteral("no");
    case Count: return counts.n();
    default: return {};
    }
}

QString LiftTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Observed:
    case Count: return groupedText(value.toLongLong());
    case Expected: return figureText(value.toDouble());
    case Lift: return value.isValid() ? liftText(value.toDouble()) : liftText(-1);
    case OutsideChance: return value.toString() == QLatin1String("yes") ? tr("yes") : tr("no");
    default: return value.toString();
    }
}

PairsTable::PairsTable(const TraceModel* trace, QObject* parent)
    : LiftTable({tr("Expert a"), tr("Expert b"), tr("Observed"), tr("Expected"), tr("Ratio"), tr("By chance"),
                 tr("Outside chance"), tr("n")},
                parent),
      m_trace(trace) {}

void PairsTable::update(Scope scope, int layer) {
    if (m_pairs.update(*m_trace, scope, m_mode, layer)) {
        announce();
    }
}

int PairsTable::cells() const {
    const int experts = matrix().rows();
    return m_pairs.mode() == PairMode::WithinLayer ? experts * (experts - 1) / 2 : LiftTable::cells();
}

int PairsTable::rowOf(int row, int column) const {
    if (m_pairs.mode() != PairMode::WithinLayer) {
        return LiftTable::rowOf(row, column);
    }
    if (row == column) {
        return -1;
    }
    const int a = std::min(row, column);
    return a * (2 * matrix().rows() - a - 1) / 2 + std::max(row, column) - a - 1;
}

QPair<int, int> PairsTable::cellOf(int tableRow) const {
    if (m_pairs.mode() != PairMode::WithinLayer) {
        return LiftTable::cellOf(tableRow);
    }
    // Before expert a stand a·(2·experts − a − 1) ÷ 2 pairs.
    const double side = 2.0 * matrix().rows() - 1;
    int a = int((side - std::sqrt(side * side - 8.0 * tableRow)) / 2);
    while (rowOf(a, a + 1) > tableRow) {
        --a;
    }
    while (a + 2 < matrix().rows() && rowOf(a + 1, a + 2) <= tableRow) {
        ++a;
    }
    return {a, a + 1 + tableRow - rowOf(a, a + 1)};
}

ClassesTable::ClassesTable(const TraceModel* trace, QObject* parent)
    : LiftTable({tr("Class"), tr("Expert"), tr("Observed"), tr("Expected"), tr("Lift"), tr("By chance"),
                 tr("Outside chance"), tr("n")},
                parent),
      m_trace(trace) {}

void ClassesTable::update(Scope scope, int layer) {
    if (m_classes.update(*m_trace, scope, layer)) {
        announce();
    }
}

} // namespace moescope::ui
