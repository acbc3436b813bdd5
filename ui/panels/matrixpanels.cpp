// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/matrixpanels.h"

#include "ui/panels/chartpaint.h"
#include "ui/panels/layerstepper.h"
#include "ui/panels/scopebox.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QSignalBlocker>

#include <algorithm>

namespace moescope::ui {

void MatrixPanel::build(TraceModel* trace, Selection* selection, MatrixChart* matrix, LiftTable* rows) {
    bind(trace, selection);
    m_matrix = matrix;
    m_rows = rows;
    m_scope = new ScopeBox({Scope::Window, Scope::Answer, Scope::Chat}, this);
    m_stepper = new LayerStepper(this);
    addControl(m_stepper);
    addControl(m_scope);
    connect(m_scope, &ScopeBox::scopeChanged, this, &MatrixPanel::setScope);
    connect(m_stepper, &LayerStepper::stepped, this, &MatrixPanel::stepLayer);
    setChart(matrix, rows);
}

void MatrixPanel::setScope(Scope scope) {
    m_scope->setScope(scope);
    m_matrix->setScope(scope);
    refresh();
}

void MatrixPanel::stepLayer(int step) {
    const int layers = trace()->shape().layers;
    if (layers > 0) {
        selection()->setFollowing(false);
        selection()->setLayer(std::clamp(std::max(0, selection()->state().layer) + step, 0, layers - 1));
    }
}

void MatrixPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    const int layer = std::max(0, selection()->state().layer);
    m_stepper->setLayer(layer, shape.layers);
    m_scope->applyTheme();
    if (isVisible()) { // else whoever shows it asks again
        m_rows->update(scope(), layer);
    }
    const auto counted =
        missingToCount(*trace(), scope(), tr("Send a message and the matrix fills in while the model answers."));
    const auto [title, sentence] = counted.first.isEmpty() ? missing() : counted;
    setEmpty(title, sentence);
}

int MatrixPanel::selectedRow() const {
    const MatrixChart::Cell at = m_matrix->cursor();
    return at.isWhole() ? m_rows->rowOf(at.row, at.column) : -1;
}

void MatrixPanel::selectRow(int row) {
    if (row != selectedRow()) {
        const auto [at, across] = m_rows->cellOf(row);
        m_matrix->chooseCell({at, across});
    }
}

void MatrixPanel::resizeEvent(QResizeEvent* event) {
    PanelFrame::resizeEvent(event);
    const auto [stepper, word] = stepperWidths();
    m_stepper->setVisible(width() >= scaledPx(stepper));
    m_stepper->setWordShown(width() >= scaledPx(word));
}

PairsPanel::PairsPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : MatrixPanel(QStringLiteral("co-activation"), QStringLiteral("branch"), tr("Co-activation"), {420, 260}, parent) {
    auto* rows = new PairsTable(trace, this);
    m_pairs = new PairsChart(trace, selection, rows, this);
    m_mode = new SegmentedControl(tr("Pairs of experts"), {tr("Within layer"), tr("To next layer")}, this);
    m_mode->setSmall(true);
    addControl(m_mode);
    connect(m_mode, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<PairMode>(index)); });
    connect(this, &PanelFrame::emptyActionTriggered, this, [this] { setMode(PairMode::ToNextLayer); });
    build(trace, selection, m_pairs, rows);
}

void PairsPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    if (shape.isValid() && !m_chosen && shape.used > 0) { // what the model has something to show of
        showMode(shape.used == 1 ? PairMode::ToNextLayer : PairMode::WithinLayer);
    }
    const bool alone = mode() == PairMode::WithinLayer && shape.used == 1;
    setEmptyAction(alone ? tr("To next layer") : QString(), QStringLiteral("chevron-right"));
    MatrixPanel::refresh();
}

void PairsPanel::setMode(PairMode mode) {
    m_chosen = true;
    showMode(mode);
    refresh();
}

void PairsPanel::showMode(PairMode mode) {
    const QSignalBlocker quiet(m_mode);
    m_mode->setCurrentIndex(int(mode));
    m_pairs->setMode(mode);
}

QPair<QString, QString> PairsPanel::missing() const {
    const TraceShape& shape = trace()->shape();
    const int layer = std::max(0, selection()->state().layer);
    if (mode() == PairMode::WithinLayer && shape.used == 1) {
        return {tr("One expert a token"),
                tr("The routers of %1 choose one expert a token, so no two of a layer work on "
                   "the same one.")
                    .arg(shape.model)};
    }
    if (mode() == PairMode::ToNextLayer && layer + 1 >= shape.layers) {
        return {tr("No next layer"), tr("Layer %1 is the last with a router. Choose an earlier one.").arg(layer)};
    }
    return {};
}

ClassesPanel::ClassesPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : MatrixPanel(QStringLiteral("token-classes"), QStringLiteral("layout"), tr("Token classes"), {420, 260}, parent) {
    auto* rows = new ClassesTable(trace, this);
    build(trace, selection, new ClassesChart(trace, selection, rows, this), rows);
}

} // namespace moescope::ui
