// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/panelframe.h"
#include "ui/panels/ribbonchart.h"

namespace moescope::ui {

/** What the model has in view, what was reused, how much is left. A low panel: its title stands at the left. */
class RibbonPanel : public PanelFrame {
    Q_OBJECT
public:
    RibbonPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** An empty state: no model is loaded. */
    void setState(const ContextState& state);
    RibbonChart* ribbon() const { return m_ribbon; }

signals:
    /** The conversation is wanted at this message. */
    void messageChosen(qint64 message);

protected:
    /** The chart says itself that no model is loaded: there is no room for a page of its own. */
    void refresh() override {}
    int selectedRow() const override { return m_ribbon->block(); }
    void selectRow(int row) override;

private:
    QWidget* m_title = nullptr;
    RibbonChart* m_ribbon = nullptr;
    ContextTable* m_rows = nullptr;
};

} // namespace moescope::ui
