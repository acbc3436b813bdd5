// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ledgerpanel.h"

namespace moescope::ui {

LedgerPanel::LedgerPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("memory-ledger"), QStringLiteral("device"), tr("Memory ledger"), {320, 200}, parent) {
    bind(trace, selection);
    m_rows = new MemoryLedgerTable(this);
    m_ledger = new LedgerChart(trace, selection, m_rows, this);
    setChart(m_ledger, m_rows);
}

void LedgerPanel::setState(const LedgerState& state) {
    m_state = state;
    update();
}

void LedgerPanel::selectRow(int row) {
    m_ledger->setCurrentRow(row);
    syncTwin(); // no selection of the window says so
}

void LedgerPanel::refresh() {
    if (isVisible() && m_rows->state() != m_state) { // else whoever shows it asks again
        m_rows->setState(m_state);
        m_ledger->stateChanged();
    }
    if (m_state.isEmpty() && m_state.of_capture) {
        setEmpty(tr("Not in this capture"), tr("It does not tell what was allocated for its model."));
    } else if (m_state.isEmpty()) {
        setEmpty(tr("No model loaded"), tr("Nothing is allocated."));
    } else {
        setEmpty({}, {});
    }
}

} // namespace moescope::ui
