// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routingtables.h"
#include "ui/panels/expertschart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

class CompactBox;
class ScopeBox;
class SegmentedControl;

/** Which experts answered, in every layer, against an even spread. */
class ExpertsPanel : public PanelFrame {
    Q_OBJECT
public:
    ExpertsPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    ExpertsChart* map() const { return m_map; }
    Scope scope() const { return m_map->scope(); }
    HeatmapMode mode() const { return m_map->mode(); }
    void setScope(Scope scope);
    void setMode(HeatmapMode mode);
    /** The answer that Deviation measures against, −1: an even spread. */
    void setBaseline(qint64 run);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;
    /** What is measured against, which the title row has no room for in a narrow panel. */
    void addOwnActions(QMenu* menu) override;
    void whatIfGiven(WhatIf* whatIf) override {
        m_rows->setWhatIf(whatIf);
        connect(whatIf, &WhatIf::changed, this, &ExpertsPanel::update); // its column comes and goes
    }

private:
    ExpertsChart* m_map = nullptr;
    ExpertsTable* m_rows = nullptr;
    void fillBaselines();

    ScopeBox* m_scope = nullptr;
    CompactBox* m_baseline = nullptr;
    QStringList m_baselines; ///< as listed
    SegmentedControl* m_mode = nullptr;
};

} // namespace moescope::ui
