// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/loadtable.h"
#include "ui/panels/loadchart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

class SegmentedControl;

/** Whether the experts of a layer share its tokens, and what speaks against it. */
class LoadBalancePanel : public PanelFrame {
    Q_OBJECT
public:
    LoadBalancePanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    LoadChart* bars() const { return m_chart; }
    LoadPhase phase() const { return m_chart->phase(); }
    void setPhase(LoadPhase phase);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    LoadBalance* m_balance = nullptr;
    LoadChart* m_chart = nullptr;
    LoadTable* m_rows = nullptr;
    SegmentedControl* m_phase = nullptr;
};

} // namespace moescope::ui
