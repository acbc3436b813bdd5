// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/expertspanel.h"

#include "ui/panels/chartpaint.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QComboBox>

namespace moescope::ui {

ExpertsPanel::ExpertsPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("experts"), QStringLiteral("heatmap"), tr("Experts"), {420, 260}, parent) {
    bind(trace, selection);
    m_map = new ExpertsChart(trace, selection, this);
    m_rows = new ExpertsTable(trace, this);
    m_scope = new QComboBox(this);
    m_scope->setAccessibleName(tr("Tokens to count"));
    m_scope->addItem(tr("This token"), int(Scope::Token));
    m_scope->addItem(tr("This answer"), int(Scope::Answer));
    m_scope->addItem(tr("Whole chat"), int(Scope::Chat));
    m_scope->setCurrentIndex(1);
    m_mode = new SegmentedControl(tr("Colour of the map"), {tr("Deviation"), tr("Count"), tr("Gate mass")}, this);
    m_mode->setSmall(true);
    addControl(m_scope);
    addControl(m_mode);
    connect(m_scope, &QComboBox::currentIndexChanged, this,
            [this] { setScope(static_cast<Scope>(m_scope->currentData().toInt())); });
    connect(m_mode, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<HeatmapMode>(index)); });
    setChart(m_map, m_rows);
}

void ExpertsPanel::setScope(Scope scope) {
    m_scope->setCurrentIndex(m_scope->findData(int(scope)));
    m_map->setScope(scope);
    refresh();
}

void ExpertsPanel::setMode(HeatmapMode mode) {
    m_mode->setCurrentIndex(int(mode));
    m_map->setMode(mode);
}

void ExpertsPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    m_rows->setScope(scope(), selection()->state().token);
    m_scope->setFont(theme().font(TextStyle::Small));
    m_scope->setFixedHeight(scaledPx(24));
    setInfo(shape.experts >= 32
                ? Readout{{tr("%1, %2 × %3, top-%4%5")
                               .arg(shape.model)
                               .arg(shape.layers)
                               .arg(shape.experts)
                               .arg(shape.used)
                               .arg(shape.shared > 0 ? QStringLiteral(" + %1").arg(shape.shared) : QString())}}
                : Readout());
    const bool counted = trace()->hasRouting() || (scope() == Scope::Chat && trace()->statistics(Scope::Chat).n() > 0);
    if (counted) {
        setEmpty({}, {});
    } else if (shape.isValid() && shape.isDense()) {
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(shape.model));
    } else if (trace()->tokenCount() > 0) {
        setEmpty(tr("No routing recorded"), tr("This answer was kept without the choices of its routers."));
    } else if (trace()->current() >= 0 && !trace()->isLive()) {
        setEmpty(tr("No tokens"), tr("This answer has no tokens to count."));
    } else {
        setEmpty(tr("No answer yet"), shape.isValid()
                                          ? tr("Send a message and the %1 × %2 experts fill in while %3 answers.")
                                                .arg(shape.layers)
                                                .arg(shape.experts)
                                                .arg(shape.model)
                                          : tr("Load a model and send a message."));
    }
}

int ExpertsPanel::selectedRow() const {
    const SelectionState& state = selection()->state();
    return state.layer >= 0 && state.expert >= 0 ? m_rows->rowOf(state.layer, state.expert) : -1;
}

void ExpertsPanel::selectRow(int row) {
    const int experts = trace()->shape().experts;
    if (experts > 0 && row != selectedRow()) {
        SelectionState next = selection()->state();
        next.layer = row / experts;
        next.expert = row % experts;
        selection()->setFollowing(false);
        selection()->set(next);
    }
}

} // namespace moescope::ui
