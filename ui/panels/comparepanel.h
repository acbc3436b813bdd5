// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparisontables.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

/** Base of the panels of Compare. */
class ComparePanel : public PanelFrame {
    Q_OBJECT
signals:
    /** The button of an empty page that waits for a second run. */
    void addRunRequested();

protected:
    ComparePanel(const QString& id, const QString& iconName, const QString& title, const QSize& least,
                 Comparison* comparison, QWidget* parent);

    Comparison* comparison() const { return m_comparison; }
    const RunView* run(Side side) const { return m_comparison->side(side); }
    /** Without answers, for ChartView. */
    TraceModel* silent() const { return m_silent; }
    /** Its empty page has the button Add run: one of the panels is enough. */
    void offerAddRun() { m_offersAddRun = true; }
    /** Says what is missing where there are no two runs; true: they are missing. */
    bool saysRunsMissing();
    /** The same where their answers are not there, or not compared yet. */
    bool saysPairMissing();
    /** The same where routing of the two cannot be compared. */
    bool saysRoutingMissing();

private:
    Comparison* m_comparison;
    TraceModel* m_silent;
    bool m_offersAddRun = false;
};

} // namespace moescope::ui
