// SPDX-License-Identifier: Apache-2.0
#include "ui/models/loadtable.h"

#include "ui/models/conversation.h"

namespace moescope::ui {

LoadTable::LoadTable(LoadBalance* balance, QObject* parent)
    : TabularModel({tr("Layer"), tr("Phase"), tr("CV"), tr("Max ÷ mean"), tr("Gini"), tr("Idle"), tr("Busiest expert"),
                    tr("Its share, %"), tr("Moved between halves, %"), tr("Warnings"), tr("n")},
                   parent),
      m_balance(balance) {}

void LoadTable::refresh() { setRows(2 * m_balance->shape().layers, true); }

int LoadTable::rowOf(LoadPhase phase, int layer) const {
    return layer < 0 ? -1 : layer + (phase == LoadPhase::Prefill ? m_balance->shape().layers : 0);
}

LoadPhase LoadTable::phaseOf(int row) const {
    return row < m_balance->shape().layers ? LoadPhase::Decode : LoadPhase::Prefill;
}

int LoadTable::layerOf(int row) const {
    return phaseOf(row) == LoadPhase::Decode ? row : row - m_balance->shape().layers;
}

QVariant LoadTable::raw(int row, int column) const {
    if (row >= 2 * m_balance->shape().layers) {
        return {}; // another answer, and the panel was not asked to show it yet
    }
    const LoadPhase phase = phaseOf(row);
    const int layer = layerOf(row);
    const LayerLoad& load = m_balance->load(phase, layer);
    switch (column) {
    case Layer: return layer;
    case Phase: return phase == LoadPhase::Decode ? QStringLiteral("decode") : QStringLiteral("prefill");
    case Count: return load.n;
    default: break;
    }
    if (load.n == 0) {
        return {};
    }
    switch (column) {
    case Variation: return load.variation;
    case MaxOverMean: return load.max_over_mean;
    case Gini: return load.gini;
    case Idle: return load.idle;
    case Busiest: return load.busiest;
    case BusiestShare: return load.max_over_mean * m_balance->shape().uniformShare() * 100;
    case Moved: {
        const double moved = phase == LoadPhase::Decode ? m_balance->shift(layer).moved : -1;
        return moved < 0 ? QVariant() : QVariant(moved * 100);
    }
    case Warnings: return m_balance->sentences(phase, layer).join(QStringLiteral("; "));
    default: return {};
    }
}

QString LoadTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Phase: return phaseOf(row) == LoadPhase::Decode ? tr("decode") : tr("prefill");
    case Warnings: return value.toString();
    case Count: return groupedText(value.toLongLong());
    case BusiestShare:
    case Moved: return fixedText(value.isValid() ? value.toDouble() : -1, 1);
    case Variation:
    case MaxOverMean:
    case Gini: return fixedText(value.isValid() ? value.toDouble() : -1, 2);
    default: return value.isValid() ? value.toString() : QStringLiteral("–");
    }
}

} // namespace moescope::ui
