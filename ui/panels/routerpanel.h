// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routertables.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/routerchart.h"

namespace moescope::ui {

class SegmentedControl;

/** Where the routers are unsure, by layer and over the tokens. */
class RouterPanel : public PanelFrame {
    Q_OBJECT
public:
    RouterPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    RouterChart* routers() const { return m_chart; }
    RouterMode mode() const { return m_chart->mode(); }
    void setMode(RouterMode mode);

signals:
    /** Whether the probabilities of all experts are of use: the panel came into view or left it. */
    void probabilitiesWanted(bool wanted);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    RouterUncertainty* m_uncertainty = nullptr;
    RouterChart* m_chart = nullptr;
    RouterLayersTable* m_layers = nullptr;
    RouterTimeTable* m_times = nullptr;
    SegmentedControl* m_mode = nullptr;
};

} // namespace moescope::ui
