// SPDX-License-Identifier: Apache-2.0
// What the two matrices say: their sides, cells and legends.
#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/matrixchart.h"

#include <QFontMetrics>

namespace moescope::ui {

PairsChart::PairsChart(TraceModel* trace, Selection* selection, PairsTable* table, QWidget* parent)
    : MatrixChart(trace, selection, table, parent), m_pairs(table) {
    setAccessibleName(tr("Matrix of experts by experts"));
}

void PairsChart::setMode(PairMode mode) {
    if (mode != m_pairs->mode()) {
        m_pairs->setMode(mode);
        invalidate();
    }
}

int PairsChart::otherOfToken() const {
    const SelectionState& state = selection()->state();
    const trace::RouterTrace* router = trace()->router(state.token);
    const bool within = mode() == PairMode::WithinLayer;
    const int layer = layerInView() + (within ? 0 : 1);
    if (router == nullptr || layer >= int(router->moe_layers)) {
        return -1;
    }
    // The first expert there that is not the selected one itself.
    const size_t first = size_t(layer) * router->expert_used_count;
    for (uint32_t k = 0; k < router->expert_used_count; ++k) {
        if (!within || router->experts[first + k] != state.expert) {
            return router->experts[first + k];
        }
    }
    return -1;
}

bool PairsChart::isCell(int row, int column) const {
    return (mode() == PairMode::ToNextLayer || row != column) && MatrixChart::isCell(row, column);
}

bool PairsChart::isIdle(int row, int column) const {
    return matrix().rowTotal(row) == 0 || matrix().columnTotal(column) == 0;
}

int PairsChart::labelWidth() const {
    const QFontMetrics metrics(axisMonoFont());
    const QFontMetrics heading(axisFont());
    return std::max(metrics.horizontalAdvance(QString::number(matrix().rows())) + scaledPx(12),
                    heading.horizontalAdvance(rowsHeading()));
}

QFont PairsChart::rowFont() const { return axisMonoFont(); }

QString PairsChart::rowsHeading() const { return tr("L%1").arg(layerInView()); }

QString PairsChart::columnsHeading() const {
    return mode() == PairMode::WithinLayer ? tr("Expert of layer %1, chosen for the same token").arg(layerInView())
                                           : tr("Expert of layer %1").arg(layerInView() + 1);
}

QString PairsChart::cellName(int row, int column) const {
    const int layer = layerInView();
    return mode() == PairMode::WithinLayer
               ? tr("Layer %1, experts %2 and %3").arg(layer).arg(row).arg(column)
               : tr("Layer %1, expert %2 → layer %3, expert %4").arg(layer).arg(row).arg(layer + 1).arg(column);
}

QString PairsChart::observedText(int row, int column) const {
    return tr("%1 of %2 tokens").arg(groupedText(matrix().observed(row, column)), groupedText(matrix().n()));
}

QString PairsChart::legendText() const {
    const int used = trace()->shape().used;
    const QString n = groupedText(matrix().n());
    if (mode() == PairMode::WithinLayer) {
        return tr("Observed ÷ expected of %1 different experts, n = %2.").arg(used).arg(n);
    }
    return used == 1 ? tr("Observed ÷ expected if independent, n = %1.").arg(n)
                     : tr("Observed ÷ expected, all %1 × %1 choices, n = %2.").arg(used).arg(n);
}

QRect PairsChart::selectionMark() const {
    const CellGrid& at = geometryOfMatrix();
    return at.cell(cursor().row, 0, scroll()).united(at.cell(cursor().row, at.places - 1, scroll()));
}

Readout PairsChart::summary() const {
    const int layer = layerInView();
    Readout readout = {{mode() == PairMode::WithinLayer ? tr("Layer %1").arg(layer)
                                                        : tr("Layer %1 → layer %2").arg(layer).arg(layer + 1),
                        ReadoutSpan::Strong}};
    const int expert = cursor().row;
    readout.append({expert < 0
                        ? tr("%1 × %1 experts, n = %2 tokens").arg(matrix().rows()).arg(groupedText(matrix().n()))
                        : tr("expert %1: %2 of %3 tokens")
                              .arg(expert)
                              .arg(groupedText(matrix().rowTotal(expert)), groupedText(matrix().n()))});
    return readout;
}

ClassesChart::ClassesChart(TraceModel* trace, Selection* selection, ClassesTable* table, QWidget* parent)
    : MatrixChart(trace, selection, table, parent) {
    setAccessibleName(tr("Matrix of token classes by experts"));
}

int ClassesChart::otherOfToken() const {
    const int token = selection()->state().token;
    return token >= 0 && token < trace()->tokenCount() ? tokenClassRow(tokenClass(trace()->token(token).text)) : -1;
}

int ClassesChart::labelWidth() const {
    const QFontMetrics metrics(bold(axisFont()));
    int width = metrics.horizontalAdvance(rowsHeading());
    for (int row = 0; row < matrix().rows(); ++row) {
        width = std::max(width, metrics.horizontalAdvance(rowLabel(row)));
    }
    return width + scaledPx(8);
}

QString ClassesChart::rowLabel(int row) const { return tokenClassName(tokenClasses().at(row)); }

QFont ClassesChart::rowFont() const { return axisFont(); }

QString ClassesChart::rowsHeading() const { return tr("Class"); }

QString ClassesChart::columnsHeading() const { return tr("Expert of layer %1").arg(layerInView()); }

QString ClassesChart::cellName(int row, int column) const {
    return tr("Layer %1, expert %2, class %3").arg(layerInView()).arg(column).arg(rowLabel(row));
}

QString ClassesChart::observedText(int row, int column) const {
    return tr("%1 of %2 such tokens routed to it")
        .arg(groupedText(matrix().observed(row, column)), groupedText(matrix().rowTotal(row)));
}

QString ClassesChart::legendText() const {
    return tr("Lift: observed ÷ expected if independent, n = %1.").arg(groupedText(matrix().n()));
}

QRect ClassesChart::selectionMark() const {
    const CellGrid& at = geometryOfMatrix();
    return at.cellOf(0, cursor().column, scroll()).united(at.cellOf(at.rows - 1, cursor().column, scroll()));
}

Readout ClassesChart::summary() const {
    Readout readout = {{tr("Layer %1").arg(layerInView()), ReadoutSpan::Strong}};
    const int expert = cursor().column;
    if (expert >= 0) {
        readout.append(
            {tr("expert %1: %2 tokens routed to it").arg(expert).arg(groupedText(matrix().columnTotal(expert)))});
    }
    readout.append({tr("n = %1 tokens").arg(groupedText(matrix().n()))});
    return readout;
}

} // namespace moescope::ui
