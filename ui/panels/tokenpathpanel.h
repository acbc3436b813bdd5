// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routingtables.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/pathchart.h"

namespace moescope::ui {

/** One token through all layers, and how close each choice was. */
class TokenPathPanel : public PanelFrame {
    Q_OBJECT
public:
    TokenPathPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    PathChart* path() const { return m_path; }

signals:
    /** Whether the probabilities of all experts are of use: the panel came into view or left it. */
    void probabilitiesWanted(bool wanted);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    PathChart* m_path = nullptr;
    TokenPathTable* m_rows = nullptr;
};

} // namespace moescope::ui
