// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tokenprobabilities.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/probabilitieschart.h"

namespace moescope::ui {

/** How sure the model was of a token, and what else it could have said there. */
class ProbabilitiesPanel : public PanelFrame {
    Q_OBJECT
public:
    ProbabilitiesPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    ProbabilitiesChart* candidates() const { return m_candidates; }

signals:
    /** Answer `run` shall be made anew from its token `token` on, with `candidate` in its place. */
    void branchRequested(qint64 run, int token, int candidate);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    ProbabilitiesChart* m_candidates = nullptr;
    TokenProbabilitiesTable* m_rows = nullptr;
};

} // namespace moescope::ui
