// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/ledgerchart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

/** What the loaded model was planned to take of its device and what it took. */
class LedgerPanel : public PanelFrame {
    Q_OBJECT
public:
    LedgerPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** An empty state: no model is loaded. */
    void setState(const LedgerState& state);
    LedgerChart* ledger() const { return m_ledger; }

protected:
    void refresh() override;
    int selectedRow() const override { return m_ledger->currentRow(); }
    void selectRow(int row) override;

private:
    LedgerChart* m_ledger = nullptr;
    MemoryLedgerTable* m_rows = nullptr;
    LedgerState m_state; ///< the table has it once it can be seen
};

} // namespace moescope::ui
