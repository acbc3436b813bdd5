// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/capacitychart.h"
#include "ui/panels/panelframe.h"

class QComboBox;
class QDoubleSpinBox;

namespace moescope::ui {

/** What a limit to the tokens of an expert would do to the answer in view, counted from its recorded routing: nothing is
 *  run again. */
class CapacityPanel : public PanelFrame {
    Q_OBJECT
public:
    CapacityPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    CapacityChart* bars() const { return m_bars; }
    void setFactor(double factor);
    double factor() const;
    void setRule(CapacityRule rule);
    CapacityRule rule() const;
    /** How often the answer was counted. */
    int countings() const { return m_countings; }

signals:
    /** Moving tokens needs the probabilities of all experts. */
    void probabilitiesWanted(bool wanted);

protected:
    void refresh() override;
    int selectedRow() const override { return selection()->state().layer; }
    void selectRow(int row) override;

private:
    /** What the rows were counted from. */
    struct Counted {
        qint64 run = -1;
        int tokens = -1;
        double factor = 0;
        CapacityRule rule = CapacityRule::Drop;

        bool operator==(const Counted&) const = default;
    };

    void count();

    CapacityChart* m_bars = nullptr;
    CapacityTable* m_rows = nullptr;
    QDoubleSpinBox* m_factor = nullptr;
    QComboBox* m_rule = nullptr;
    Counted m_counted;
    int m_countings = 0;
};

} // namespace moescope::ui
