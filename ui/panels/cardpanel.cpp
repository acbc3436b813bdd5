// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/cardpanel.h"

#include "ui/panels/scopebox.h"

namespace moescope::ui {

ExpertCardPanel::ExpertCardPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("expert-card"), QStringLiteral("info"), tr("Expert card"), {320, 200}, parent) {
    bind(trace, selection);
    m_rows = new ExpertCardTable(trace, this);
    m_card = new CardChart(trace, selection, m_rows, this);
    m_scope = new ScopeBox({Scope::Window, Scope::Answer, Scope::Chat}, this);
    addControl(m_scope);
    connect(m_scope, &ScopeBox::scopeChanged, this, &ExpertCardPanel::setScope);
    setChart(m_card, m_rows);
}

void ExpertCardPanel::setScope(Scope scope) {
    m_scope->setScope(scope);
    m_card->setScope(scope);
    refresh();
}

void ExpertCardPanel::setWeights(const ExpertWeights& weights) {
    m_rows->setWeights(weights);
    m_card->weightsChanged();
}

void ExpertCardPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    const SelectionState& state = selection()->state();
    m_scope->applyTheme();
    if (isVisible()) { // else whoever shows it asks again
        m_rows->update(scope(), state.layer, state.expert);
    }
    const bool chosen = state.layer >= 0 && state.expert >= 0 && state.expert < shape.experts;
    setInfo(chosen ? Readout{{tr("layer %1, expert %2").arg(state.layer).arg(state.expert)}} : Readout());
    const auto [title, sentence] =
        missingToCount(*trace(), scope(), tr("Send a message, then choose an expert in Experts."));
    if (title.isEmpty() && !chosen) {
        setEmpty(tr("No expert selected"), tr("Click a cell in Experts, or a word in the Token strip."));
    } else {
        setEmpty(title, sentence);
    }
}

int ExpertCardPanel::selectedRow() const {
    const int example = m_card->selectedExample();
    return example >= 0 ? m_rows->rowOfExample(example) : -1;
}

void ExpertCardPanel::selectRow(int row) {
    const int example = m_rows->exampleOf(row);
    if (example >= 0 && row != selectedRow()) {
        m_card->chooseExample(example);
    }
}

} // namespace moescope::ui
