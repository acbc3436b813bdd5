// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routertables.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"

#include <algorithm>

namespace moescope::ui {

namespace {

/** Invalid where nothing was recorded. */
QVariant recorded(double value) { return value < 0 ? QVariant() : QVariant(value); }

QString recordedText(const QVariant& value) { return fixedText(value.isValid() ? value.toDouble() : -1, 2); }

} // namespace

RouterLayersTable::RouterLayersTable(RouterUncertainty* uncertainty, QObject* parent)
    : TabularModel({tr("Layer"), tr("Entropy p10, bits"), tr("Entropy p25, bits"), tr("Entropy p50, bits"),
                    tr("Entropy p75, bits"), tr("Entropy p90, bits"), tr("Margin p10"), tr("Margin p25"),
                    tr("Margin p50"), tr("Margin p75"), tr("Margin p90"), tr("Close calls"), tr("n"),
                    tr("n of entropy")},
                   parent),
      m_uncertainty(uncertainty) {}

void RouterLayersTable::refresh() { setRows(m_uncertainty->shape().layers, true); }

QVariant RouterLayersTable::raw(int row, int column) const {
    if (row >= m_uncertainty->shape().layers) {
        return {}; // another answer, and the panel was not asked to show it yet
    }
    const UncertaintySpread& spread = m_uncertainty->spread(row);
    if (column >= EntropyP10 && column <= EntropyP90) {
        return recorded(spread.entropy[size_t(column - EntropyP10)]);
    }
    if (column >= MarginP10 && column <= MarginP90) {
        return recorded(spread.margin[size_t(column - MarginP10)]);
    }
    switch (column) {
    case Layer: return row;
    case CloseCalls: return spread.close_calls;
    case Count: return spread.n;
    case EntropyCount: return spread.entropy_n;
    default: return {};
    }
}

QString RouterLayersTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Layer: return value.toString();
    case CloseCalls:
    case Count:
    case EntropyCount: return groupedText(value.toLongLong());
    default: return recordedText(value);
    }
}

RouterTimeTable::RouterTimeTable(TraceModel* trace, RouterUncertainty* uncertainty, QObject* parent)
    : TabularModel({tr("Token"), tr("Text"), tr("Mean entropy, bits"), tr("Mean margin"), tr("Entropy, mean of 16"),
                    tr("Margin, mean of 16"), tr("n layers")},
                   parent),
      m_trace(trace), m_uncertainty(uncertainty) {
    connect(trace, &TraceModel::currentChanged, this, [this] { m_stale = true; });
}

void RouterTimeTable::refresh() {
    if (m_stale) {
        m_stale = false;
        resetTo(m_uncertainty->tokens());
    } else {
        setRows(m_uncertainty->tokens(), false);
    }
}

QVariant RouterTimeTable::raw(int row, int column) const {
    if (m_stale || row >= std::min(m_uncertainty->tokens(), m_trace->tokenCount())) {
        return {}; // another answer, and the panel was not asked to show it yet
    }
    switch (column) {
    case Token: return row + 1;
    case Text: return QString::fromStdString(m_trace->token(row).text);
    case Entropy: return recorded(m_uncertainty->token(row).entropy);
    case Margin: return recorded(m_uncertainty->token(row).margin);
    case SlidingEntropy: return recorded(m_uncertainty->slidingMean(row).entropy);
    case SlidingMargin: return recorded(m_uncertainty->slidingMean(row).margin);
    case Count: return m_trace->router(row) != nullptr ? m_uncertainty->shape().layers : 0;
    default: return {};
    }
}

QString RouterTimeTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Token: return tokenNumber(row);
    case Text: return value.isValid() ? tokenLabel(m_trace->token(row).text) : QString();
    case Count: return value.toString();
    default: return recordedText(value);
    }
}

} // namespace moescope::ui
