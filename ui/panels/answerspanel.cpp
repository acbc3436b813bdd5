// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/answerspanel.h"

#include "ui/widgets/segmentedcontrol.h"

#include <QSignalBlocker>

namespace moescope::ui {

AnswersPanel::AnswersPanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-answers"), QStringLiteral("compare"), tr("Answers, aligned"), {420, 200},
                   comparison, parent) {
    m_rows = new AnswersTable(comparison, this);
    m_chart = new AnswersChart(comparison, m_rows, silent(), this);
    m_unit = new SegmentedControl(tr("Align by"), {tr("Words"), tr("Tokens")}, this);
    m_unit->setSmall(true);
    addControl(m_unit);
    offerAddRun();
    connect(m_unit, &SegmentedControl::currentIndexChanged, this,
            [comparison](int index) { comparison->setUnit(static_cast<Comparison::Unit>(index)); });
    setChart(m_chart, m_rows);
}

void AnswersPanel::refresh() {
    m_rows->refresh();
    const bool tokens = comparison()->canAlignTokens();
    m_unit->setEnabled(tokens);
    const bool two = comparison()->runs().size() > 1;
    const bool both = two && run(Side::A)->hasAnswer() && run(Side::B)->hasAnswer();
    m_unit->setToolTip(tokens || !two ? QString()
                       : both         ? tr("A and B have different tokenizers: only their words can be aligned.")
                                      : tr("The answers are aligned once both are there."));
    const QSignalBlocker blocker(m_unit);
    m_unit->setCurrentIndex(static_cast<int>(m_rows->unit()));
    m_unit->setVisible(two);
    const bool some = two && (run(Side::A)->hasAnswer() || run(Side::B)->hasAnswer());
    if (some) {
        setEmpty({}, {});
    } else {
        saysPairMissing();
    }
}

int AnswersPanel::selectedRow() const {
    const Comparison::Place place = comparison()->place();
    const int row = m_rows->rowOf(Side::A, place.a);
    return row >= 0 ? row : m_rows->rowOf(Side::B, place.b);
}

void AnswersPanel::selectRow(int row) {
    if (row == selectedRow()) {
        return;
    }
    const int a = m_rows->tokenOf(Side::A, row);
    comparison()->select(a >= 0 ? Side::A : Side::B, a >= 0 ? a : m_rows->tokenOf(Side::B, row));
}

} // namespace moescope::ui
